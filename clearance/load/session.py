"""A run from its start to its recording, in the process that the users are in: Locust's local runner.

What a distributed run does otherwise is in `distributed`.
"""

from __future__ import annotations

import logging
import os
import platform
import secrets
import shlex
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import gevent
import locust
from locust.env import Environment

from clearance import recording
from clearance.load import output, pulse
from clearance.load.arrivals import Floor, Tasks
from clearance.load.lanes import Lanes, divide
from clearance.load.ledger import Ledger, Rows
from clearance.load.options import Wanted
from clearance.load.recorder import Recorder, now
from clearance.load.requests import Requests
from clearance.load.spans import fetch
from clearance.model import ClearanceError

logger = logging.getLogger(__name__)

LEAD: Final = 0.2  # seconds between the last user's readiness and the schedule's origin
READY: Final = 10.0  # seconds in which users must have become ready for their first task
GRACE: Final = 10.0  # seconds that requests under way are given when the run ends
EARLY: Final = 1.5  # seconds by which Locust's own timer for the run's time may come too soon
HASTE: Final = 1.0  # ... and when it is broken off
NANO: Final = 1_000_000_000


@dataclass(slots=True)
class Run:
    """What a run is, for the process that will write its recording."""

    wanted: Wanted
    number: int
    ledger: Ledger
    clock: pulse.WallClock
    origin: int | None = None
    ended: int | None = None
    stopped: str = ""
    run_time: float | None = None
    began: int = field(default_factory=now)

    @property
    def seconds(self) -> float:
        """From the origin to the end of the schedule, or of the run that broke it off."""
        return 0.0 if self.origin is None else ((self.ended or now()) - self.origin) / NANO


def sleep_until(moment: int) -> None:
    """Sleep until a moment of the monotonic clock; gevent's own timers count from a time that may lie back."""
    while (left := moment - now()) > 0:
        gevent.sleep(left / NANO)


def new_run(environment: Environment, wanted: Wanted) -> Run:
    """Begin a run's books."""
    spill = wanted.recording.parent if wanted.recording else Path(tempfile.gettempdir())
    options = environment.parsed_options
    return Run(
        wanted=wanted,
        number=secrets.randbits(32),
        ledger=Ledger(spill),
        clock=pulse.WallClock(),
        run_time=getattr(options, "run_time", None) or None,
    )


def weigh(environment: Environment, users: dict[str, int]) -> dict[str, float]:
    """Give each class of users that is there its share: by its weight, or by its count where that is fixed."""
    classes = environment.user_classes_by_name
    everyone = sum(users.values())
    fixed = {name: users[name] / everyone for name in users if users[name] and classes[name].fixed_count}
    free = {name: classes[name].weight for name in users if users[name] and not classes[name].fixed_count}
    rest, total = 1 - sum(fixed.values()), sum(free.values())
    return fixed | {name: rest * weight / total for name, weight in free.items()}


def absent(environment: Environment, users: dict[str, int]) -> list[str]:
    """Name the classes that should take part and have no user."""
    classes = environment.user_classes_by_name
    missing = [name for name, count in users.items() if not count and classes[name].weight > 0]
    return [f"no user of {name} was spawned, so its tasks took no part: give more users (-u)" for name in missing]


