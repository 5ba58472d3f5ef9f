"""Objectives decided, and progress told, while rows come in."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from clearance.judge.objectives import weigh
from clearance.load.deciding import Deciding
from clearance.load.ledger import Batch
from clearance.load.progress import Progress
from clearance.load.recorder import KINDS
from clearance.load.schedules import parse
from clearance.model import Decision, Materials, Objective
from clearance.readers.load import read
from clearance.recording import REQUESTS, Outcome, Route, dumps
from clearance.slo import Indicator, Level
from clearance.slo import parse as parse_slo
from tests.clearance.load_runs import run, slo

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
    failed = [batch(second, outcome=Outcome.WRONG if second < 5 else Outcome.GOOD) for second in range(25)]
    levels = [level("all"), level("fast", at_most_ms=300)]
    assert {"all": "pass", "fast": "pass"} == decided(levels, slow, warmup_s=5)[0]
    assert {"all": "fail", "fast": "pass"} == decided(levels, failed, warmup_s=5)[0] | {"fast": "pass"}


def test_nothing_is_decided_on_what_is_under_way():
    """As long as one worker still waits for an answer, the seconds since are not looked at."""
    stuck = Batch(1, np.zeros(0, dtype=KINDS["requests"]), 0, 3 * SECOND)
    answers, _ = decided([level("all")], [stuck, *(batch(second) for second in range(120))])
    assert {"all": "undecided"} == answers


SLO = slo(
    ("all", 99, {}),
    ("reads", 95, {"op": "read", "at_most_ms": 300}),
    ("posts", 98, {"route": "POST /b", "at_most_ms": 800}),
)
HELD = parse_slo(SLO, "slo.yaml").levels


def storm(seed):
    """A run second by second, in which requests fail or are slow as often as may be, alone and together."""
    random = np.random.default_rng(seed)
    failing, slow, calm = random.uniform(0, 0.02), random.uniform(0, 0.05), random.uniform(0.5, 1)
    for second in range(150):
        rows = batch(second, count=80).requests
        times = 1 if random.random() < calm else 2
        rows["route"] = np.arange(80) % 4 == 3
        rows["outcome"] = np.where(random.random(80) < failing * times, Outcome.REFUSED, Outcome.GOOD)
        rows["ended"][random.random(80) < slow * times] += SECOND
        rows["id"] = np.arange(80) + second * 80
        rows["sent"] = rows["intended"]
        yield Batch(0, rows, 80, (second + 1) * SECOND)


def judged(deciding, batches, warmup_s):
    """What the reader and the judge make of the recording of a run that was stopped when it was decided."""
    rows = np.concatenate([each.requests for each in batches])
    columns = {name: np.ascontiguousarray(rows[name]) for name in REQUESTS}
    made = run(seconds=float(len(batches)), warmup_s=warmup_s, stopped="decided", looked=deciding.decided)
    header = msgspec.structs.replace(made.header, routes=tuple(ROUTES))
    recorded = dataclasses.replace(made, header=header, requests=columns)
    measures = read(dumps(recorded), Materials(slo=SLO)).measures
    for level in HELD:
        for each in (False, True):
            asked = Objective(measure=level.name, at_most=level.budget, min_samples=level.min_samples, each=each)
            yield level.name, each, max((said for said, _ in weigh(asked, measures)), default=Decision.PASS)


@pytest.mark.parametrize("seed", range(24))
def test_a_decided_run_is_judged_as_it_was_decided(seed):
    """Whatever a run ended with as its answers, the reader and the judge say so too, and none of it is unknown."""
    deciding, batches, warmup_s = Deciding(HELD, 4.5), [], 4.5
    for each in storm(seed):
        batches.append(each)
        deciding.add(each, ROUTES)
        if deciding.look():
            break
    late = range(2 if deciding.decided else 0)  # what comes in while a run is being stopped is bad for a change
    batches += [batch(len(batches) + second, outcome=Outcome.REFUSED, count=80) for second in late]
    found = list(judged(deciding, batches, warmup_s)) if deciding.decided else []
    assert deciding.decided == 0 or deciding.answers == {name: str(answer) for name, each, answer in found if not each}
    worst = {name: max(answer for each, _, answer in found if each == name) for name, *_ in found}
    assert Decision.UNKNOWN not in worst.values()


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
