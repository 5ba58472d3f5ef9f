"""One process's part in a run: its users, its clients, its rows. The local process and each worker have one."""

from __future__ import annotations

import contextlib
import gc
import os
from typing import Any

import gevent
from locust.env import Environment

from clearance.load import pulse
from clearance.load.arrivals import Floor, Tasks
from clearance.load.lanes import Lanes
from clearance.load.recorder import Chunk, Recorder, now
from clearance.load.requests import Requests
from clearance.load.run import CATCH_UP, NANO, READY, sleep_until


class Part:
    """A part in one run, from when users are spawned until they are sent away."""

    def __init__(self, environment: Environment, hooks: Hooks, *, run: int, worker: int, is_open: bool) -> None:
        self.environment = environment
        self.hooks = hooks
        self.recorder = Recorder(run=run, worker=worker)
        self.floor = Floor(recorder=self.recorder, open=is_open)
        self.left = False
        hooks.requests.recorder, hooks.tasks.floor = self.recorder, self.floor
        self._pulse = gevent.spawn(pulse.beat_for_ever, self.recorder)

    @property
    def users(self) -> dict[str, int]:
        """How many users of each class there are."""
        runner = self.environment.runner
        return {} if runner is None else dict(runner.user_classes_count)

    def begin(self, lanes: Lanes) -> None:
        """Give out starts. What would hold up the whole process meanwhile is done before, or left for later.

        A full collection over thousands of users takes some 50 ms: what is there by now is not looked through as long
        as the run lasts. Each time that the table of open files has to double for another connection, Linux lets a
        process with threads wait for some 10 ms: see expand_fdtable in fs/file.c.
        """
        gc.freeze()
        _make_room(sum(self.users.values()))
        self.floor.begin(lanes)

    def wait_until_ready(self) -> bool:
        """Wait until every user stands before its first task; False where some do not get there."""
        patience = now() + round(READY * NANO)
        while now() < patience and not self.left:
            if len(self.floor.parked) >= sum(self.users.values()) > 0:
                return True
            gevent.sleep(0.02)
        return False

    def drain(self, end: int | None, grace: float) -> None:
        """Begin no task after the end, and wait for those that are under way, but not for ever.

        What was due before an end that was known and is a little late on a busy machine still begins. An end that was
        not may lie a moment ahead, where others must hear of it too.
        """
        lanes, origin = self.floor.lanes, self.recorder.origin
        if lanes is not None and lanes.end == end is not None:
            patience = now() + round(min(grace, CATCH_UP) * NANO)
            while now() < patience and (self.floor.held or lanes.due()):
                gevent.sleep(0.01)
        elif lanes is not None:
            lanes.end = end
            if end is not None and origin is not None:
                sleep_until(origin + end)
        self.floor.close()
        gevent.sleep(0.01)  # whoever holds a start gives it back
        patience = now() + round(grace * NANO)
        while self.floor.busy and now() < patience:
            gevent.sleep(0.01)

    def leave(self, *, finished: bool) -> Chunk:
        """End this part: what is under way has no answer, what nobody took is said. Returns the last rows."""
        self.left = True
        gc.unfreeze()
        self.hooks.requests.recorder = self.hooks.tasks.floor = None
        self.floor.close()
        self._pulse.kill(block=False)
        for sent in list(self.recorder.under_way.values()):
            self.recorder.abandon(sent)
        if self.floor.lanes is not None and self.floor.lanes.end is not None:
            for start in self.floor.lanes.left().tolist():
                self.recorder.arrive(start, -1, waited=False)
        self.recorder.closed = True
        return self.chunk() | {"final": self.last_word(finished=finished)}

    def chunk(self) -> Chunk:
        """Take the rows since the last time, with the moment before which nothing is missing any more."""
        return self.recorder.drain() | {"until": self._until()}

    def last_word(self, *, finished: bool) -> dict[str, Any]:
        """What this process says about itself at the end."""
        recorder = self.recorder
        return {
            "requests": recorder.requests,
            "finished": finished,
            "raised": recorder.raised,
            "early": recorder.early,
        }

    def _until(self) -> int:
        origin = self.recorder.origin
        if origin is None:
            return 0
        moments = [now() - origin]
        if oldest := next(iter(self.recorder.under_way.values()), None):
            moments.append(oldest.intended - origin)
        if self.floor.lanes is not None:
            moments += self.floor.lanes.fronts()
        return min(moments)


def _make_room(connections: int) -> None:
    """Let the table of open files grow at once to what so many connections take, as far as this process may."""
    with contextlib.suppress(ImportError, OSError), open(os.devnull, "rb") as file:
        import fcntl  # neither is there on Windows, where there is no such table
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        place = 2 * connections if most == resource.RLIM_INFINITY else min(2 * connections, most - 1)
        os.close(fcntl.fcntl(file, fcntl.F_DUPFD, place))


class Hooks:
    """Locust's tasks and clients of this process, wrapped once."""

    def __init__(self) -> None:
        self.tasks = Tasks()
        self.requests = Requests()
        self.tasks.wrap_tasks()
        self.requests.wrap_clients()
