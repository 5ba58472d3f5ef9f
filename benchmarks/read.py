"""A read by key through gateway, authorizer and function, one client: what all that costs over the least possible."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import requests

from benchmarks.client import Client
from benchmarks.emulator import INVOKE, KEY, emulator, read_event
from benchmarks.measure import Figure, SpoiltError, announce, ratio, take_turns
from benchmarks.serving import DATABASE, Served, child, up

FLIGHTS, KEYS = 10_000, 200
ROUNDS, WARM = 15, 3
ABOUT = {
    "stack": "gateway, our Lambda, function",
    "emulator": "gateway, AWS's emulator, function",
    "straight": "AWS's emulator, function, but no gateway",
    "empty": "gateway, our Lambda, an empty function",
    "raw": "bare ASGI + asyncpg",
}
RATIOS = {
    "stack / bare server": ("stack", "raw", 3),
    "the same, asked with `requests`": ("stack, requests", "raw, requests", None),
    "empty function / bare server": ("empty", "raw", None),
    "stack / emulator behind the same gateway": ("stack", "emulator", 1),
    "stack / emulator without gateway": ("stack", "straight", None),
}

T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Ask the stack, a bare ASGI server and AWS's emulator in turn for the same flights, each over one connection.

    The emulator runs the same package under the same runtime client, behind the same gateway and token as our Lambda;
    and once more without them, handed the event that the gateway would make.
    """
    with ExitStack() as open_:
        served = open_.enter_context(up(FLIGHTS))
        stack = open_.enter_context(Client(served.said["BASE_URL"]))
        token = served.said["TOKEN_FLIGHTS_READ"]
        page = json.loads(stack.send(stack.request("GET", f"/v1/flights?limit={KEYS}", token)))
        paths = ["/v1/flights/" + "/".join(str(flight[name]) for name in KEY) for flight in page["flights"]]

        def client(url: str) -> Client:
            return open_.enter_context(Client(url))

        def started(module: str, **environ: str) -> str:
            return open_.enter_context(_started(module, environ))

        raw_url = started("benchmarks.raw_server", DSN=_dsn(served))
        address = open_.enter_context(emulator(served))
        emulated = client(started("benchmarks.emulated", EMULATOR=address, CONTROL_URL=served.said["CONTROL_URL"]))
        straight, raw = client(f"http://{address}"), client(raw_url)
        empty = client(started("benchmarks.empty_function"))
        asked = {
            "stack": (stack, [stack.request("GET", path, token) for path in paths]),
            "emulator": (emulated, [emulated.request("GET", path, token) for path in paths]),
            "straight": (straight, [straight.request("POST", INVOKE, body=read_event(path)) for path in paths]),
            "raw": (raw, [raw.request("GET", path) for path in paths]),
            "empty": (empty, [empty.request("GET", "/")] * KEYS),
        }
        _require_sameness({name: one.send(asks[7]) for name, (one, asks) in asked.items()})
        subjects = {name: _median(one.timed, asks) for name, (one, asks) in asked.items()}
        session = open_.enter_context(requests.Session())
        subjects["stack, requests"] = _median(_partner(session, served.said["BASE_URL"], token), paths)
        subjects["raw, requests"] = _median(_partner(session, raw_url), paths)
        take_turns(WARM, subjects)
        taken = take_turns(ROUNDS, subjects)
    for name, about in ABOUT.items():
        yield Figure(name=f"{about}, p50", value=statistics.median(taken[name]), unit="ms")
    for name, (above, below, bound) in RATIOS.items():
        yield Figure(name=name, value=ratio(taken[above], taken[below]), unit="x", at_most=bound)


def _median(timed: Callable[[T], float], asks: Sequence[T]) -> Callable[[], float]:
    return lambda: statistics.median([timed(ask) for ask in asks])


def _partner(session: requests.Session, url: str, token: str | None = None) -> Callable[[str], float]:
    """Ask as a partner does, with a library that costs more than the server."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}

    def timed(path: str) -> float:
        start = time.perf_counter()
        session.get(url + path, headers=headers).raise_for_status()
        return (time.perf_counter() - start) * 1000

    return timed


def _require_sameness(answers: dict[str, bytes]) -> None:
    """SpoiltError unless all give the same flight."""
    flights = {name: json.loads(answer) for name, answer in answers.items() if name != "empty"}
    flights["straight"] = json.loads(flights["straight"]["body"])
    for name, flight in flights.items():
        if flight != flights["stack"]:
            raise SpoiltError(f"{name} answers {flight}, the stack {flights['stack']}")


def _dsn(served: Served) -> str:
    server = served.server
    return f"postgresql://{server.admin_user}:{server.admin_password}@{server.host}:{server.port}/{DATABASE}"


@contextmanager
def _started(module: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Start a server that prints its URL."""
    command = [sys.executable, "-m", module]
    announce(command)
    with child(command, {**os.environ, **environ}) as out:
        yield out.readline().strip()
