"""Which test cases of a report ran which declared scenario, and which of its rows.

The rule: a row has run only if a case of its own is there, so that a guess may name the wrong one of two scenarios with
the same name, but never count one too many. In this order a test function belongs to a scenario: by the properties
`feature`, `scenario` and `line` of its cases, by its `@scenario(...)` in the module's
source, by the name that pytest-bdd's `scenarios()` derives (`pytest_bdd.scenario.make_python_name`, 9.0.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clearance.readers.bdd_bindings import Modules, covers
from clearance.readers.gherkin_rows import Declared, Row
from clearance.readers.junit_cases import Case
from clearance.readers.junit_findings import beneath

_NUMBERED = re.compile(r"(?P<base>.*)_[0-9]+", re.ASCII | re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Test:
    """A test function of the report: its cases, one a row, and the scenarios that it may stand for, likeliest first."""

    base: str
    cases: list[Case] = field(default_factory=list)
    candidates: list[Declared] = field(default_factory=list)
    sure: bool = False


def match(tests: Iterable[Test]) -> dict[Declared, list[Case]]:
    """Give each test to one scenario: the sure ones first, then those with the least choice."""
    given: dict[Declared, list[Case]] = {}
    for test in sorted(tests, key=lambda test: (not test.sure, len(test.candidates))):
        free = [declared for declared in test.candidates if declared not in given]
        if test.candidates:
            chosen = test.candidates[0] if test.sure else (free or test.candidates)[0]
            given.setdefault(chosen, []).extend(test.cases)
    return given


def tests_of(cases: Iterable[Case], declared: list[Declared], modules: Modules, root: str) -> list[Test]:
    """Group cases into test functions, and find the scenarios that each may stand for."""
    tests: dict[tuple[str, str], Test] = {}
    for case in cases:
        base = case.name.partition("[")[0]
        tests.setdefault((case.classname, base), Test(base=base)).cases.append(case)
    index = _Index(declared, root)
    for (classname, _), test in tests.items():
        stated = index.by_properties(test)
        module = modules.named(classname)
        if stated:
            test.candidates, test.sure = stated, len(stated) == 1
        elif module and test.base in module.decorated:
            test.candidates = index.by_texts(module.decorated[test.base])
            test.sure = len(test.candidates) == 1
        elif module and test.base not in module.plain:
            test.candidates = [scenario for scenario in index.by_slug(test) if covers(module, scenario.path)]
        elif module is None and not modules.is_method(classname):
            test.candidates = index.by_slug(test)
    return list(tests.values())


def python_name(scenario: str) -> str:
    """Derive the function's name, without `test_`, that pytest-bdd gives to a scenario."""
    word = re.sub(r"\W", "", scenario.replace(" ", "_"))
    return re.sub(r"^\d+_*", "", word).lower()


def by_row(declared: Declared, cases: Iterable[Case]) -> dict[Row, list[Case]]:
    """Give each case to the row that its `[id]` names; rows without a case keep an empty list."""
    rows: dict[Row, list[Case]] = {row: [] for row in declared.rows}
    plain = next((row for row in declared.rows if row.id is None), None)
    if plain is not None:
        rows[plain] = list(cases)
        return rows
    spelled: dict[str, list[Row]] = {}
    for row in declared.rows:
        for spelling in {row.id or "", _escaped(row.id or "")}:
            spelled.setdefault(spelling, []).append(row)
    for case in cases:
        _, bracket, row_id = case.name.partition("[")
        found = _spelled_so(row_id.removesuffix("]"), spelled) if bracket else []
        if found:
            rows[next((row for row in found if not rows[row]), found[0])].append(case)
    return rows


def _spelled_so(row_id: str, spelled: Mapping[str, list[Row]]) -> list[Row]:
    """Find the rows of an id: its own; of several alike, which pytest numbers; or one beside other parameters."""
    if row_id in spelled:
        return spelled[row_id]
    digits = len(row_id) - len(row_id.rstrip("0123456789"))
    for cut in range(1, min(digits, 9) + 1):
        alike = spelled.get(row_id[:-cut], []) or spelled.get(row_id[:-cut].removesuffix("_"), [])
        if len(alike) > 1:
            return alike
    dashes = [at for at, letter in enumerate(row_id[:1000]) if letter == "-"]
    parts = [part for at in dashes for part in (row_id[:at], row_id[at + 1 :]) if part in spelled]
    return spelled[max(parts, key=len)] if parts else []


def _escaped(text: str) -> str:
    """Spell an id as pytest does: beyond ASCII, control characters and backslashes, as Python escapes."""
    return text.encode("unicode_escape").decode("ascii")


class _Index:
    """The declared scenarios, found by name, by derived name, and by line."""

    def __init__(self, declared: list[Declared], root: str) -> None:
        self._root = root
        self._names: dict[str, list[Declared]] = {}
        self._slugs: dict[str, list[Declared]] = {}
        self._lines: dict[str, list[Declared]] = {}
        for scenario in declared:
            self._names.setdefault(scenario.name, []).append(scenario)
            self._slugs.setdefault(python_name(scenario.name), []).append(scenario)
            self._lines.setdefault(str(scenario.line), []).append(scenario)

    def by_properties(self, test: Test) -> list[Declared]:
        stated = next((case.properties for case in test.cases if "scenario" in case.properties), None)
        if stated is None:
            return []
        feature = beneath(stated.get("feature", ""), self._root) or stated.get("feature", "")
        named = self._names.get(stated["scenario"], [])
        if not feature:
            return named
        at_line = [one for one in self._lines.get(stated.get("line", ""), []) if _same_file(one.path, feature)]
        return at_line or [one for one in named if _same_file(one.path, feature)]

    def by_texts(self, texts: tuple[str, ...]) -> list[Declared]:
        found = [scenario for text in texts for scenario in self._names.get(text, [])]
        features = [text for text in texts if text.endswith(".feature")]
        return [one for one in found if not features or any(_same_file(one.path, text) for text in features)]

    def by_slug(self, test: Test) -> list[Declared]:
        if not test.base.startswith("test_"):
            return []
        slug = test.base.removeprefix("test_")
        numbered = _NUMBERED.fullmatch(slug)
        near = [*self._slugs.get(slug, []), *(self._slugs.get(numbered["base"], []) if numbered else [])]
        return list(dict.fromkeys([*(scenario for scenario in near if _fits(scenario, test)), *near]))


def _fits(scenario: Declared, test: Test) -> bool:
    """Whether the test has a case for each of the scenario's rows."""
    bracketed = any("[" in case.name for case in test.cases)
    if not scenario.rows or scenario.rows[0].id is None:
        return not bracketed
    return bracketed and all(by_row(scenario, test.cases).values())


def _same_file(path: str, named: str) -> bool:
    named = named.replace("\\", "/")
    while named.startswith(("./", "../")):
        named = named.partition("/")[2]
    return path == named or path.endswith("/" + named) or named.endswith("/" + path)
