"""AWS's Runtime Interface Emulator over the very package that the stack runs, and the event that a read becomes."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measure import SpoiltError, announce
from benchmarks.serving import Served, child
from stack import package
from stack.events import Request, event
from tests.stack.emulator import binary

ROUTE = "/v1/flights/{flight_date}/{carrier}/{flight}/{origin}"
KEY = ("flight_date", "carrier", "flight", "origin")
INVOKE = "/2015-03-31/functions/function/invocations"


@contextmanager
def emulator(served: Served) -> Iterator[str]:
    """Start the emulator and give its host and port; it takes one invocation at a time."""
    addresses = [f"127.0.0.1:{_free_port()}" for _ in range(2)]
    options = ["--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1]]
    folder, python = package.build(), package.runtime_python()
    env = {"PATH": "/usr/bin:/bin", "LAMBDA_TASK_ROOT": str(folder), "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"}
    env |= {"FLIGHTS_STAGE": "local", "POWERTOOLS_SERVICE_NAME": "flights", **served.sign_in("READER")}
    command = [str(binary()), *options, str(python), "-m", "awslambdaric", package.HANDLER]
    announce(command)
    with child(command, env, cwd=folder, stdout=subprocess.DEVNULL):
        _wait_for(addresses[0])
        yield addresses[0]


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


def read_event(path: str) -> bytes:
    """Make the event that the gateway makes of a read."""
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
            path_parameters=dict(zip(KEY, path.split("/")[3:], strict=True)),
            authorizer={"jwt": {"claims": claims, "scopes": ["flights:read"]}},
        )
    )
