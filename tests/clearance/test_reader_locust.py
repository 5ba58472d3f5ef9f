"""The reader of Locust's own statistics: requests and failures as they are, percentiles as wide as their rounding."""

import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Severity, UnreadableError
from clearance.readers.locust import read

READINGS = Path(__file__).parents[1] / "readings" / "locust"


def stats(times, *, failures=0, names=("/",)):
    """What Locust writes after requests that took so many milliseconds, ten a second, the first ones failing."""
    entries = []
    for place, name in enumerate(names):
        mine = list(enumerate(times))[place :: len(names)]
        failed = [number for number, _ in mine if number < failures]
        entries.append(
            {
                "name": name,
                "method": "GET",
                "last_request_timestamp": 1795524731.75,
                "start_time": 1795524729.25,
                "num_requests": len(mine),
                "num_none_requests": 0,
                "num_failures": len(failed),
                "total_response_time": sum(ms for _, ms in mine),
                "max_response_time": max(ms for _, ms in mine),
                "min_response_time": min(ms for _, ms in mine),
                "total_content_length": 0,
                "response_times": Counter(str(rounded(ms)) for _, ms in mine),
                "num_reqs_per_sec": Counter(str(1795524729 + number // 10) for number, _ in mine),
                "num_fail_per_sec": Counter(str(1795524729 + number // 10) for number in failed),
            }
        )
    return json.dumps(entries).encode()


def rounded(ms):
    """A time in milliseconds as Locust keeps it."""
    return int(
        round(ms, next(digits for below, digits in ((100, None), (1e3, -1), (1e4, -2), (1e9, -3)) if ms < below))
    )


def measures(data):
    """The measures by their names."""
    return {measure.name: measure for measure in read(data, Materials()).measures}


def test_the_rounding_is_the_one_that_locust_does():
    """What these tests take for Locust's rounding is what the installed Locust does."""
    program = (
        "import json\n"
        "from locust.stats import bucket_response_time as b\n"
        "print(json.dumps([b(n / 7) for n in range(99000)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert [rounded(number / 7) for number in range(99000)] == json.loads(done.stdout)


def test_a_target_that_is_down_is_a_finding_that_blocks():
    """Every request failed: the exit code that was told not to mind changes nothing."""
    reading = read((READINGS / "host-down-forgiven.json").read_bytes(), Materials())
    assert (8, "requests", ()) == (reading.reach, reading.unit, reading.problems)
    assert [("failed-requests", Severity.HIGH, "GET /")] == [(f.rule, f.severity, f.resource) for f in reading.findings]
    assert "8 of 8 requests failed: all of them" in reading.findings[0].message


@pytest.mark.parametrize("name", ["no-request", "no-request-checked", "task-raises"])
def test_a_run_without_a_request_proves_nothing(name):
    """An empty list is no green run."""
    reading = read((READINGS / f"{name}.json").read_bytes(), Materials())
    assert (0, 1) == (reading.reach, len(reading.problems))


@given(st.integers(0, 2**32), st.sampled_from([5.0, 60.0, 700.0, 6000.0, 40_000.0]))
def test_a_percentile_holds_the_rounding_that_locust_did(seed, typical):
    """Whatever the times, the exact percentile of the sample lies within the interval of the rounded one."""
    dice = random.Random(seed)
    times = sorted(dice.lognormvariate(0, 0.5) * typical for _ in range(1000))
    found = measures(stats(times))
    for name, place in (("p50", 499), ("p95", 949), ("p99", 989)):
        assert found[f"closed {name}"].low <= times[place] <= found[f"closed {name}"].high


def test_a_budget_that_lies_within_the_rounding_is_not_met():
    """504.9 ms are reported as 500: an objective of at most 500 ms must not pass by that."""
    found = measures(stats([504.9] * 1000))["closed p95"]
    assert (500.0, 495.0, 505.0, "ms") == (found.value, found.low, found.high, found.unit)


def test_too_few_requests_have_no_upper_percentile():
    """The largest of twelve says little about one in a hundred, so there is no such measure to pass an objective."""
    assert {"failed", "closed p50"} == set(measures(stats([3.0] * 12)))


def test_times_as_older_versions_write_them():
    """Locust 2.20 and 2.32 wrote `140.0`, and not `140`, from 100 ms on: it is the same list."""
    now = stats([3.0, 98.6, 143.0, 1511.5, 22_400.0])
    before = re.sub(rb'"(\d+00?|140)": 1', rb'"\1.0": 1', now)
    assert now != before
    assert read(now, Materials()) == read(before, Materials())


def test_failures_have_a_share_with_an_interval():
    """Counted by the second, over all names."""
    found = measures(stats([3.0] * 400, failures=4, names=("/a", "/b")))["failed"]
    assert (0.01, 400) == (found.value, found.samples)
    assert found.low < 0.01 < found.high


def test_failures_are_told_for_each_name_the_most_first():
    """A finding a name, each with its own fingerprint."""
    findings = read(stats([3.0] * 30, failures=11, names=("/a", "/b", "/c")), Materials()).findings
    assert ["GET /a", "GET /b", "GET /c"] == [finding.resource for finding in findings]
    assert 3 == len({finding.fingerprint for finding in findings})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_requests": 7}, "7 requests, and times of 5"),
        ({"num_failures": 9}, "9 failures of 5 requests"),
        ({"max_response_time": 480.0}, "not how Locust rounds"),
        ({"response_times": {"3": 1}}, "5 requests, and times of 1"),
    ],
)
def test_counts_that_contradict_each_other_are_a_problem(change, words):
    """A list that was changed, or of a Locust that was, is no proof."""
    (entry,) = json.loads(stats([3.0] * 5))
    problems = read(json.dumps([entry | change]).encode(), Materials()).problems
    assert any(words in problem for problem in problems)


def test_an_slo_file_is_not_held_against_rounded_times():
    """The check is told which reader to use."""
    (problem,) = read(stats([3.0] * 5), Materials(slo=b"")).problems
    assert "the reader load" in problem


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"name": "/"}]',
        stats([3.0])[:100],
        stats([3.0]).replace(b'"num_requests": 1', b'"num_requests": -1'),
        stats([3.0]).replace(b'"num_requests": 1', b'"num_requests": 1e400'),
        stats([3.0]).replace(b'"3": 1', b'"three": 1'),
    ],
)
def test_what_is_no_such_list_is_refused(data):
    """Cut off, of another shape, or with counts that cannot be."""
    with pytest.raises(UnreadableError):
        read(data, Materials())


@given(
    st.dictionaries(
        st.sampled_from(sorted(json.loads(stats([3.0]))[0])),
        st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dictionaries(st.text(), st.integers()),
        min_size=1,
    )
)
def test_no_value_breaks_the_reader(change):
    """Of another type or out of range: refused, or read into finite numbers and printable words."""
    (entry,) = json.loads(stats([3.0]))
    try:
        reading = read(msgspec.json.encode([entry | change]), Materials())
    except UnreadableError:
        return
    assert all(text.isprintable() for text in reading.problems)
    assert all(measure.low <= measure.value <= measure.high < 1e13 for measure in reading.measures)
