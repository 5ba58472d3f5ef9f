"""What recording adds to the processor time of one request of Locust's clients, in one process, a few at a time.

Whole runs differ by more than what is looked for. Here the ways take turns after every fifty requests, on one core, and
neighbours in time are compared: `python -m benchmarks.generators_cost URL` prints one line of JSON, by the class of
users microseconds a way.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from locust import FastHttpUser, HttpUser
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from clearance.load.part import Hooks
from clearance.load.plugin import listen
from clearance.load.recorder import Recorder, now
from clearance.load.requests import HEADER

AT_ONCE: Final = 50
ROUNDS: Final = 400
Way = Callable[[], None]


class Fast(FastHttpUser):
    """Whose client is asked."""

    host = ""


class Plain(HttpUser):
    """Whose client is asked, too."""

    host = ""


STOCK: Final[Mapping[type[Fast | Plain], Any]] = {Fast: FastHttpSession.request, Plain: HttpSession.request}
HOOKS: Final = Hooks()
OURS: Final[Mapping[type[Fast | Plain], Any]] = {Fast: FastHttpSession.request, Plain: HttpSession.request}


def ways(kind: type[Fast | Plain], url: str) -> Mapping[str, Way]:
    """The same request: by stock Locust, with the id that joins it in a header, with our hooks idle, and recorded."""
    kind.host = url
    hooks, recorder = HOOKS, Recorder(run=1, worker=0, origin=now())
    stock, ours = STOCK[kind], OURS[kind]
    plain, heard = Environment(user_classes=[kind]), Environment(user_classes=[kind])
    listen(heard.events, "request", hooks.requests.on_request)

    def ask(environment: Environment, request: Any, into: Recorder | None, headers: dict[str, str] | None) -> Way:
        client = kind(environment).client

        def some() -> None:
            hooks.requests.recorder = into
            for _ in range(AT_ONCE):
                request(client, "GET", "/", headers=headers)
            recorder.drain()

        return some

    return {
        "stock": ask(plain, stock, None, None),
        "with the id": ask(plain, stock, None, {HEADER: recorder.ids % 1}),
        "hooks idle": ask(heard, ours, None, None),
        "recorded": ask(heard, ours, recorder, None),
    }


def measure(kind: type[Fast | Plain], url: str) -> dict[str, float]:
    """Microseconds of processor for each request of the stock way, and what each other one adds: medians."""
    found: dict[str, list[float]] = {}
    each = ways(kind, url)
    for turn in range(ROUNDS):
        for name in sorted(each, reverse=turn % 2 == 1):
            before = time.process_time_ns()
            each[name]()
            found.setdefault(name, []).append((time.process_time_ns() - before) / AT_ONCE / 1000)
    stock = found.pop("stock")
    added = {
        name: statistics.median(there - here for there, here in zip(took, stock, strict=True))
        for name, took in found.items()
    }
    return {"stock": statistics.median(stock), **added}


if __name__ == "__main__":
    costs = {name: measure(kind, sys.argv[1]) for name, kind in (("FastHttpUser", Fast), ("HttpUser", Plain))}
    sys.stdout.write(json.dumps(costs) + "\n")
