"""What a scenarios reader told, taken out of its details: whatever they hold, harmless and of the shapes named here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearance.model import Decision, Json
from clearance.render.load_facts import items, records, text
from clearance.render.words import clean, count

_FEATURES, _SCENARIOS, _ROWS, _COLUMNS = 500, 2000, 2000, 30
_LINES = 200
_PLACEHOLDER = re.compile(r"(<[^<>]+>)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step; its text is in pieces, of which every second one is an outline's placeholder."""

    keyword: str
    pieces: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request to the service and its answer, as far as the report has them."""

    request: str
    sent: tuple[str, ...]
    answer: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    step: str
    message: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of examples with its outcome."""

    cells: tuple[str, ...]
    decision: Decision
    why: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    name: str
    tags: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario, or an outline, which has examples; `rule` is that of the rule it stands under."""

    anchor: str
    name: tuple[str, ...]
    decision: Decision
    why: str
    tags: tuple[str, ...]
    rule: str
    rule_narrative: tuple[str, ...]
    narrative: tuple[str, ...]
    background: tuple[Step, ...]
    steps: tuple[Step, ...]
    examples: tuple[Examples, ...]
    failures: tuple[Failure, ...]

    @property
    def rows(self) -> Iterator[Decision]:
        """The decision of each thing that was to run."""
        for table in self.examples:
            yield from (row.decision for row in table.rows)
        if not any(table.rows for table in self.examples):
            yield self.decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    anchor: str
    path: str
    name: str
    tags: tuple[str, ...]
    narrative: tuple[str, ...]
    background: tuple[Step, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def decision(self) -> Decision:
        """The worst of its scenarios'; without any, nothing is known."""
        return max((one.decision for one in self.scenarios), default=Decision.UNKNOWN)

    @property
    def tally(self) -> str:
        return tally(row for one in self.scenarios for row in one.rows)


def features(details: Json, anchor: str) -> list[Feature]:
    """Return the features in the order of their files, each with an anchor below `anchor` that no other has."""
    taken: Counter[str] = Counter()
    return [_feature(one, anchor, taken) for one in records(details.get("features"), _FEATURES)]


def tally(rows: Iterable[Decision]) -> str:
    """Return "1 of 12 rows fails, 2 are unknown"; "12 rows pass" where all do."""
    numbers = Counter(rows)
    total = numbers.total()
    if not total or numbers[Decision.PASS] == total:
        return f"{count(total, 'row')} {'passes' if total == 1 else 'pass'}"
    verbs = {Decision.FAIL: ("fails", "fail"), Decision.UNKNOWN: ("is unknown", "are unknown")}
    said = [f"{numbers[d]:,} {verb[numbers[d] != 1]}" for d, verb in verbs.items() if numbers[d]]
    return f"of {count(total, 'row')} {', '.join(said)}"


def _feature(one: Json, anchor: str, taken: Counter[str]) -> Feature:
    path = text(one.get("path"), 200)
    own = _unique(f"{anchor}-{_slug(path.rpartition('/')[2].removesuffix('.feature'))}", taken)
    return Feature(
        anchor=own,
        path=path,
        name=text(one.get("name"), 300),
        tags=_texts(one.get("tags")),
        narrative=_lines(one.get("narrative")),
        background=_steps(one.get("background")),
        scenarios=tuple(_scenario(each, own, taken) for each in records(one.get("scenarios"), _SCENARIOS)),
    )


def _scenario(one: Json, anchor: str, taken: Counter[str]) -> Scenario:
    name = text(one.get("name"), 300)
    return Scenario(
        anchor=_unique(f"{anchor}-{_slug(name)}", taken),
        name=_pieces(name),
        decision=_decision(one.get("decision")),
        why=text(one.get("why"), 400),
        tags=_texts(one.get("tags")),
        rule=text(one.get("rule"), 300),
        rule_narrative=_lines(one.get("rule_narrative")),
        narrative=_lines(one.get("narrative")),
        background=_steps(one.get("background")),
        steps=_steps(one.get("steps")),
        examples=tuple(map(_examples, records(one.get("examples"), _COLUMNS))),
        failures=_failures(one.get("failures")),
    )


def _examples(one: Json) -> Examples:
    return Examples(
        name=text(one.get("name"), 300),
        tags=_texts(one.get("tags")),
        header=_texts(one.get("header")),
        rows=tuple(
            Row(
                cells=_texts(row.get("cells")),
                decision=_decision(row.get("decision")),
                why=text(row.get("why"), 400),
                failures=_failures(row.get("failures")),
            )
            for row in records(one.get("rows"), _ROWS)
        ),
    )


def _failures(value: object) -> tuple[Failure, ...]:
    return tuple(
        Failure(
            step=text(one.get("step"), 400),
            message=_lines(one.get("message")),
            exchanges=tuple(
                Exchange(
                    request=text(each.get("request"), 500),
                    sent=_lines(each.get("sent")),
                    answer=text(each.get("answer"), 200),
                    body=_lines(each.get("body")),
                )
                for each in records(one.get("exchanges"), 10)
            ),
        )
        for one in records(value, 10)
    )


def _steps(value: object) -> tuple[Step, ...]:
    return tuple(
        Step(
            keyword=text(one.get("keyword"), 40),
            pieces=_pieces(text(one.get("text"), 2000)),
            table=tuple(_texts(row) for row in items(one.get("table"), _ROWS)),
            doc=_lines(one.get("doc")),
        )
        for one in records(value, _LINES)
    )


def _pieces(of: str) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.split(of))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text(one, 300) for one in items(value, _COLUMNS))


def _lines(value: object) -> tuple[str, ...]:
    """Return each line of a text, harmless, with its indentation."""
    lines = value.splitlines()[:_LINES] if isinstance(value, str) else []
    return tuple(" " * min(40, len(line) - len(line.lstrip())) + clean(line.strip(), 2500) for line in lines)


def _decision(value: object) -> Decision:
    """Return the decision; what is none says nothing, and so is unknown."""
    known = {str(one): one for one in Decision}
    return known.get(value, Decision.UNKNOWN) if isinstance(value, str) else Decision.UNKNOWN


def _slug(of: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", of.lower())[:80].strip("-") or "unnamed"


def _unique(anchor: str, taken: Counter[str]) -> str:
    taken[anchor] += 1
    return anchor if taken[anchor] == 1 else _unique(f"{anchor}-{taken[anchor]}", taken)
