"""A read by key through gateway, authorizer and function, one client: what all that costs over the least possible."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import requests

from benchmarks.client import Client
from benchmarks.measure import Figure, SpoiltError, announce, ratio, take_turns
from benchmarks.serving import DATABASE, Served, child, up
from stack import package
from stack.events import Request, event
from tests.stack.emulator import binary

FLIGHTS, KEYS = 10_000, 200
ROUNDS, WARM = 15, 3
ROUTE = "/v1/flights/{flight_date}/{carrier}/{flight}/{origin}"
INVOKE = "/2015-03-31/functions/function/invocations"
ABOUT = {
    "stack": "gateway, function, Postgres",
    "empty": "gateway, a function that does nothing",
    "raw": "bare ASGI + asyncpg, Postgres",
    "emulator": "AWS's emulator, function, Postgres",
}

T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Ask the stack, a bare ASGI server and AWS's emulator in turn for the same flights, each over one connection.

    The emulator runs the same package under the same runtime client, and is handed the event that the gateway would
    make: it is spared the gateway and the token.
    """
    with ExitStack() as open_:
        served = open_.enter_context(up(FLIGHTS))
        stack = open_.enter_context(Client(served.said["BASE_URL"]))
        token = served.said["TOKEN_FLIGHTS_READ"]
        page = json.loads(stack.send(stack.request("GET", f"/v1/flights?limit={KEYS}", token)))
        keys = ["/".join(str(one[name]) for name in ROUTE[13:-1].split("}/{")) for one in page["flights"]]
        paths = [f"/v1/flights/{key}" for key in keys]

        raw_url = open_.enter_context(_started("benchmarks.raw_server", DSN=_dsn(served)))
        raw = open_.enter_context(Client(raw_url))
        emulator = open_.enter_context(Client(open_.enter_context(_emulator(served))))
        events = [_event(path) for path in paths]
        asked = {
            "stack": (stack, [stack.request("GET", path, token) for path in paths]),
            "raw": (raw, [raw.request("GET", path) for path in paths]),
            "emulator": (emulator, [emulator.request("POST", INVOKE, body=one) for one in events]),
        }
        _require_sameness({name: client.send(asks[7]) for name, (client, asks) in asked.items()})
        subjects = {name: _median(client.timed, asks) for name, (client, asks) in asked.items()}
        empty = open_.enter_context(Client(open_.enter_context(_started("benchmarks.empty_function"))))
        subjects["empty"] = _median(empty.timed, [empty.request("GET", "/")] * KEYS)
        session = open_.enter_context(requests.Session())
        subjects["stack, requests"] = _median(_partner(session, served.said["BASE_URL"], token), paths)
        subjects["raw, requests"] = _median(_partner(session, raw_url), paths)
        take_turns(WARM, subjects)
        taken = take_turns(ROUNDS, subjects)
    for name, about in ABOUT.items():
        yield Figure(name=f"{about}, p50", value=statistics.median(taken[name]), unit="ms")
    partner = ratio(taken["stack, requests"], taken["raw, requests"])
    yield Figure(name="stack / bare server, asked with `requests`", value=partner, unit="x")
    yield Figure(name="empty function / bare server", value=ratio(taken["empty"], taken["raw"]), unit="x")
    yield Figure(name="stack / bare server", value=ratio(taken["stack"], taken["raw"]), unit="x", at_most=3)
    yield Figure(name="stack / emulator", value=ratio(taken["stack"], taken["emulator"]), unit="x", at_most=1)


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
    """SpoiltError unless all three give the same flight."""
    flights = {name: json.loads(answer) for name, answer in answers.items()}
    flights["emulator"] = json.loads(flights["emulator"]["body"])
    for name, flight in flights.items():
        if flight != flights["stack"]:
            raise SpoiltError(f"{name} answers {flight}, the stack {flights['stack']}")


def _dsn(served: Served) -> str:
    server = served.server
    return f"postgresql://{server.admin_user}:{server.admin_password}@{server.host}:{server.port}/{DATABASE}"


@contextmanager
def _started(module: str, **environ: str) -> Iterator[str]:
    """Start a server that prints its URL."""
    command = [sys.executable, "-m", module]
    announce(command)
    with child(command, {**os.environ, **environ}) as out:
        yield out.readline().strip()


@contextmanager
def _emulator(served: Served) -> Iterator[str]:
    addresses = [f"127.0.0.1:{_free_port()}" for _ in range(2)]
    options = ["--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1]]
    folder, python = package.build(), package.runtime_python()
    env = {"PATH": "/usr/bin:/bin", "LAMBDA_TASK_ROOT": str(folder), "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"}
    env |= {"FLIGHTS_STAGE": "local", "POWERTOOLS_SERVICE_NAME": "flights", **served.sign_in("READER")}
    command = [str(binary()), *options, str(python), "-m", "awslambdaric", package.HANDLER]
    announce(command)
    with child(command, env, cwd=folder, stdout=subprocess.DEVNULL):
        _wait_for(addresses[0])
        yield f"http://{addresses[0]}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection((host, int(port))).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise SpoiltError("the emulator does not listen")


def _event(path: str) -> bytes:
    """Make the event that the gateway makes of a read."""
    key = dict(zip(ROUTE[13:-1].split("}/{"), path.split("/")[3:], strict=True))
    claims = {"scope": "flights:read", "sub": "bench"}
    return event(
        Request(
            method="GET",
            raw_path=path,
            query="",
            protocol="HTTP/1.1",
            headers=[(b"host", b"127.0.0.1")],
            body=b"",
            source_ip="127.0.0.1",
            request_id="bench",
            moment=time.time(),
            route_key=f"GET {ROUTE}",
            path_parameters=key,
            authorizer={"jwt": {"claims": claims, "scopes": ["flights:read"]}},
        )
    )
