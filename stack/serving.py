"""ASGI applications under uvicorn, several in one event loop, on sockets that are bound beforehand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from stack.errors import StackError

HOST = "127.0.0.1"
BACKLOG = 1024
LAST_ANSWERS_S = 2


def bind(port: int) -> socket.socket:
    """A listening socket on loopback; 0 takes a free port. StackError if the port is not to be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StackError(
            f"Port {port} cannot be used: {error.strerror}.",
            hint="Name another with `--port`, or leave it out for one that is free.",
        ) from None
    return listener


def url(listener: socket.socket) -> str:
    """Where a bound socket is to be reached."""
    return "http://{}:{}".format(*listener.getsockname())


class _Server(uvicorn.Server):
    """A server that leaves signals to who started it, and says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(application: Any, listener: socket.socket) -> AsyncIterator[None]:
    """Serve while the context lasts; requests in flight are given two seconds at its end."""
    server = _Server(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS_S,
        )
    )
    task = asyncio.create_task(server.serve([listener]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await task
