"""Runs in the process that will write their recording: what Locust's events set going there.

`Local` has the users in its own process; what is otherwise with Locust's workers is in `distributed`.
"""

from __future__ import annotations

import logging
from typing import Any

import gevent
from locust.env import Environment

from clearance.load.lanes import Lanes, divide
from clearance.load.making import finish
from clearance.load.options import Wanted
from clearance.load.part import Hooks, Part
from clearance.load.recorder import Chunk, now
from clearance.load.run import LEAD, NANO, READY, Run, absent, new_run, stop, wait_for_end, weigh
from clearance.model import ClearanceError

logger = logging.getLogger(__name__)


class Owner:
    """The runs whose recordings this process writes, one after another.

    `notice` is how many seconds it takes until all who give out starts have heard that there are no more.
    """

    notice = 0.0

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.run: Run | None = None

    def on_test_start(self, **_: Any) -> None:
        """Open the books of a new run, unless it is to be stock Locust's."""
        trouble = ""
        try:
            wanted = Wanted(self.environment.parsed_options)
            if wanted.anything:
                self.run = new_run(self.environment, wanted)
        except ClearanceError as error:  # from the web page; a command line is checked before
            trouble = f"{error}; {error.hint}"
        if trouble:
            logger.error("%s", trouble)
        if self.run is not None:
            if not self.run.wanted.schedule:
                self.run.origin = now()
            self.run.greenlets.append(gevent.spawn(self._look_for_ever, self.run))
            self.begin(self.run)

    def on_spawning_complete(self, **_: Any) -> None:
        """Begin the schedule, once."""
        run = self.run
        if run is not None and run.wanted.schedule and run.origin is None:
            run.greenlets.append(gevent.spawn(self.begin_schedule, run))

    def on_test_stopping(self, **_: Any) -> None:
        """Let the schedule end, give requests under way their time, and bring everything together."""
        run = self.run
        if run is not None and run.ended is None:
            wait_for_end(run, self.notice)
            self.bring_in(run)
            for greenlet in run.greenlets:
                if greenlet is not gevent.getcurrent():
                    greenlet.kill(block=False)
            run.progress.end()

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

    def begin(self, run: Run) -> None:
        """Set up those who have users."""
        raise NotImplementedError

    def begin_schedule(self, run: Run) -> None:
        """Wait for the users and give out the starts."""
        raise NotImplementedError

    def bring_in(self, run: Run) -> None:
        """End the users' work, and collect all rows that are still outside."""
        raise NotImplementedError

    def keep(self, run: Run, chunk: Chunk) -> None:
        """Enter a process's rows."""
        run.take(run.ledger.add(chunk))

    def gather(self, run: Run) -> None:
        """Enter what the last second brought, where that does not come by itself."""

    def _look_for_ever(self, run: Run) -> None:
        while True:
            gevent.sleep(1)
            self.gather(run)
            if run.look() and not run.stopped:
                gevent.spawn(stop, self.environment, run, "decided")


class Local(Owner):
    """Runs with their users in this very process."""

    def __init__(self, environment: Environment, hooks: Hooks) -> None:
        super().__init__(environment)
        self.hooks = hooks
        self.part: Part | None = None

    def begin(self, run: Run) -> None:
        """Set up the users of this process."""
        run.ledger.open(0, "local")
        self.part = Part(
            self.environment, self.hooks, run=run.number, worker=0, is_open=run.wanted.schedule is not None
        )
        self.part.recorder.origin = run.origin

    def begin_schedule(self, run: Run) -> None:
        """Give all starts to the users of this process."""
        assert self.part is not None
        assert run.wanted.schedule is not None
        if not self.part.wait_until_ready():
            run.ledger.problems.append(f"not all users were ready for their first task within {READY:g} s")
        users = self.part.users
        run.ledger.problems += absent(self.environment, users)
        run.origin = self.part.recorder.origin = now() + round(LEAD * NANO)
        self.part.begin(Lanes(run.wanted.schedule, divide(weigh(self.environment, users)), run.end))

    def gather(self, run: Run) -> None:
        """Enter the rows of the last second."""
        if self.part is not None and not self.part.left:
            self.keep(run, self.part.chunk())

    def bring_in(self, run: Run) -> None:
        """End the users' work and enter what is left."""
        assert self.part is not None
        self.part.drain(run.end, run.grace)
        last = self.part.leave(finished=True)
        self.keep(run, last)
        run.ledger.close(0, last["final"])

    def on_user_error(self, exception: BaseException, **_: Any) -> None:
        """Count an exception outside requests."""
        if self.part is not None and not self.part.left:
            self.part.recorder.fail(exception)
