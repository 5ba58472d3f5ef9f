"""A Postgres server of one's own on loopback: started, crashed, restarted and ended without a trace."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from stack import watchdog
from stack.cluster import ADMIN, Binaries, find_barrier, find_binaries, make_cluster, run_as
from stack.errors import StackError
from stack.folders import cache_folder

HOST = "127.0.0.1"
START_S = 60.0
STOP_S = 10.0
POLL_S = 0.005
PORT_ATTEMPTS = 10
# `mmap` keeps dynamic shared memory inside the data folder, where a crash leaves nothing behind in /dev/shm.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Good for tests: a machine that loses power loses the data, a crash of the server the last half second of commits.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class _PortTakenError(Exception):
    """Someone else listens on the port."""


class Server:
    """A running server. `port` stays the same over `restart`; `admin_password` is this server's own.

    A context manager; leaving it ends the server and removes its folder. When its owner dies instead, by whatever
    signal, the watchdog does the same.
    """

    host = HOST
    admin_user = ADMIN
    database = "postgres"

    def __init__(self, directory: Path, *, scratch: bool, durable: bool) -> None:
        self.directory = directory
        self.port = 0
        self.admin_password = ""
        self._binaries: Binaries | None = None
        self._scratch = scratch
        self._settings = SETTINGS if durable else SETTINGS | HASTY
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__, directory, "scratch" if scratch else "keep"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """What the server has written so far."""
        with suppress(FileNotFoundError):
            return (self.directory / "postgres.log").read_text(errors="replace")
        return ""

    def dsn(self, user: str, password: str, database: str | None = None) -> str:
        """A connection string in libpq's keyword form."""
        return make_conninfo(
            host=self.host, port=self.port, dbname=database or self.database, user=user, password=password
        )

    def connect(self, database: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the administrator, every statement its own transaction."""
        dsn = self.dsn(self.admin_user, self.admin_password, database)
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10)

    def install(self, cache: Path) -> None:
        """Make the data folder."""
        self._binaries = find_binaries(self.directory)
        self._binaries.own(self.directory)
        self.admin_password = make_cluster(self._binaries, self.directory / "data", cache)

    def start(self) -> None:
        """Start on `port`, and return once a query can be answered."""
        assert self._binaries is not None
        held, lifeline = os.pipe()
        settings = [f"--{name}={value}" for name, value in {**self._settings, "port": self.port}.items()]
        with (self.directory / "postgres.log").open("wb") as log:
            try:
                self._postmaster = subprocess.Popen(
                    [self._binaries.folder / "postgres", "-D", self.directory / "data", *settings],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.directory,
                    env=self._binaries.environment(),
                    pass_fds=[lifeline],
                    start_new_session=True,
                    **self._binaries.run_as,
                )
            finally:
                os.close(lifeline)
                self._lifeline = held
        self._await_ready()

    def restart(self) -> None:
        """Stop in order, if it runs, and start again on the same port."""
        self._end(signal.SIGINT)
        deadline = time.monotonic() + STOP_S
        while True:
            try:
                return self.start()
            except _PortTakenError:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"Postgres cannot come back: another program has taken port {self.port}.",
                        hint="Start the stack again; it then looks for another port.",
                    ) from None

    def kill(self) -> None:
        """Crash: SIGKILL to all its processes; returns once the last one is gone. `restart` recovers."""
        children = watchdog.find_children(self._postmaster.pid) if self._postmaster else []
        self._end(signal.SIGKILL, children)

    def stop(self) -> None:
        """End the server and remove its folder if it was made for it; safe to call again."""
        self._end(signal.SIGQUIT if self._scratch else signal.SIGINT)
        if self._scratch:
            shutil.rmtree(self.directory, ignore_errors=True)
        with suppress(BrokenPipeError, ValueError):
            self._watchdog.communicate(b"done")

    def _end(self, number: signal.Signals, children: Sequence[int] = ()) -> None:
        postmaster, self._postmaster = self._postmaster, None
        if postmaster is None:
            return
        shared_memory = _read_pid_file(self.directory / "data", 6).split()[-1:]
        for attempt in (number, signal.SIGQUIT, signal.SIGKILL):
            postmaster.send_signal(attempt)
            with suppress(subprocess.TimeoutExpired):
                postmaster.wait(STOP_S)
                break
        for child in children:  # one that computes would not notice the postmaster's end for a long time
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        # Every process of the server holds the other end: end of file says that the last one is gone.
        os.read(self._lifeline, 1)
        os.close(self._lifeline)
        if postmaster.returncode == -signal.SIGKILL and shutil.which("ipcrm") and shared_memory:
            subprocess.run(["ipcrm", "-m", *shared_memory], capture_output=True, check=False)

    def _await_ready(self) -> None:
        assert self._postmaster is not None
        deadline = time.monotonic() + START_S
        while not self._says_ready(self._postmaster.pid):
            if self._postmaster.poll() is not None or time.monotonic() > deadline:
                self._end(signal.SIGKILL)
                if "Address already in use" in self.log:
                    raise _PortTakenError
                raise StackError(
                    f"Postgres did not start: {self.log.strip()[-2000:] or 'it wrote no log'}",
                    hint="These are its own words; the space and the permissions of its folder are the usual causes.",
                )
            time.sleep(POLL_S)
        self.connect().close()

    def _says_ready(self, pid: int) -> bool:
        """Whether this very process has written that it takes connections; a crash leaves the file of the last one."""
        data = self.directory / "data"
        return _read_pid_file(data, 0) == str(pid) and _read_pid_file(data, 7) == "ready"


def _read_pid_file(data: Path, line: int) -> str:
    """A line of `postmaster.pid`, "" where there is none yet.

    Counted from 0: line 0 is the process id, line 6 ends in the id of the System V memory segment, line 7 is the
    server's state (Postgres, src/include/utils/pidfile.h).
    """
    with suppress(OSError, IndexError):
        return (data / "postmaster.pid").read_text().splitlines()[line].strip()
    return ""


def make_scratch() -> Path:
    """A fresh temporary folder that the server's user can reach."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if not run_as() or (Path(parent).is_dir() and find_barrier(Path(parent)) is None):
            folder = Path(tempfile.mkdtemp(prefix="flights-postgres-", dir=parent))
            folder.chmod(0o711)
            return folder
    raise StackError(
        "No temporary folder can be entered by the user `nobody`, as whom root runs Postgres.",
        hint="Set TMPDIR to a folder whose parents all have mode o+x, or start the stack as an ordinary user.",
    )


def start(directory: Path | None = None, *, port: int = 0, durable: bool = True, cache: Path | None = None) -> Server:
    """Start a server with an empty database `postgres`, listening on loopback, logins by SCRAM password.

    `directory` must be an empty folder (None: a temporary one, removed in the end). `port` 0 takes a free one.
    `durable=False` gives up `fsync`, full page writes and synchronous commits for speed. Raises StackError.
    """
    if directory is not None:
        _require_usable(directory.resolve())
    folder = make_scratch() if directory is None else directory.resolve()
    server = Server(folder, scratch=directory is None, durable=durable)
    try:
        server.install(cache or cache_folder())
        _start_on(server, port)
        _renew_password(server)
    except (OSError, psycopg.Error) as error:
        server.stop()
        raise StackError(
            f"Postgres did not come up in {folder}: {_reason(error)}",
            hint="Look at the free space and the permissions of that folder; TMPDIR names another place.",
        ) from None
    except BaseException:
        server.stop()
        raise
    return server


def _reason(error: Exception) -> str:
    """Say why in a line; a tree that could not be copied says it once a file."""
    return str(error.args[0][-1][-1] if isinstance(error, shutil.Error) else error).strip()


def _require_usable(folder: Path) -> None:
    if not folder.is_dir() or any(folder.iterdir()):
        raise StackError(
            f"{folder} is not an empty folder.", hint="Name an empty one, or leave it out for a temporary one."
        )
    barrier = find_barrier(folder.parent) if run_as() else None
    if barrier is not None:
        raise StackError(
            f"The user `nobody`, as whom root runs Postgres, cannot enter {barrier}.",
            hint=f"`chmod o+x {barrier}`, choose another folder, or leave it out for a temporary one.",
        )


def _start_on(server: Server, port: int) -> None:
    for _ in range(1 if port else PORT_ATTEMPTS):
        server.port = port or _find_free_port()
        with suppress(_PortTakenError):
            return server.start()
    raise StackError(
        f"Port {server.port} is taken by another program.", hint="Name another port, or 0 for any that is free."
    )


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _renew_password(server: Server) -> None:
    """Replace the template's password, which every server copied from it would share."""
    fresh = secrets.token_urlsafe(24)
    with server.connect() as connection:
        connection.execute("SET synchronous_commit = on")  # a crash must not bring the old one back
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ADMIN), sql.Literal(fresh)))
    server.admin_password = fresh
