"""The users of the benchmark of generators: one request without anything around it, and what it took of a processor."""

import importlib
import os
import time
from typing import Any

import gevent
from locust import FastHttpUser, constant_throughput, events, task
from locust.env import Environment

if os.environ.get("BENCH_CLEARANCE"):
    importlib.import_module("clearance.load")

PACE = float(os.environ.get("BENCH_PACE", "0"))
taken: dict[str, float] = {}


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust has no type for it
def set_clock(**_: Any) -> None:
    """Let gevent look at the clock, which stood still while modules were imported: the timer for -t starts next."""
    gevent.sleep(0)


@events.test_start.add_listener  # type: ignore[untyped-decorator]  # Locust has no type for it
def begin(**_: Any) -> None:
    """Look at the processor's clock."""
    taken["cpu"], taken["wall"] = time.process_time(), time.monotonic()


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]  # Locust has no type for it
def end(environment: Environment, **_: Any) -> None:
    """Say what the requests took."""
    cpu, wall = time.process_time() - taken["cpu"], time.monotonic() - taken["wall"]
    print(f"BENCH {cpu} {wall} {environment.stats.total.num_requests}", flush=True)


class One(FastHttpUser):
    """Asks for the same thing again and again."""

    if PACE:
        wait_time = constant_throughput(PACE)

    @task
    def ask(self) -> None:
        """Ask."""
        self.client.get("/")
