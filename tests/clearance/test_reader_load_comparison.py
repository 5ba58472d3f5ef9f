"""The reader of base against head: a regression, none, and all that makes a comparison prove nothing."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Severity, UnreadableError
from clearance.readers import READERS
from clearance.readers.recognise import guess
from clearance.statistics import order

SLO = b"""\
apiVersion: openslo/v1
kind: Service
metadata:
  name: flights
  annotations: { clearance.dev/max-slowdown: "%s", clearance.dev/min-slowdown-ms: "%s" }
spec: {}
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: availability }
spec:
  service: flights
  indicator:
    metadata: { name: failed }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: clearance, spec: { metric: failed } } }
        total: { metricSource: { type: clearance, spec: { metric: requests } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ targetPercent: 99.9 }]
"""


def runs(pairs=8, times=1.0, **more):
    """Runs in turn, base a little uneven, head so many times as slow."""
    made = []
    for position, side in enumerate(order(pairs)):
        ms = (10 + position % 3 / 10) * (times if side == "head" else 1)
        run = {"side": side, "position": position, "requests": 1000, "bad": 0}
        numbers = {"p50_ms": {"read": ms}, "p95_ms": {"read": 2 * ms}, "mean_ms": {"read": 1.2 * ms}}
        made.append(run | numbers | more)
    return made


def reading(made, *, slo=None, **more):
    """What the reader says of such runs."""
    sides = {"base": {"commit": "1" * 40}, "head": {"commit": "2" * 40}}
    report = {"schema": 1, "kind": "load-comparison", **sides, "order": [], "runs": made, "problems": []} | more
    return READERS["load-comparison"](json.dumps(report).encode(), Materials(slo=slo))


def test_as_fast_is_no_regression():
    """Head as fast as base: ratios around 1, no finding, no problem, every request counted."""
    found = reading(runs())
    assert ((), (), 16_000, "requests") == (found.findings, found.problems, found.reach, found.unit)
    ratios = {measure.name: measure for measure in found.measures}
    assert {"regression p50 read", "regression p95 read", "regression mean read", "bad base", "bad head"} == set(ratios)
    median = ratios["regression p50 read"]
    assert (median.low <= 1 <= median.high, median.samples, median.unit) == (True, 8, "x")


def test_slower_is_a_finding_with_its_arithmetic():
    """A median that is 30 %, 3 ms, slower is a finding that says so, beside what may pass; so is a tail."""
    found = reading(runs(times=1.3))
    assert ["regression/p50-read", "regression/p95-read"] == [finding.rule for finding in found.findings]
    assert {Severity.HIGH} == {finding.severity for finding in found.findings}
    assert found.findings[0].message.startswith("head is slower: p50 read is 1.31 x [1.28, 1.33], +3.08 ms [")
    assert found.findings[0].message.endswith("and up to 1.10 x or 2 ms may pass")
    assert 2 == len({finding.fingerprint for finding in found.findings})


@pytest.mark.parametrize(
    ("relative", "absolute", "count"), [(b"0.1", b"2", 2), (b"0.5", b"2", 0), (b"0.1", b"7", 0), (b"0.01", b"4", 1)]
)
def test_the_floors_are_those_of_the_slo_file(relative, absolute, count):
    """30 % slower, 3 ms in the middle and 6 at the tail, is a regression only beyond both floors of the SLO file."""
    assert count == len(reading(runs(times=1.3), slo=SLO % (relative, absolute)).findings)


def test_what_cannot_be_told_is_a_problem():
    """A median whose interval lies about both floors is a problem that says how many pairs to compare."""
    made = [run if run["position"] % 4 else run | {"p50_ms": {"read": 13}} for run in runs(times=1.3)]
    (problem,) = reading(made).problems
    assert problem.startswith("p50 read is undecided after 8 pairs: ")
    assert problem.endswith("compare 16 pairs, on a quieter machine")


def test_a_tail_that_cannot_be_told_is_shown():
    """A 95th percentile whose interval lies about both floors stops nothing: its ratio is there to see."""
    made = [run if run["position"] % 4 else run | {"p95_ms": {"read": 9}} for run in runs()]
    found = reading(made)
    assert ((), ()) == (found.problems, found.findings)
    assert "regression p95 read" in {measure.name for measure in found.measures}


def test_a_tail_that_some_runs_lack_is_left_out():
    """A 95th percentile that a run has too few samples for is not compared; the median is."""
    found = reading([runs()[0] | {"p95_ms": {}}, *runs()[1:]])
    assert ((), ["regression p50 read", "regression mean read"]) == (
        found.problems,
        [measure.name for measure in found.measures if measure.name.startswith("regression")],
    )


@pytest.mark.parametrize("pairs", [1, 5])
def test_too_few_pairs_are_a_problem(pairs):
    """With fewer pairs than an interval takes there is no measure, and a problem."""
    found = reading(runs(pairs, times=3))
    assert found.problems[0].startswith(f"p50 read is undecided after {pairs} pairs")
    assert ["bad base", "bad head"] == [measure.name for measure in found.measures]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ([], "nothing was compared: there is no run"),
        (runs()[:-1], "15 runs make no pairs: a run is missing, or is there twice; compare again"),
        (runs()[:-1] + runs()[:1], "16 runs make no pairs: a run is missing, or is there twice; compare again"),
        ([run | {"side": "base"} for run in runs()], "8 of 8 pairs are two runs of the same side; compare again"),
        (runs(requests=0), "16 of 16 runs made no request; look at the driver's log, then compare again"),
        (runs(p50_ms={}), "no run states a median, so nothing was compared; look at the driver's log"),
        (runs(p50_ms={"read": 0.0}), "p50 read is missing from some runs, or is not above 0; compare longer runs"),
        (
            [runs()[0] | {"p50_ms": {}}, *runs()[1:]],
            "p50 read is missing from some runs, or is not above 0; compare longer runs",
        ),
    ],
)
def test_what_is_no_comparison_is_a_problem(made, problem):
    """Runs that make no pairs, that made no request, or that lack a median are a problem each, in words."""
    assert any(said.startswith(problem) for said in reading(made).problems)


@pytest.mark.parametrize(
    ("bad", "slo", "spoilt"),
    [(0, None, 0), (1, None, 2), (1, SLO % (b"0.1", b"2"), 0), (2, SLO % (b"0.1", b"2"), 2), (1000, None, 2)],
)
def test_failing_fast_is_not_fast(bad, slo, spoilt):
    """More bad answers than the SLO file's availability lets pass spoil each side; without one, any does."""
    assert spoilt == len(reading(runs(bad=bad), slo=slo).problems)


