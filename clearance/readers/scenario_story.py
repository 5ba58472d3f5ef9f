"""Features as a living document: what is declared, in its own words, with a verdict for each row; bounded in size."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearance.model import Decision, Json
from clearance.readers.defensive_xml import clip
from clearance.readers.gherkin_rows import Row, features
from clearance.readers.junit_cases import Case
from clearance.readers.junit_outcomes import Outcome
from clearance.readers.scenario_failures import told, why_not

LIMIT = 400_000
_FEATURES, _NAME, _TEXT, _CELL, _COLUMNS, _ROWS = 100, 300, 2000, 200, 20, 200
_FAILURES = 3

Ran = Mapping[tuple[str, int], Sequence[Case]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What became of one row, and in words why it is unknown."""

    decision: Decision
    why: str = ""
    cases: tuple[Case, ...] = ()


def tell(files: Mapping[str, bytes], ran: Ran, *, shadowed: Iterable[tuple[str, int]], tool: str) -> Json:
    """Tell each feature with the outcomes of its rows, in at most `LIMIT` bytes of JSON.

    `ran` holds the cases of each row that is known, by path and line; `shadowed` the place of each scenario that a
    later one of the same name hides. Shape: `{"kind": "scenarios", "tool", "totals": {"pass", "fail", "unknown"},
    "features": [{"path", "name", "line", "narrative", "tags", "background": [step], "scenarios": [scenario]}],
    "left_out"}`; a scenario is `{"name", "line", "tags", "rule", "narrative", "background", "steps", "decision", "why",
    "examples": [{"name", "tags", "header", "rows": [{"cells", "line", "decision", "why", "failures"}]}], "failures"}`,
    a step `{"keyword", "text", "line", "table", "doc"}`; what is empty is left out. Where the whole would be too large,
    passed scenarios are left with their name and decision first, then counted in `left_out`.
    """
    hidden = frozenset(shadowed)
    totals: Counter[str] = Counter({str(decision): 0 for decision in Decision})
    declared = itertools.islice(features(files), _FEATURES)
    found = [_feature(path, feature, ran, hidden, totals) for path, feature in declared]
    left_out = _fit([scenario for feature in found for scenario in feature["scenarios"]], LIMIT - _size(_bare(found)))
    for feature in found:
        feature["scenarios"] = [scenario for scenario in feature["scenarios"] if scenario]
    return {"kind": "scenarios", "tool": tool, "totals": dict(totals), "features": found, "left_out": left_out}


def _bare(found: Iterable[Json]) -> list[Json]:
    return [{**feature, "scenarios": []} for feature in found]


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) + 200


def _fit(scenarios: list[Json], left: int) -> int:
    """Shorten, then empty, what does not fit, those that passed before the others; return how many are empty."""
    worst_first = sorted(scenarios, key=lambda scenario: scenario["decision"] == "pass")
    empty = 0
    for scenario in worst_first:
        size = _size(scenario)
        if size > left:
            kept = {key: scenario[key] for key in ("name", "line", "decision", "rule") if key in scenario}
            scenario.clear()
            scenario.update(kept | {"why": "too long to be told here"})
            size = _size(scenario)
        if size > left:
            scenario.clear()
            empty += 1
        else:
            left -= size
    return empty


def _feature(path: str, feature: Any, ran: Ran, hidden: frozenset[tuple[str, int]], totals: Counter[str]) -> Json:
    scenarios: list[Json] = []
    background: list[Json] = []
    for child in feature["children"]:
        if "background" in child:
            background = _steps(child["background"])
        elif "scenario" in child:
            scenarios.append(_scenario(path, child["scenario"], ran, hidden, totals))
        elif "rule" in child:
            scenarios += _rule(path, child["rule"], ran, hidden, totals)
    return _filled(
        path=path,
        name=clip(feature["name"] or path, _NAME),
        line=feature["location"]["line"],
        narrative=_paragraph(feature["description"]),
        tags=_tags(feature),
        background=background,
    ) | {"scenarios": scenarios}


