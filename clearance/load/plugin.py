"""Where Locust and this package meet: its events, in a table, and what each of them sets going."""

from __future__ import annotations

import sys
from typing import Any

import gevent
import locust
from locust.env import Environment
from locust.runners import LocalRunner, WorkerRunner

from clearance.load import options, output
from clearance.load.arrivals import Tasks
from clearance.load.requests import Requests
from clearance.load.session import Session
from clearance.model import ClearanceError

USERS_PER_RATE = 2  # users for each arrival a second, where nobody says how many: answers may take so many seconds


def register() -> None:
    """Listen to Locust from its command line on."""
    locust.events.init_command_line_parser.add_listener(options.add)
    locust.events.init.add_listener(on_init)


def on_init(environment: Environment, runner: Any, **_: Any) -> None:
    """Set up this process: check what was asked for, and listen to what its runner does."""
    tasks, requests = Tasks(), Requests()
    tasks.wrap_tasks()
    requests.wrap_clients()
    try:
        if not isinstance(runner, WorkerRunner):
            prepare(environment)
    except ClearanceError as error:
        sys.exit(f"{error}; {error.hint}")
    session = Session(environment, tasks, requests)
    events = environment.events
    events.request.add_listener(requests.on_request)
    events.test_start.add_listener(session.on_test_start)
    events.spawning_complete.add_listener(session.on_spawning_complete)
    events.test_stopping.add_listener(session.on_test_stopping)
    events.test_stop.add_listener(session.on_test_stop)
    events.quitting.add_listener(session.on_quitting)
    events.user_error.add_listener(session.on_user_error)
    assert isinstance(runner, LocalRunner)
    gevent.sleep(0)  # sets gevent's clock, which stood still while modules were imported: Locust's timer starts next


def prepare(environment: Environment) -> None:
    """Check the options while nothing has begun, and fill in what follows from them. Raises ClearanceError."""
    given: Any = environment.parsed_options
    wanted = options.Wanted(given)
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