def test_the_drivers_own_problems_are_passed_on():
    """What the driver could not do is a problem of the evidence."""
    assert ("base did not build",) == reading(runs(), problems=["base did not build"]).problems


@pytest.mark.parametrize(
    "change", [{"schema": 2}, {"kind": "load"}, {"runs": [{"side": "base"}]}, {"base": None}, {"runs": runs(1100)}]
)
def test_what_is_no_comparison_is_refused(change):
    """Another schema, another kind, another shape, and thousands of runs are refused."""
    with pytest.raises(UnreadableError):
        reading(runs(), **change)


@given(st.lists(st.floats(0, 1e9), min_size=14, max_size=40).filter(lambda times: len(times) % 2 == 0))
def test_whatever_was_measured_can_be_written_down(times):
    """Any times make measures that are finite, whose values lie in their intervals."""
    made = [run | {"p50_ms": {"write": ms}} for run, ms in zip(runs(len(times) // 2), times, strict=True)]
    for measure in reading(made).measures:
        assert 0 <= measure.low <= measure.value <= measure.high < math.inf


def test_an_slo_file_that_cannot_be_used_is_refused():
    """An SLO file that says nothing usable makes the comparison unreadable, with the reason."""
    with pytest.raises(UnreadableError, match="SLO"):
        reading(runs(), slo=b"kind: nothing")


def test_it_is_recognised():
    """A comparison is told by the names at its top."""
    assert "load-comparison" == guess(b'{"schema": 1, "kind": "load-comparison", "base": {}, "head": {}, "runs": []}')
