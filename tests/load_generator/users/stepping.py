"""A machine whose wall clock is set forward by five seconds while the load runs."""

import time

import gevent
from locust import events

from clearance.load import FastHttpUser, task

as_it_was = time.time_ns


@events.test_start.add_listener
def set_the_clock(**_):
    """Set it in a moment."""
    gevent.spawn_later(1, setattr, time, "time_ns", lambda: as_it_was() + 5_000_000_000)


class Reader(FastHttpUser):
    """Asks for one thing."""

    @task
    def read(self):
        """Ask once."""
        self.client.get("/things/1")
