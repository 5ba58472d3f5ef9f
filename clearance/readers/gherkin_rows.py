"""What `.feature` files declare: scenarios, and the rows that each of them must run, parsed by Gherkin's own parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gherkin.dialect import Dialect
from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser

from clearance.readers.defensive_xml import clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing to run: a plain scenario (`id` None), or an outline's row of examples, with pytest-bdd's id for it."""

    id: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A scenario as declared at `path`:`line`; `shadowed` if a later one of the same file bears its name."""

    path: str
    feature: str
    name: str
    line: int
    rows: tuple[Row, ...]
    steps: int
    shadowed: bool = False

    @property
    def place(self) -> str:
        """Say which scenario this is, in words."""
        return f'{self.path}:{self.line} "{self.feature} \u203a {self.name}"'


def declarations(files: Mapping[str, bytes]) -> tuple[list[Declared], list[str]]:
    """Read every `.feature` among the files: what they declare, and, as problems, what they fail to say."""
    declared, problems = [], []
    paths = sorted(path for path in files if path.endswith(".feature"))
    for path in paths:
        try:
            scenarios = _scenarios(path, files[path])
        except UnicodeDecodeError as error:
            problems.append(f"{path} is not UTF-8 ({error.reason} at byte {error.start}): save it as UTF-8")
        except ParserError as error:
            problems.append(f"{path} cannot be parsed: {_explain(error)}; correct it, its scenarios cannot be counted")
        else:
            declared += scenarios
            if not scenarios:
                problems.append(f"{path} declares no scenario: write one, or remove the file")
            problems += _namesakes(path, scenarios)
    if not paths:
        problems.append("no .feature file is among the check's inputs: add them, so that what ran can be compared")
    return declared, problems


def features(files: Mapping[str, bytes]) -> Iterator[tuple[str, Any]]:
    """Give each `.feature` file's feature as Gherkin's parser has it, by path; files without one are passed over."""
    for path in sorted(path for path in files if path.endswith(".feature")):
        try:
            feature = _feature(files[path])
        except (UnicodeDecodeError, ParserError):
            continue
        if feature is not None:
            yield path, feature


def _feature(content: bytes) -> Any:
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    document: Any = Parser().parse(text)
    return document.get("feature")


def _scenarios(path: str, content: bytes) -> list[Declared]:
    feature = _feature(content)
    if feature is None:
        return []
    title = clip(feature["name"] or path, 200)
    dialect = Dialect.for_name(feature["language"])
    outline_keywords = dialect.scenario_outline_keywords if dialect else []
    found = [
        Declared(
            path=path,
            feature=title,
            name=scenario["name"],
            line=scenario["location"]["line"],
            rows=_rows(scenario, outline=scenario["keyword"] in outline_keywords),
            steps=len(scenario["steps"]),
        )
        for scenario in _flat(feature["children"])
    ]
    last = {scenario.name: scenario.line for scenario in found}
    return [replace(scenario, shadowed=last[scenario.name] != scenario.line) for scenario in found]


def _flat(children: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for child in children:
        if "scenario" in child:
            yield child["scenario"]
        elif "rule" in child:
            yield from _flat(child["rule"]["children"])


def _rows(scenario: dict[str, Any], *, outline: bool) -> tuple[Row, ...]:
    if not scenario["examples"] and not outline:
        return (Row(id=None, line=scenario["location"]["line"]),)
    rows = []
    for table in scenario["examples"]:
        names = [cell["value"] for cell in table.get("tableHeader", {"cells": []})["cells"]]
        for row in table["tableBody"]:
            # A column named twice holds its last value, as in pytest-bdd's mapping.
            values = dict(zip(names, (cell["value"] for cell in row["cells"]), strict=True))
            rows.append(Row(id="-".join(values.values()), line=row["location"]["line"]))
    return tuple(rows)


def _namesakes(path: str, scenarios: list[Declared]) -> list[str]:
    lines: dict[str, list[int]] = {}
    for scenario in scenarios:
        lines.setdefault(scenario.name, []).append(scenario.line)
    often = Counter(scenario.name for scenario in scenarios)
    return [
        f'{path} declares "{clip(name, 200)}" {often[name]} times (lines {", ".join(map(str, at))}): pytest-bdd runs '
        "only the last; give each a name of its own"
        for name, at in lines.items()
        if often[name] > 1
    ]


def _explain(error: ParserError) -> str:
    first = error.errors[0] if isinstance(error, CompositeParserException) and error.errors else error
    return clip(str(first).replace("\n", " "), 300)
