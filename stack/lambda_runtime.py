"""A function: its execution environments, started when needed, used again while warm, never more than reserved."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from stack.environment import Environment, Phase
from stack.function_config import FunctionConfig
from stack.outcome import Answer, Fault, FaultKind, Outcome
from stack.runtime_api import PAYLOAD_LIMIT

__all__ = ["Answer", "Fault", "FaultKind", "Function", "FunctionConfig", "Outcome"]

_T = TypeVar("_T")
_GOING: Final = "environment going down"
# On AWS those that start take no time from those that serve; here they have the machine's cores in common.
_STARTS_AT_ONCE: Final = max(1, (os.cpu_count() or 1) // 2)


class Function:
    """A function that can be invoked, inside one event loop. Its environments are started when they are needed."""

    def __init__(self, config: FunctionConfig) -> None:
        self._config = config
        self._environments: set[Environment] = set()
        self._warm: list[Environment] = []  # the one used last is used first
        self._in_flight = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()  # environments that come up or go down
        self._closed = False

    async def start(self) -> Fault | None:
        """Warm one environment up, if none is; the fault if its init phase fails."""
        return None if self._warm else await self._start_environment()

    async def invoke(self, payload: bytes, *, client_context: str | None = None) -> Outcome:
        """Invoke the function with an event (JSON, UTF-8) and wait for what comes of it.

        Cancelling the wait leaves the invocation running to its end, as a caller that hangs up does on AWS.
        """
        if len(payload) > PAYLOAD_LIMIT:
            return Fault("RequestTooLarge", None, f"A request may have {PAYLOAD_LIMIT} bytes, not {len(payload)}.")
        if self._in_flight >= self._config.concurrency:
            return Fault("Throttled", None, f"All {self._config.concurrency} reserved environments are busy.")
        self._in_flight += 1
        given = False
        try:
            while not self._warm:
                if fault := await self._supply():
                    return fault
            outcome = self._warm.pop().invoke(payload, client_context)
            given = True  # from here on the environment's change of phase gives the place back
        finally:
            if not given:
                self._in_flight -= 1
        return await outcome

    async def crash(self) -> None:
        """Kill every environment that is initialised, busy ones too; the next invocation starts a new one."""
        await self._kill([each for each in self._environments if each.phase is not Phase.STARTING])

    async def close(self) -> None:
        """Kill every environment and wait until none of their processes is left. The function is over."""
        self._closed = True
        await self._kill(list(self._environments))

    async def _kill(self, environments: list[Environment]) -> None:
        for each in environments:
            each.kill()
        while going := [task for task in self._tasks if self._closed or task.get_name() == _GOING]:
            await asyncio.wait(going)

    async def _supply(self) -> Fault | None:
        """Wait for any environment to be free, having started one unless enough are on their way; then look again.

        A request that made one start is often served by another that was free before: Lambda does so too. Source: AWS,
        "Understanding the Lambda execution environment lifecycle", on proactive initialization.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            phases = Counter(each.phase for each in self._environments)
            coming = phases[Phase.STARTING] + phases[Phase.DRAINING]
            if coming >= len(self._waiters) or phases[Phase.STARTING] >= _STARTS_AT_ONCE:
                await waiter
                return Fault("ExitError", None, "The function was closed.") if self._closed else None
            environment, starting = self._begin()
            await asyncio.wait([waiter, starting], return_when=asyncio.FIRST_COMPLETED)
            return await starting if starting.done() or environment.phase is Phase.DEAD else None
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    async def _start_environment(self) -> Fault | None:
        _, starting = self._begin()
        return await asyncio.shield(starting)

    def _begin(self) -> tuple[Environment, asyncio.Task[Fault | None]]:
        if self._closed:
            raise RuntimeError("The function is closed.")
        environment = Environment(self._config, self._changed)
        self._environments.add(environment)
        return environment, self._track(environment.start())

    def _track(self, work: Coroutine[Any, Any, _T], name: str | None = None) -> asyncio.Task[_T]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _changed(self, environment: Environment, before: Phase) -> None:
        if before is Phase.BUSY:
            self._in_flight -= 1
        if environment.phase is Phase.IDLE:
            self._warm.append(environment)
        elif environment.phase is Phase.DEAD:
            self._environments.discard(environment)
            self._track(environment.closed(), _GOING)
            if before is Phase.IDLE:
                self._warm.remove(environment)
        if environment.phase is Phase.IDLE or before in {Phase.STARTING, Phase.DRAINING}:
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
