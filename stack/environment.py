"""One execution environment of a function: a runtime process, its Runtime API, and the phase it is in.

Phases, one way but for the loop of invocations:

    STARTING -> IDLE -> BUSY -> DRAINING -> IDLE ...    and from everywhere -> DEAD

An environment is IDLE exactly while it holds an unanswered `next` call, so an event is only ever given to a runtime
that waits for it. DRAINING is the moment between the answer and the next `next`. Who waits for an invocation may give
up at any time: the environment goes on, and tells its owner about each change of phase. Unlike on AWS, an idle process
is not frozen: to stop and to continue it would cost a warm request more than everything else here.
"""

from __future__ import annotations

import asyncio
import enum
import os
import signal
import time
import uuid
from collections.abc import Callable
from typing import Final

import msgspec

from stack.function_config import FunctionConfig, environ
from stack.outcome import Answer, Fault, FaultKind, Outcome
from stack.runtime_api import PAYLOAD_LIMIT, Call, Connection
from stack.runtime_process import RuntimeProcess

_LAST_WORDS_S: Final = 0.5  # how long the last call of an ended process may take to arrive


class Phase(enum.Enum):
    STARTING = enum.auto()
    IDLE = enum.auto()
    BUSY = enum.auto()
    DRAINING = enum.auto()
    DEAD = enum.auto()


