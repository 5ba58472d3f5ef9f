"""Users and tasks: each task of an open run waits for its arrival's intended start; closed runs go on as Locust does.

Locust has no seam before a task, so that `TaskSet.execute_task` and `TaskSet.wait` are wrapped, for all users at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import gevent
from gevent.event import Event
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet, TaskSet

from clearance.load.lanes import Lanes
from clearance.load.recorder import Recorder, now
from clearance.load.requests import INTENDED

NANO: Final = 1e9
BUSY: Final = "clearance_busy"
STATE: Final = "_state"  # Locust's own mark of a user, which its own task sets change too; it has no other name for it


@dataclass(slots=True)
class Floor:
    """Where the users of one process do their tasks during a run. `lanes` is None where arrivals are closed."""

    recorder: Recorder
    open: bool
    lanes: Lanes | None = None
    begun: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)
    parked: set[int] = field(default_factory=set)
    held: int = 0  # starts that users have taken and are waiting for
    busy: int = 0

    def begin(self, lanes: Lanes) -> None:
        """Give out starts from now on."""
        self.lanes = lanes
        self.begun.set()

    def close(self) -> None:
        """Let no user begin another task."""
        self.over.set()
        self.begun.set()

    def perform(self, user: Any, work: Callable[..., None], *words: Any) -> None:
        """Do one task, when it is due; whatever it asked for and nobody heard about ends with it."""
        values = user.__dict__
        if self.open:
            values[INTENDED] = self._due(user)
            values[BUSY] = True
        if self.over.is_set():
            raise StopUser
        self.busy += 1
        try:
            work(*words)
        finally:
            self.busy -= 1
            if self.open:
                values[INTENDED], values[BUSY] = 0, False
            if self.recorder.under_way:
                self.recorder.settle(user)

    def _due(self, user: Any) -> int:
        """Wait for the next start of a user's class; its moment on the monotonic clock."""
        go_on(user, LOCUST_STATE_WAITING)
        self.parked.add(id(user))
        self.begun.wait()
        lane = type(user).__name__
        start = None if self.lanes is None else self.lanes.take(lane)
        origin = self.recorder.origin
        if start is None or origin is None or self.lanes is None:
            self.over.wait()
            raise StopUser
        waited = self._sleep_until(user, lane, start, origin)
        self.recorder.arrive(start, now() - origin, waited)
        return origin + start

    def _sleep_until(self, user: Any, lane: str, start: int, origin: int) -> bool:
        """Sleep, if it is not too late for that; a user that is stopped meanwhile gives its start back."""
        waited = False
        self.held += 1
        try:
            while (left := start + origin - now()) > 0:
                waited = True
                self._sleep(left / NANO)
            go_on(user, LOCUST_STATE_RUNNING)
        except BaseException:
            assert self.lanes is not None
            self.lanes.give_back(lane, start)
            raise
        finally:
            self.held -= 1
        return waited

    def _sleep(self, seconds: float) -> None:
        if self.over.wait(seconds):
            raise StopUser


def go_on(user: Any, state: str) -> None:
    """Change what Locust believes that a user does, unless it is being stopped."""
    values = user.__dict__
    if values.get(STATE) == LOCUST_STATE_STOPPING:
        raise StopUser
    values[STATE] = state


class Tasks:
    """The tasks of this process: `floor` is None between runs."""

    def __init__(self) -> None:
        self.floor: Floor | None = None

    def wrap_tasks(self) -> None:
        """Let every task of Locust's task sets go through here."""
        kinds: tuple[Any, ...] = (TaskSet, DefaultTaskSet)  # whose methods are replaced: Locust has no hook here
        for kind in kinds:
            kind.execute_task = self._executing(kind.execute_task)
        kinds[0].wait = self._waiting(kinds[0].wait)

    def _executing(self, original: Callable[..., None]) -> Callable[..., None]:
        def execute_task(tasks: TaskSet, task: Any) -> None:
            floor = self.floor
            if floor is None or (isinstance(task, type) and issubclass(task, TaskSet)):
                original(tasks, task)
            else:
                floor.perform(tasks.user, original, tasks, task)

        return execute_task

    def _waiting(self, original: Callable[..., None]) -> Callable[..., None]:
        def wait(tasks: TaskSet) -> None:
            floor = self.floor
            if floor is None or not floor.open or tasks.user.__dict__.get(BUSY):  # busy: a task pauses by itself
                original(tasks)
            else:  # the next arrival is waited for before its task
                if tasks.user.__dict__.pop(BUSY, None) is None:
                    gevent.sleep(1)  # there was no task: Locust could not make one, and is about to try again
                go_on(tasks.user, LOCUST_STATE_RUNNING)

        return wait