def _rule(path: str, rule: Any, ran: Ran, hidden: frozenset[tuple[str, int]], totals: Counter[str]) -> Iterator[Json]:
    about = _filled(rule=clip(rule["name"], _NAME), rule_narrative=_paragraph(rule["description"]))
    for child in rule["children"]:
        if "background" in child:
            about |= _filled(background=_steps(child["background"]))
        elif "scenario" in child:
            tags = [*_tags(rule), *_tags(child["scenario"])]
            yield _scenario(path, child["scenario"], ran, hidden, totals) | about | _filled(tags=tags)


def _scenario(path: str, scenario: Any, ran: Ran, hidden: frozenset[tuple[str, int]], totals: Counter[str]) -> Json:
    line = scenario["location"]["line"]
    outline = bool(scenario["examples"])
    reason = _unrunnable(scenario, shadowed=(path, line) in hidden)
    examples, rows = [], []
    for table in scenario["examples"]:
        told_rows = [(row, _judge(ran.get((path, row["location"]["line"])), reason)) for row in table["tableBody"]]
        rows += [judged for _, judged in told_rows]
        examples.append(_examples(table, told_rows))
    if not outline:
        rows = [_judge(ran.get((path, line)), reason)]
    decision = max((judged.decision for judged in rows), default=Decision.UNKNOWN)
    totals.update(str(judged.decision) for judged in rows)
    alone = rows[0] if rows and not outline else None
    return _filled(
        name=clip(scenario["name"], _NAME),
        line=line,
        tags=_tags(scenario),
        narrative=_paragraph(scenario["description"]),
        steps=_steps(scenario),
        decision=str(decision),
        why=alone.why if alone else "" if rows else "it has no row of examples, and so tests nothing",
        failures=_failures(alone.cases) if alone else [],
        examples=examples,
    )


def _unrunnable(scenario: Any, *, shadowed: bool) -> str:
    if shadowed:
        return "a later scenario of this file has the same name, and hides it"
    return "" if scenario["steps"] else "it has no steps, and so tests nothing"


def _judge(cases: Sequence[Case] | None, reason: str) -> _Judged:
    """Decide on a row as the gate does: a failure fails it, and what did not run to an outcome is unknown."""
    found = tuple(cases or ())
    if any(case.outcome in (Outcome.FAILED, Outcome.ERRORED) for case in found):
        return _Judged(decision=Decision.FAIL, cases=found)
    if reason or not found:
        return _Judged(decision=Decision.UNKNOWN, why=reason or "declared, and did not run")
    if any(case.outcome is Outcome.NOT_RUN for case in found):
        said = why_not(found)
        return _Judged(decision=Decision.UNKNOWN, why=f"skipped: {said}" if said else "skipped, without a reason")
    return _Judged(decision=Decision.PASS)


def _examples(table: Any, rows: Iterable[tuple[Any, _Judged]]) -> Json:
    return _filled(
        name=clip(table["name"], _NAME),
        tags=_tags(table),
        header=_cells(table.get("tableHeader") or {"cells": []}),
        rows=[
            _filled(
                cells=_cells(row),
                line=row["location"]["line"],
                decision=str(judged.decision),
                why=judged.why,
                failures=_failures(judged.cases),
            )
            for row, judged in rows
        ],
    )


def _failures(cases: Iterable[Case]) -> list[Json]:
    return [_filled(**failure) for failure, _ in zip(told(cases), range(_FAILURES), strict=False)]


def _steps(of: Any) -> list[Json]:
    return [
        _filled(
            keyword=step["keyword"].strip(),
            text=clip(step["text"], _TEXT),
            line=step["location"]["line"],
            table=[_cells(row) for row in (step.get("dataTable") or {"rows": []})["rows"][:_ROWS]],
            doc=clip((step.get("docString") or {"content": ""})["content"], _TEXT),
        )
        for step in of["steps"]
    ]


def _cells(row: Any) -> list[str]:
    return [clip(cell["value"], _CELL) for cell in row["cells"][:_COLUMNS]]


def _tags(of: Any) -> list[str]:
    return [clip(tag["name"], 60) for tag in of["tags"][:_COLUMNS]]


def _paragraph(text: str) -> str:
    return clip("\n".join(line.strip() for line in text.strip().splitlines()), _TEXT)


def _filled(**fields: Any) -> Json:
    return {key: value for key, value in fields.items() if value not in ("", [], None)}


def place(path: str, row: Row) -> tuple[str, int]:
    """Name a row as `Ran` does."""
    return path, row.line
