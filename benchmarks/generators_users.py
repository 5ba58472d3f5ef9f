"""The users of the benchmark of generators: one request without anything around it, and what it took of a processor."""

import os
import time

import gevent
from locust import FastHttpUser, constant_throughput, events, task

if os.environ.get("BENCH_CLEARANCE"):
    import clearance.load  # noqa: F401

PACE = float(os.environ.get("BENCH_PACE", "0"))
taken = {}


@events.init.add_listener
def set_clock(**_):
    """Let gevent look at the clock, which stood still while modules were imported: the timer for -t starts next."""
    gevent.sleep(0)


@events.test_start.add_listener
def begin(**_):
    """Look at the processor's clock."""
    taken["cpu"], taken["wall"] = time.process_time(), time.monotonic()


@events.test_stopping.add_listener
def end(environment, **_):
    """Say what the requests took."""
    cpu, wall = time.process_time() - taken["cpu"], time.monotonic() - taken["wall"]
    print(f"BENCH {cpu} {wall} {environment.stats.total.num_requests}", flush=True)


class One(FastHttpUser):
    """Asks for the same thing again and again."""

    if PACE:
        wait_time = constant_throughput(PACE)

    @task
    def ask(self):
        """Ask."""
        self.client.get("/")
