"""Objectives decided, and progress told, while rows come in."""

from __future__ import annotations

import numpy as np
import pytest

from clearance.load.deciding import Deciding
from clearance.load.ledger import Batch
from clearance.load.progress import Progress
from clearance.load.recorder import KINDS
from clearance.load.schedules import parse
from clearance.recording import Outcome, Route
from clearance.slo import Indicator, Level

SECOND = 1_000_000_000
ROUTES = [Route(method="GET", name="/a", op="read"), Route(method="POST", name="/b", op="write")]


def level(name, **indicator):
    """An objective of one bad request in a hundred."""
    return Level(name=name, indicator=Indicator(**indicator), target=0.99, min_samples=381)


def batch(second, *, worker=0, ms=10, outcome=Outcome.GOOD, route=0, count=50):
    """One second's requests, evenly spread."""
    rows = np.zeros(count, dtype=KINDS["requests"])
    rows["intended"] = second * SECOND + np.arange(count) * (SECOND // count)
    rows["ended"] = rows["intended"] + round(ms * 1e6)
    rows["route"], rows["outcome"] = route, outcome
    return Batch(worker, rows, count, (second + 1) * SECOND)


def decided(levels, batches, *, warmup_s=0.0):
    """The answers after a run's batches, and after how many of them all were decided."""
    deciding = Deciding(levels, warmup_s)
    for number, each in enumerate(batches, 1):
        deciding.add(each, ROUTES)
        if deciding.look():
            return deciding.answers, number
    return deciding.answers, None


@pytest.mark.parametrize(
    ("indicator", "given", "answer"),
    [
        ({}, {}, "pass"),
        ({}, {"outcome": Outcome.WRONG}, "fail"),
        ({"at_most_ms": 300}, {"ms": 299}, "pass"),
        ({"at_most_ms": 300}, {"ms": 301}, "fail"),
        ({"at_most_ms": 300}, {"outcome": Outcome.UNANSWERED}, "fail"),
        ({"at_most_ms": 300, "op": "write"}, {"ms": 301}, "undecided"),
        ({"op": "write"}, {"outcome": Outcome.REFUSED, "route": 1}, "fail"),
        ({"route": "GET /a"}, {"outcome": Outcome.REFUSED, "route": 1}, "undecided"),
        ({"route": "POST /b"}, {"outcome": Outcome.REFUSED, "route": 1}, "fail"),
    ],
)
def test_answers(indicator, given, answer):
    """An objective is decided by the requests that are its own, and by no others."""
    answers, _ = decided([level("it", **indicator)], [batch(second, **given) for second in range(120)])
    assert {"it": answer} == answers


def test_all_must_be_decided():
    """A run goes on while one objective is open."""
    levels = [level("all"), level("writes", op="write")]
    _, after = decided(levels, [batch(second) for second in range(120)])
    assert after is None


def test_the_warm_up_counts_for_availability_alone():
    """Slow requests in the warm-up are no slow requests, failed ones are failed ones."""
    slow = [batch(second, ms=5000 if second < 5 else 10) for second in range(120)]
    failed = [batch(second, outcome=Outcome.WRONG if second < 5 else Outcome.GOOD) for second in range(120)]
    levels = [level("all"), level("fast", at_most_ms=300)]
    assert {"all": "pass", "fast": "pass"} == decided(levels, slow, warmup_s=5)[0]
    assert {"all": "fail", "fast": "pass"} == decided(levels, failed, warmup_s=5)[0] | {"fast": "pass"}


def test_nothing_is_decided_on_what_is_under_way():
    """As long as one worker still waits for an answer, the seconds since are not looked at."""
    stuck = Batch(1, np.zeros(0, dtype=KINDS["requests"]), 0, 3 * SECOND)
    answers, _ = decided([level("all")], [stuck, *(batch(second) for second in range(120))])
    assert {"all": "undecided"} == answers


def test_the_line():
    """The line says how long, how much of what was intended, how fast, how many failed, and what is decided."""
    progress = Progress(parse("constant:100"))
    for second in range(3):
        progress.add(batch(second, ms=20, outcome=Outcome.WRONG if second == 1 else Outcome.GOOD))
        progress.tell(second + 1.0, "")
    progress.add(batch(3, ms=20))
    assert "4 s, 50 of 100 arrivals/s, p50 20 ms, p99 20 ms, 50 of 200 failed; all …" == progress.line(4.0, "all …")


def test_the_line_without_a_schedule():
    """Without a schedule the line says how many requests there are a second."""
    progress = Progress(None)
    progress.add(batch(0))
    assert "1 s, 50 requests/s, p50 10 ms, p99 10 ms, 0 of 50 failed" == progress.line(1.0, "")
