"""Test results in JUnit's XML, of any tool that writes it: how many tests ran, and what went wrong."""

from __future__ import annotations

from collections import Counter

from clearance.model import Finding, Materials, Measure, Reading
from clearance.readers.identity import identified
from clearance.readers.junit_cases import Summary, cases
from clearance.readers.junit_findings import findings_of, listed, silenced
from clearance.readers.junit_outcomes import Outcome


def read(report: bytes, materials: Materials) -> Reading:
    """Read a JUnit report: reach is the number of cases that ran to an outcome, in tests.

    Findings: rule `failure` and rule `error` (high; also those that a suite shows outside of its cases), `warning`
    (PHPUnit; medium), `flaky` (passed when run again; low); resource is `classname::name`. Measures: `skipped` (cases
    that did not run), `flaky`, `duration` in seconds where stated. Problems: totals that contradict the cases, and
    cases silenced by xfail. Raises UnreadableError for what is no JUnit report.
    """
    summary = Summary()
    outcomes: Counter[Outcome] = Counter()
    found: list[Finding] = []
    silencers: list[str] = []
    for case in cases(report, summary):
        if not case.orphan:
            outcomes[case.outcome] += 1
        found += findings_of(case, materials.root, summary.tool)
        silencer = silenced(case)
        if silencer:
            silencers.append(silencer)
    measures = [
        count("skipped", outcomes[Outcome.NOT_RUN] + summary.todo, "tests"),
        count("flaky", sum(finding.rule == "flaky" for finding in found), "tests"),
    ]
    if summary.seconds is not None:
        measures.append(exact("duration", summary.seconds, "s"))
    return Reading(
        reach=outcomes.total() - outcomes[Outcome.NOT_RUN] - summary.todo,
        unit="tests",
        findings=identified("junit", ((finding, "") for finding in found)),
        measures=tuple(measures),
        problems=(*listed(summary.problems, "contradictions"), *listed(silencers, "silenced by xfail")),
        tool=summary.tool,
        made_at=summary.made_at,
    )


def count(name: str, number: int, unit: str) -> Measure:
    """Make a measure of a number of things."""
    return exact(name, float(number), unit)


def exact(name: str, value: float, unit: str) -> Measure:
    """Make a measure that has no uncertainty."""
    return Measure(name=name, value=value, low=value, high=value, unit=unit)
