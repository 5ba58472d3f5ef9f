"""The whole stack on one machine, from nothing to a served API and back: database, flights, function, gateway."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psycopg
import uvloop

from stack import data, database, package, postgres
from stack.authorizer import Authorizer
from stack.control import Control
from stack.errors import StackError
from stack.folders import ROOT
from stack.gateway import application, routes_from_openapi
from stack.lambda_runtime import Function, FunctionConfig
from stack.progress import bar, say, step
from stack.serving import bind, serving, url
from stack.tokens import AUDIENCE, SCOPES, Issuer
from stack.uv import stop_uv

FLIGHTS: Final = 10_000
CONCURRENCY: Final = 8
TIMEOUT_S: Final = 15.0  # more than a statement may take, less than the API waits
LINES_KEPT: Final = 200_000  # of a log: some minutes of load, in a few dozen MB
INTERRUPTED: Final = 130
GIVE_UP_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to bring up. `flights` are loaded; `port` 0 is a free one; `database_url` names another server's admin."""

    flights: int = FLIGHTS
    port: int = 0
    durable: bool = True
    concurrency: int = CONCURRENCY
    database_url: str | None = None
    root: Path = ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is there before anything is served. `server` is None where the database server is another's."""

    server: postgres.Server | None
    database: database.Database
    package: Path
    python: Path


class Interruption:
    """Turns the first SIGINT, SIGTERM or SIGHUP into an orderly end; further ones change nothing about it."""

    def __init__(self) -> None:
        self._notify: Callable[[], object] | None = None
        self._spent = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._spent:
            return
        self._spent = True
        if self._notify is None:
            raise KeyboardInterrupt
        self._notify()

    def disarm(self) -> None:
        """Ignore signals from now on: the end has begun."""
        self._spent = True

    async def wait(self) -> None:
        """Wait for a signal, inside an event loop."""
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        self._notify = lambda: loop.call_soon_threadsafe(event.set)
        await event.wait()


def up(options: Options) -> int:
    """Bring the stack up, serve until a signal comes, take it down; the exit status. Raises StackError."""
    interruption = Interruption()
    served = False
    with ExitStack() as stack:
        stack.callback(interruption.disarm)
        try:
            listener = stack.enter_context(closing(bind(options.port)))
            control = stack.enter_context(closing(bind(0)))
            parts = stack.enter_context(prepare(options))
            served = True
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(options, parts, listener, control, interruption))
        except KeyboardInterrupt:
            say("interrupted")
        finally:
            interruption.disarm()
    say("everything is stopped")
    return 0 if served else INTERRUPTED


@contextmanager
def prepare(options: Options) -> Iterator[Parts]:
    """Database server, package and flights, side by side; then the schema and its rows."""
    with ThreadPoolExecutor(thread_name_prefix="prepare") as pool, ExitStack() as stack:
        building = pool.submit(package.build, options.root)
        runtime = pool.submit(package.runtime_python, options.root)
        fetching = pool.submit(data.fetch) if options.flights else None
        stack.callback(_give_up, [job for job in (building, runtime, fetching) if job])
        server = None
        if options.database_url is None:
            with step("Postgres is up"):
                server = stack.enter_context(postgres.start(durable=options.durable))
        admin_dsn = options.database_url or _admin_dsn(server)
        with step("the package is built"):
            built, python = building.result(), runtime.result()
        with step("the schema is up to date"):
            flights = database.create(admin_dsn)
            database.migrate(flights, built, python)
        if fetching is not None:
            _load(flights, options.flights, fetching.result())
        pool.shutdown()
        yield Parts(server=server, database=flights, package=built, python=python)


def _give_up(jobs: Sequence[Future[Any]]) -> None:
    """End every uv of the jobs, those too that they are only about to start, until the last job is over."""
    stop_uv()
    while wait(jobs, timeout=GIVE_UP_S).not_done:
        stop_uv()


