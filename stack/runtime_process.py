"""The process of one execution environment, in a session of its own, with its output as log lines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

_LINE_LIMIT: Final = 1024 * 1024  # bytes; a longer line is cut in pieces
_PIPE_LINGER_S: Final = 1.0  # how long a pipe that outlives its process is waited for


class RuntimeProcess(asyncio.SubprocessProtocol):
    """A process, from its start until it is reaped and its output read to the end."""

    def __init__(self, on_log: Callable[[str], None], on_exit: Callable[[int], None]) -> None:
        self._on_log = on_log
        self._on_exit = on_exit
        self._rest = b""
        self._exited = False
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        directory: Path,
        on_log: Callable[[str], None],
        on_exit: Callable[[int], None],
    ) -> RuntimeProcess:
        """Start a command as the leader of a new session; OSError if it cannot be started."""
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(on_log, on_exit),
            *command,
            env=environ,
            cwd=directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        return process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._group = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LINE_LIMIT:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._on_log(line.decode(errors="replace"))

    def process_exited(self) -> None:
        self.kill()  # what the process started must not outlive it
        self._exited = True
        asyncio.get_running_loop().call_later(_PIPE_LINGER_S, self._transport.close)
        self._on_exit(self._transport.get_returncode() or 0)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._on_log(self._rest.decode(errors="replace"))
        self._transport.close()
        if not self._closed.done():
            self._closed.set_result(None)

    def kill(self) -> None:
        """Kill the process and what it started in its group, unless it is reaped: its number may be another's then."""
        if self._exited:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._group, signal.SIGKILL)

    async def closed(self) -> None:
        """Wait until the process is reaped and its output is read."""
        await self._closed