class Session:
    """The runs of a process with users, one after another; `settle` is told what each second brought."""

    def __init__(self, environment: Environment, tasks: Tasks, requests: Requests) -> None:
        self.environment = environment
        self.tasks = tasks
        self.requests = requests
        self.run: Run | None = None
        self.recorder: Recorder | None = None
        self.floor: Floor | None = None
        self.greenlets: list[gevent.Greenlet[..., Any]] = []

    # What Locust tells.

    def on_test_start(self, **_: Any) -> None:
        """Open the books of a new run, unless it is to be stock Locust's."""
        try:
            wanted = Wanted(self.environment.parsed_options)
        except ClearanceError as error:  # from the web page; a command line is checked before
            logger.error("%s: %s", error, error.hint)  # noqa: TRY400 - nothing to trace
            return
        if not wanted.anything:
            return
        self.run = run = new_run(self.environment, wanted)
        run.ledger.open(0, "local")
        self.take_part(run.number, 0, wanted)
        if not wanted.schedule:
            self.set_origin(now())

    def on_spawning_complete(self, **_: Any) -> None:
        """Set the schedule's origin once all users are ready."""
        if self.run is not None and self.run.wanted.schedule and self.run.origin is None:
            self.greenlets.append(gevent.spawn(self._begin_schedule))

    def on_test_stopping(self, **_: Any) -> None:
        """Let the schedule end, give requests under way their time, and take everything down."""
        run = self.run
        if run is None or self.recorder is None or self.floor is None:
            return
        self.wait_for_end(run)
        self.drain(GRACE if run.stopped in {"time", "decided", "limit"} else HASTE)
        self.leave()
        run.ledger.add(self.recorder.drain())
        run.ledger.close(0, self.last_word(finished=True))

    def on_test_stop(self, **_: Any) -> None:
        """Write the recording."""
        run, self.run = self.run, None
        if run is not None:
            finish(self.environment, run)

    def on_quitting(self, **_: Any) -> None:
        """Somebody ends Locust while a run is on: it is broken off, and recorded so."""
        if self.run is not None and self.environment.runner is not None:
            self.run.stopped = self.run.stopped or "interrupted"
            self.environment.runner.stop()

    def on_user_error(self, exception: BaseException, **_: Any) -> None:
        """Count an exception outside requests."""
        if self.recorder is not None and not self.recorder.closed:
            self.recorder.fail(exception)

    # What a run takes in this process.

    def take_part(self, number: int, worker: int, wanted: Wanted) -> None:
        """Let this process's users and clients work for a run."""
        self.recorder = Recorder(run=number, worker=worker)
        self.floor = Floor(recorder=self.recorder, open=wanted.schedule is not None)
        self.requests.recorder, self.tasks.floor = self.recorder, self.floor
        self.greenlets = [
            gevent.spawn(pulse.beat_for_ever, lambda: self.requests.recorder),
            gevent.spawn(self._tick_for_ever),
        ]

    def set_origin(self, origin: int) -> None:
        """Fix the run's start on the monotonic clock."""
        assert self.recorder is not None
        self.recorder.origin = origin
        if self.run is not None:
            self.run.origin = origin

    def wait_until_ready(self) -> bool:
        """Wait until every user stands before its first task; False where some do not get there."""
        assert self.floor is not None
        runner, patience = self.environment.runner, now() + round(READY * NANO)
        while now() < patience:
            if runner is not None and len(self.floor.parked) >= runner.user_count > 0:
                return True
            gevent.sleep(0.02)
        return False

    def drain(self, grace: float) -> None:
        """Begin no task any more, and wait for those that are under way, but not for ever."""
        assert self.floor is not None
        self.floor.close()
        gevent.sleep(0.01)  # whoever holds a start gives it back
        patience = now() + round(grace * NANO)
        while self.floor.busy and now() < patience:
            gevent.sleep(0.01)

    def leave(self) -> None:
        """End this process's part: what is still under way has no answer, what nobody took is said."""
        assert self.recorder is not None
        assert self.floor is not None
        self.requests.recorder = self.tasks.floor = None
        self.recorder.abandon()
        if self.floor.lanes is not None:
            for start in self.floor.lanes.left().tolist():
                self.recorder.arrive(start, -1, waited=False)
        self.recorder.closed = True
        for greenlet in self.greenlets:
            if greenlet is not gevent.getcurrent():
                greenlet.kill(block=False)

    def last_word(self, *, finished: bool) -> dict[str, Any]:
        """What this process says about itself at the end."""
        assert self.recorder is not None
        return {
            "requests": self.recorder.requests,
            "finished": finished,
            "raised": self.recorder.raised,
            "early": self.recorder.early,
        }

    def wait_for_end(self, run: Run) -> None:
        """Find out why a run ends; a schedule begins later than Locust's clock, and is let end."""
        since = (now() - run.began) / NANO
        if not run.stopped and run.run_time is not None and since >= run.run_time - EARLY:
            run.stopped = "limit" if run.wanted.until_decided else "time"
            while run.wanted.schedule and run.origin is None and now() < run.began + (run.run_time + READY) * NANO:
                gevent.sleep(0.02)
            if run.origin is not None and run.wanted.schedule:
                run.ended = run.origin + round(run.run_time * NANO)
                sleep_until(run.ended)
        run.stopped = run.stopped or "stopped"
        run.ended = run.ended or now()
        if self.floor is not None and self.floor.lanes is not None and run.origin is not None:
            self.floor.lanes.end = run.ended - run.origin

    def _begin_schedule(self) -> None:
        run, floor, runner = self.run, self.floor, self.environment.runner
        assert run is not None
        assert floor is not None
        assert runner is not None
        if not self.wait_until_ready():
            run.ledger.problems.append(f"not all users were ready for their first task within {READY:g} s")
        users = dict(runner.user_classes_count)
        run.ledger.problems += absent(self.environment, users)
        assert run.wanted.schedule is not None
        end = None if run.run_time is None else round(run.run_time * NANO)
        self.set_origin(now() + round(LEAD * NANO))
        floor.begin(Lanes(run.wanted.schedule, divide(weigh(self.environment, users)), end))

    def _tick_for_ever(self) -> None:
        while True:
            gevent.sleep(1)
            self.tick()

    def tick(self) -> None:
        """Pass on what the last second brought."""
        if self.run is not None and self.recorder is not None:
            self.settle(self.run.ledger.add(self.recorder.drain()))

    def settle(self, requests: Rows) -> None:
        """Look at the last second's requests."""
        if self.run is not None:
            self.run.clock.look()


