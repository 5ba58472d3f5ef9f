"""Where Locust and this package meet: its events, in a table, and what each of them sets going."""

from __future__ import annotations

import sys
from typing import Any, Final

import gevent
import locust
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from clearance.load import options, output
from clearance.load.distributed import Master, Member
from clearance.load.part import Hooks
from clearance.load.session import Local
from clearance.model import ClearanceError

USERS_PER_RATE: Final = 2  # users for each arrival a second, where nobody says: answers may take so many seconds
EVENTS: Final = (
    "test_start",
    "spawning_complete",
    "test_stopping",
    "test_stop",
    "quitting",
    "user_error",
    "worker_connect",
)


def register() -> None:
    """Listen to Locust from its command line on."""
    listen(locust.events, "init_command_line_parser", options.add)
    listen(locust.events, "init", on_init)


def listen(events: Any, name: str, listener: Any) -> None:
    """Add a listener to an event of Locust's, whose hooks have no types."""
    getattr(events, name).add_listener(listener)


def on_init(environment: Environment, runner: Any, **_: Any) -> None:
    """Set up this process: check what was asked for, and listen to what its runner does."""
    if not isinstance(runner, WorkerRunner):
        try:
            prepare(environment)
        except ClearanceError as error:
            sys.exit(f"{error}; {error.hint}")
    session = make_session(environment, runner)
    for name in EVENTS:
        if listener := getattr(session, f"on_{name}", None):
            listen(environment.events, name, listener)
    gevent.sleep(0)  # sets gevent's clock, which stood still while modules were imported: Locust's timer starts next


def make_session(environment: Environment, runner: Any) -> Local | Master | Member:
    """Make what this process is in a run, by what its runner is."""
    if isinstance(runner, MasterRunner):
        return Master(environment, runner)
    hooks = Hooks()
    listen(environment.events, "request", hooks.requests.on_request)
    return Member(environment, runner, hooks) if isinstance(runner, WorkerRunner) else Local(environment, hooks)


def prepare(environment: Environment) -> None:
    """Check the options while nothing has begun, and fill in what follows from them. Raises ClearanceError."""
    given: Any = environment.parsed_options
    wanted = options.Wanted(given)
    wanted.levels()
    if wanted.recording:
        output.check(wanted.recording)
    if wanted.until_decided and not given.run_time:
        given.run_time = wanted.limit_s
    if wanted.schedule:
        if given.num_users is None:
            given.num_users = max(10, round(wanted.schedule.peak * USERS_PER_RATE))
        if given.spawn_rate is None:
            given.spawn_rate = given.num_users
        if given.run_time is None and wanted.schedule.seconds:
            given.run_time = wanted.schedule.seconds