def _admin_dsn(server: postgres.Server | None) -> str:
    assert server is not None
    return server.dsn(server.admin_user, server.admin_password)


def _load(flights: database.Database, count: int, file: Path) -> None:
    done = step(f"{count:,} flights are loaded")
    try:
        with flights.connect_migrator() as connection, done, bar("flights", count) as tell:
            data.load(connection, count, file, tell)
    except psycopg.Error as error:
        raise StackError(
            f"The flights could not be loaded: {error}".strip(),
            hint="Look at the free space where the server keeps its data; `--flights` takes fewer.",
        ) from None


def configure(parts: Parts, options: Options, metrics: Callable[[str], None]) -> FunctionConfig:
    """How the function runs: the package under the genuine runtime client, in an environment of its own."""

    def sort(line: str) -> None:
        if line.startswith('{"_aws"'):
            metrics(line)
        else:
            say(f"lambda: {line}")

    return FunctionConfig(
        command=(str(parts.python), "-m", "awslambdaric"),
        environ={
            **parts.database.environ("INGEST", "READER", "CANARY"),
            "FLIGHTS_STAGE": "local",
            "POWERTOOLS_SERVICE_NAME": "flights",
        },
        task_root=parts.package,
        handler=package.HANDLER,
        timeout_s=TIMEOUT_S,
        concurrency=options.concurrency,
        on_log=sort,
    )


async def _serve(
    options: Options, parts: Parts, listener: socket.socket, control: socket.socket, interruption: Interruption
) -> None:
    """Serve until a signal comes. What a program reads is on stdout once every part answers."""
    metrics: deque[str] = deque(maxlen=LINES_KEPT)
    accesses: deque[str] = deque(maxlen=LINES_KEPT)
    function = Function(configure(parts, options, metrics.append))
    issuer = Issuer(url(control))
    waiting = asyncio.create_task(interruption.wait())
    try:
        document = json.loads((parts.package / "service" / "openapi.json").read_text())
        api = application(
            routes=routes_from_openapi(document),
            invoke=function.invoke,
            authorize=Authorizer(issuer.jwks(), issuer=issuer.url, audience=[AUDIENCE]),
            log=accesses.append,
        )
        beside = Control(
            issuer=issuer,
            deeds=_deeds(parts, function),
            lock=lambda seconds: asyncio.to_thread(parts.database.lock, seconds),
            metrics=lambda: tuple(metrics),
            accesses=lambda: tuple(accesses),
        )
        async with serving(api, listener), serving(beside, control):
            if fault := await function.start():
                raise StackError(
                    f"The function does not start: {fault.message} {(fault.payload or b'').decode(errors='replace')}",
                    hint="The lines above that begin with `lambda:` are its own.",
                )
            _announce(url(listener), issuer)
            await waiting
            say("stopping")
    finally:
        waiting.cancel()
        await function.close()


def _announce(base_url: str, issuer: Issuer) -> None:
    lines = {"BASE_URL": base_url, "CONTROL_URL": issuer.url}
    lines |= {f"TOKEN_{scope.replace(':', '_').upper()}": issuer.issue(scope) for scope in SCOPES}
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in lines.items()))
    sys.stdout.flush()
    say("ready; Ctrl-C stops it")


def _deeds(parts: Parts, function: Function) -> dict[str, Callable[[], Awaitable[None]]]:
    """What the control server can do, one at a time."""
    lock = asyncio.Lock()

    def own() -> postgres.Server:
        if parts.server is None:
            raise StackError("The database server is another's (DATABASE_URL).", hint="Restart it yourself.")
        return parts.server

    def crash() -> None:
        own().kill()
        own().restart()

    async def in_a_thread(deed: Callable[[], None]) -> None:
        async with lock:
            await asyncio.to_thread(deed)

    return {
        "/postgres/restart": lambda: in_a_thread(lambda: own().restart()),
        "/postgres/kill": lambda: in_a_thread(crash),
        "/lambda/crash": function.crash,
    }
