"""`python -m benchmarks.raw_server`: the least that can answer a read by key, bare ASGI and asyncpg.

No gateway, no token, no validation, no function: what is left when all that the service is for is taken away. Prints
its URL; `DSN` names the database.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from stack.serving import bind, serving, url

FIELDS = (
    "flight_date, carrier, flight, origin, dest, tailnum, dep_time, sched_dep_time, arr_time, sched_arr_time, "
    "dep_delay, arr_delay, air_time, distance"
)
FIND = f"SELECT {FIELDS} FROM flights.flight WHERE flight_date = $1 AND carrier = $2 AND flight = $3 AND origin = $4"

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def main() -> None:
    """Serve until killed."""
    asyncpg = importlib.import_module("asyncpg")  # which states no types
    connection = await asyncpg.connect(os.environ["DSN"])
    statement = await connection.prepare(FIND)

    async def application(scope: dict[str, Any], _receive: object, send: Send) -> None:
        _, _, _, day, carrier, flight, origin = scope["path"].split("/")
        row = await statement.fetchrow(dt.date.fromisoformat(day), carrier, int(flight), origin)
        status, body = (404, b"{}") if row is None else (200, json.dumps(dict(row), default=str).encode())
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    listener = bind(0)
    async with serving(application, listener):
        print(url(listener), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