def finish(environment: Environment, run: Run) -> None:
    """Make the recording of a run and write it; where that fails, Locust's exit code says so."""
    if run.wanted.recording is None:
        return
    try:
        output.write(run.wanted.recording, recording.dumps(make(environment, run)))
    except ClearanceError as error:
        environment.process_exit_code = 3
        logger.error("%s; %s", error, error.hint)  # noqa: TRY400 - nothing to trace
    else:
        logger.info("%s requests recorded in %s", f"{run.ledger.requests:,}", run.wanted.recording)


def make(environment: Environment, run: Run) -> recording.Recording:
    """Put together a run's header and tables."""
    run.clock.look()
    wanted, ledger = run.wanted, run.ledger
    spans, trouble = fetch(wanted.spans, f"{run.number:08x}-", ledger.requests)
    tables = ledger.tables()
    header = recording.Header(
        schema=recording.SCHEMA,
        tool="locust",
        version=locust.__version__,
        started_at=_started_at(run),
        clock_step_s=run.clock.step_s,
        base_url=environment.host or next((kind.host or "" for kind in environment.user_classes), ""),
        schedule=wanted.schedule.text if wanted.schedule else "",
        intended=wanted.schedule.count(run.seconds) if wanted.schedule else 0,
        seconds=run.seconds,
        warmup_s=min(wanted.warmup_s, run.seconds),
        routes=ledger.routes_in_order(),
        workers=ledger.workers(),
        stopped=run.stopped,
        spans=wanted.spans,
        raised=ledger.raised,
        problems=(*ledger.troubles(), *trouble),
        environment=_surroundings(environment, ledger),
        reproduce=shlex.join(["locust", *sys.argv[1:]]),
    )
    return recording.Recording(header=header, spans=spans, **tables)


def _started_at(run: Run) -> str:
    at = run.clock.started_ns + ((run.origin or run.began) - run.began)
    return datetime.fromtimestamp(at / NANO, UTC).isoformat(timespec="milliseconds")


def _surroundings(environment: Environment, ledger: Ledger) -> dict[str, str]:
    runner = environment.runner
    return {
        "locust": locust.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "processes": str(len(ledger.accounts)),
        "users": str(0 if runner is None else runner.target_user_count),
    } | ({"requests before the start, not recorded": str(ledger.early)} if ledger.early else {})
