"""`python -m benchmarks.emulated`: the same gateway and tokens as the stack's, but AWS's emulator where our Lambda is.

`EMULATOR` is the emulator's host and port, `CONTROL_URL` the stack's, whose tokens are taken. Prints its URL.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any, cast

import requests
import uvloop

from stack import package
from stack.authorizer import Authorizer
from stack.gateway import application, routes_from_openapi
from stack.outcome import Answer
from stack.serving import bind, serving, url
from stack.tokens import AUDIENCE

INVOKE = "/2015-03-31/functions/function/invocations"


class Emulator(asyncio.Protocol):
    """One kept connection to the emulator, which takes one invocation at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by name

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the emulator hung up"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        if blank and len(body) >= int(length):
            self._answer.set_result(Answer(body))

    async def invoke(self, event: bytes) -> Answer:
        """Hand over an event and wait for the answer."""
        self._received, self._answer = b"", asyncio.get_running_loop().create_future()
        head = f"POST {INVOKE} HTTP/1.1\r\nHost: emulator\r\nContent-Length: {len(event)}\r\n\r\n"
        self._transport.write(head.encode() + event)
        return await self._answer


async def main(control: str, keys: dict[str, Any], address: str) -> None:
    """Serve until killed."""
    host, _, port = address.partition(":")
    _, emulator = await asyncio.get_running_loop().create_connection(Emulator, host, int(port))
    document = json.loads((package.build() / "service" / "openapi.json").read_text("utf-8"))
    api = application(
        routes=routes_from_openapi(document),
        invoke=emulator.invoke,
        authorize=Authorizer(keys, issuer=control, audience=[AUDIENCE]),
    )
    listener = bind(0)
    async with serving(api, listener):
        print(url(listener), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    issuer = os.environ["CONTROL_URL"]
    jwks = requests.get(f"{issuer}/.well-known/jwks.json", timeout=10).json()
    uvloop.run(main(issuer, jwks, os.environ["EMULATOR"]))