class Environment:
    """One environment, from start to death. `changed(environment, before)` is called after each change of phase."""

    def __init__(self, config: FunctionConfig, changed: Callable[[Environment, Phase], None]) -> None:
        self.phase = Phase.STARTING
        self._config = config
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._arn = f"Lambda-Runtime-Invoked-Function-Arn: {config.arn}\r\n"
        self._connections: set[Connection] = set()
        self._waiting: Connection | None = None
        self._request_id = ""
        self._init_error: bytes | None = None
        self._initialised: asyncio.Future[Fault | None] = self._loop.create_future()
        self._outcome: asyncio.Future[Outcome] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None
        self._process: RuntimeProcess | None = None
        self._exit_status: int | None = None

    async def start(self) -> Fault | None:
        """Start the process and see it through its init phase; the fault if it does not come through."""
        self._server = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", 0)
        if self._is_dead():  # killed meanwhile
            self._server.close()
            return await self._initialised
        address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._timer = self._loop.call_later(self._config.init_timeout_s, self._overdue)
        try:
            self._process = await RuntimeProcess.start(
                (*self._config.command, self._config.handler),
                environ=environ(self._config, address),
                directory=self._config.task_root,
                on_log=self._config.on_log,
                on_exit=self._exited,
            )
        except OSError as error:
            self._end("InitError", "Runtime.InvalidEntrypoint", f"The runtime could not be started: {error}")
        if self._is_dead():  # likewise
            await self.closed()
        return await self._initialised

    def invoke(self, payload: bytes, client_context: str | None = None) -> asyncio.Future[Outcome]:
        """Give an event to an IDLE environment. Cancelling what is returned gives up the wait, not the invocation."""
        assert self._waiting is not None
        self._request_id = str(uuid.uuid4())
        self._outcome = self._loop.create_future()
        self._timer = self._loop.call_later(self._config.timeout_s, self._overdue)
        self._waiting.send_invocation(self._head(client_context), payload)
        self._waiting = None
        self._move(Phase.BUSY)
        return self._outcome

    def _head(self, client_context: str | None) -> bytes:
        now = time.time()
        lines = (
            f"Lambda-Runtime-Aws-Request-Id: {self._request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int((now + self._config.timeout_s) * 1000)}\r\n"
            f"{self._arn}"
            f"Lambda-Runtime-Trace-Id: Root=1-{int(now):08x}-{os.urandom(12).hex()};Sampled=0\r\n"
        )
        if client_context is not None:
            lines += f"Lambda-Runtime-Client-Context: {client_context}\r\n"
        return lines.encode()

    def kill(self) -> None:
        """End the environment as a crash would."""
        self._exit_status = self._exit_status if self._exit_status is not None else -signal.SIGKILL
        self._end("ExitError", "Runtime.ExitError", _reason(self._exit_status))

    async def closed(self) -> None:
        """Wait until nothing of a DEAD environment is left."""
        if self._process:
            self._process.kill()
            await self._process.closed()

    # What the runtime calls

    def connected(self, connection: Connection) -> None:
        self._connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._exit_status is not None and not self._connections:
            self._ended_by_itself()
        elif connection is self._waiting:
            self.kill()

    def called(self, call: Call, connection: Connection) -> None:
        if call.name == "next":
            self._next(connection)
        elif call.name == "init/error":
            self._init_error = call.body
            connection.accept()
        elif self.phase is not Phase.BUSY or call.request_id != self._request_id:
            connection.refuse(400, "InvalidRequestID", "There is no such invocation under way.")
        elif call.name == "error":
            connection.accept()
            self._finish(Fault("Unhandled", call.body, "The function failed."))
        elif call.body is None:
            connection.refuse(413, "RequestEntityTooLarge", f"A response may have {PAYLOAD_LIMIT} bytes.")
            message = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            self._finish(_fault("ResponseTooLarge", "Function.ResponseSizeTooLarge", message))
        else:
            connection.accept()
            self._finish(Answer(call.body))

    def _next(self, connection: Connection) -> None:
        if self.phase not in (Phase.STARTING, Phase.DRAINING):
            connection.refuse(403, "InvalidStateTransition", "The invocation under way has no answer yet.")
            return
        self._stop_timer()
        self._waiting = connection
        if not self._initialised.done():
            self._initialised.set_result(None)
        self._move(Phase.IDLE)

    def _finish(self, outcome: Outcome) -> None:
        if not self._outcome.done():
            self._outcome.set_result(outcome)
        self._move(Phase.DRAINING)

    # How it ends

    def _overdue(self) -> None:
        if self.phase is Phase.STARTING:
            message = f"The initialisation timed out after {self._config.init_timeout_s:.2f} seconds"
            self._end("InitError", "Sandbox.Timedout", message)
        else:
            message = f"Task timed out after {self._config.timeout_s:.2f} seconds"
            self._config.on_log(f"{self._request_id} {message}")
            self._end("TimedOut", "Sandbox.Timedout", message)

    def _exited(self, status: int) -> None:
        """Note that the process is gone; what it still sent comes first, and is over when its connections are."""
        self._exit_status = status
        if self._connections:
            self._loop.call_later(_LAST_WORDS_S, self._ended_by_itself)
        else:
            self._ended_by_itself()

    def _ended_by_itself(self) -> None:
        kind: FaultKind = "InitError" if self.phase is Phase.STARTING else "ExitError"
        self._end(kind, "Runtime.ExitError", _reason(self._exit_status or 0))

    def _is_dead(self) -> bool:
        return self.phase is Phase.DEAD

    def _end(self, kind: FaultKind, error_type: str, message: str) -> None:
        if self._is_dead():
            return
        self._stop_timer()
        if self._server:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()
        if self._process:
            self._process.kill()
        fault = _fault(
            kind, error_type, f"RequestId: {self._request_id} Error: {message}" if self._request_id else message
        )
        if not self._initialised.done():
            self._initialised.set_result(Fault(kind, self._init_error or fault.payload, fault.message))
        if self.phase is Phase.BUSY and not self._outcome.done():
            self._outcome.set_result(fault)
        self._move(Phase.DEAD)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _move(self, phase: Phase) -> None:
        before, self.phase = self.phase, phase
        self._changed(self, before)


def _reason(status: int) -> str:
    """Say how a process ended, from its exit status as `subprocess` counts it."""
    if status < 0:
        return f"Runtime exited with error: signal: {signal.Signals(-status).name}"
    return f"Runtime exited with error: exit status {status}" if status else "Runtime exited without providing a reason"


def _fault(kind: FaultKind, error_type: str, message: str) -> Fault:
    return Fault(kind, msgspec.json.encode({"errorType": error_type, "errorMessage": message}), message)
