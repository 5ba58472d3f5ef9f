"""Ends that nobody knew before: of a run that is decided, or stopped, whose users are in other processes."""

from __future__ import annotations

from types import SimpleNamespace

import gevent
import pytest
from locust.env import Environment

from clearance.load.lanes import Lanes, divide
from clearance.load.ledger import Ledger
from clearance.load.part import Part
from clearance.load.progress import Progress
from clearance.load.recorder import now
from clearance.load.run import Run, wait_for_end
from clearance.load.schedules import parse

NANO = 1_000_000_000


@pytest.fixture
def part():
    """A process's part in a run of a thousand starts a second, which began just now."""
    hooks = SimpleNamespace(requests=SimpleNamespace(recorder=None), tasks=SimpleNamespace(floor=None))
    made = Part(Environment(), hooks, run=1, worker=0, is_open=True)
    made.recorder.origin = now()
    made.floor.begin(Lanes(parse("constant:1000"), divide({"User": 1})))
    yield made
    made.leave(finished=True)


def begin_all(part, begun):
    """Begin tasks when they are due, as users do."""
    while (start := part.floor.lanes.take("User")) is not None:
        if part.floor.over.wait(max(0, start + part.recorder.origin - now()) / NANO):
            part.floor.lanes.give_back("User", start)
            return
        begun.append(start)


def test_tasks_begin_until_an_end_that_lies_ahead(part):
    """What is due before the moment that a worker was told still begins, and nothing after it does."""
    begun = []
    user = gevent.spawn(begin_all, part, begun)
    end = now() - part.recorder.origin + NANO // 10
    part.drain(end, 0)
    user.join()
    assert now() - part.recorder.origin >= end
    left = part.floor.lanes.left().tolist()
    assert list(range(0, end, NANO // 1000)) == begun + left


@pytest.mark.parametrize(("schedule", "ahead"), [("constant:10", True), ("", False)])
def test_an_end_lies_ahead_where_workers_must_hear_of_it(tmp_path, schedule, ahead):
    """A thousand seconds, say; without a schedule there is nothing to give out, and a run ends where it stands."""
    wanted = SimpleNamespace(schedule=parse(schedule) if schedule else None, until_decided=None)
    run = Run(
        wanted=wanted,
        number=1,
        ledger=Ledger(tmp_path),
        deciding=None,
        progress=Progress(wanted.schedule),
        run_time=None,
        origin=now(),
        stopped="decided",
    )
    wait_for_end(run, 1000)
    assert ahead == (run.ended > now())
