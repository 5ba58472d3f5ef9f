"""Behaviour: the JUnit report of pytest-bdd, held against what the `.feature` files among the inputs declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from clearance.model import Finding, Materials, Measure, Reading
from clearance.readers.bdd_bindings import Modules
from clearance.readers.bdd_matching import by_row, match, python_name, tests_of
from clearance.readers.defensive_xml import clip
from clearance.readers.gherkin_rows import Declared, Row, declarations
from clearance.readers.identity import identified
from clearance.readers.junit_cases import Case, Summary, cases
from clearance.readers.junit_findings import findings_of, listed, silenced
from clearance.readers.junit_outcomes import Outcome
from clearance.readers.scenario_story import place, tell
from clearance.readers.scrubbing import scrub


def read(report: bytes, materials: Materials) -> Reading:
    """Read which declared scenarios ran: reach is the number of rows that ran to an outcome, in scenarios.

    A row is a plain scenario, or one row of an outline's examples. `materials.files` holds the `.feature` files, and
    best the test modules too, whose `@scenario(...)` then tell which function is which scenario. Surest are properties
    of the test case: `feature` (path), `scenario` (name) and `line` (of the scenario), which a conftest.py adds to
    `request.node.user_properties` in the hook `pytest_bdd_before_scenario`. Problems, each naming
    feature and scenario: not bound, not run, skipped, silenced by xfail, an outline without rows, a scenario without
    steps, a name used twice in a file, a file that cannot be parsed, no file at all; and what `junit` has as problems.
    With `materials.narrowed`, what is absent was left out on purpose. Findings as in `junit`, at the scenario's place,
    resource "Feature > Scenario [row]"; other tests' failures are findings too. Measures: `declared`, `ran`, `skipped`
    in scenarios, `duration` in seconds. Details: the features as a living document, see `scenario_story.tell`. Raises
    UnreadableError for what is no JUnit report.
    """
    summary = Summary()
    everything = list(cases(report, summary))
    declared, problems = declarations(materials.files)
    bindable = [scenario for scenario in declared if not scenario.shadowed]
    tests = tests_of(
        (case for case in everything if not case.orphan), bindable, Modules(materials.files), materials.root
    )
    given = match(tests)
    count: Counter[str] = Counter(declared=sum(len(scenario.rows) for scenario in declared))
    places: dict[int, tuple[Declared, Row | None]] = {}
    outcomes: dict[tuple[str, int], list[Case]] = {}
    for scenario in bindable:
        ran = given.get(scenario, [])
        rows = by_row(scenario, ran)
        places |= {id(case): (scenario, None) for case in ran}
        places |= {id(case): (scenario, row) for row, those in rows.items() for case in those}
        outcomes |= {place(scenario.path, row): those for row, those in rows.items()}
        if scenario.steps:
            count["ran"] += sum(any(map(_ran, those)) for those in rows.values())
        count["skipped"] += sum(bool(those) and not any(map(_ran, those)) for those in rows.values())
        if ran or not materials.narrowed:
            problems += _missing(scenario, ran, rows, narrowed=materials.narrowed)
    return Reading(
        reach=count["ran"],
        unit="scenarios",
        findings=identified("junit", ((finding, "") for finding in _findings(everything, places, materials, summary))),
        measures=tuple(_measures(count, summary)),
        problems=(*listed(summary.problems, "contradictions"), *listed(problems, "such problems")),
        tool=summary.tool,
        made_at=summary.made_at,
        details=tell(
            materials.files,
            outcomes,
            shadowed=[(scenario.path, scenario.line) for scenario in declared if scenario.shadowed],
            tool=summary.tool,
        ),
    )


def _ran(case: Case) -> bool:
    return case.outcome is not Outcome.NOT_RUN


def _missing(scenario: Declared, ran: list[Case], rows: dict[Row, list[Case]], *, narrowed: bool) -> Iterator[str]:
    """Say what of a scenario did not run, or ran without meaning anything."""
    if not scenario.rows:
        yield f"{scenario.place} is an outline without a row of examples: it tests nothing; give it one"
    elif not ran:
        yield (
            f"{scenario.place} did not run: no test of it is in the report; bind it with scenarios(), or name its "
            f"function test_{python_name(scenario.name)}"
        )
    elif not narrowed and any(not those for those in rows.values()):
        absent = [f"[{clip(row.id or '', 80)}] (line {row.line})" for row, those in rows.items() if not those]
        yield (
            f"{scenario.place} declares {len(rows)} rows, of which {len(rows) - len(absent)} ran: "
            f"{', '.join(listed(absent, 'rows'))} did not; run them all"
        )
    if not scenario.steps:
        yield f"{scenario.place} has no steps: it tests nothing; write them"
    for row, those in rows.items():
        yield from _skips(scenario, row, those)


def _skips(scenario: Declared, row: Row, those: Iterable[Case]) -> Iterator[str]:
    at = "" if row.id is None else f" [{clip(row.id, 80)}]"
    for case in those:
        if _ran(case):
            continue
        if silenced(case):
            yield f"{scenario.place}{at} is silenced by xfail: take the mark away, and waive its failure"
        else:
            reason = next((mark.message or mark.text for mark in case.marks), "").strip()
            why = f' ("{clip(reason, 200)}")' if reason else ""
            yield f"{scenario.place}{at} was skipped{why}: a scenario that does not run shows nothing; let it run"


def _findings(
    everything: list[Case], places: dict[int, tuple[Declared, Row | None]], materials: Materials, summary: Summary
) -> Iterator[Finding]:
    for case in everything:
        scenario, row = places.get(id(case), (None, None))
        for finding in findings_of(case, materials.root, summary.tool):
            if scenario is None:
                yield finding
                continue
            at = f" [{clip(row.id, 200)}]" if row is not None and row.id is not None else ""
            yield replace(
                finding,
                message=scrub(finding.message),
                path=scenario.path,
                line=row.line if row is not None else scenario.line,
                resource=f"{scenario.feature} \u203a {clip(scenario.name, 300)}{at}",
            )


def _measures(count: Counter[str], summary: Summary) -> Iterator[Measure]:
    for name in ("declared", "ran", "skipped"):
        yield Measure(name=name, value=count[name], low=count[name], high=count[name], unit="scenarios")
    if summary.seconds is not None:
        yield Measure(name="duration", value=summary.seconds, low=summary.seconds, high=summary.seconds, unit="s")
