"""`python -m benchmarks.hashing_server WORK`: a server whose answers cost a known amount of work.

A GET costs WORK rounds of PBKDF2, a POST twice as many. Prints its URL and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from stack.serving import bind, serving, url

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def main(work: int) -> None:
    """Serve until killed."""

    async def application(scope: dict[str, Any], _receive: object, send: Send) -> None:
        rounds = work if scope["method"] == "GET" else 2 * work
        body = hashlib.pbkdf2_hmac("sha256", b"flight", b"carrier", rounds).hex().encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    listener = bind(0)
    async with serving(application, listener):
        print(url(listener), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
