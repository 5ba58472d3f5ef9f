"""What the service's benchmarks run against: `python -m stack up` on a Postgres server that they may administer."""

from __future__ import annotations

import io
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from psycopg import sql

from benchmarks.measure import ROOT, SpoiltError, announce
from stack import postgres

DATABASE = "flights"
STOP_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The stack that is up. `said` is what it printed: BASE_URL and a token for each scope."""

    server: postgres.Server
    said: Mapping[str, str]

    def sign_in(self, login: str) -> dict[str, str]:
        """Return what a process finds in its environment to sign in as `login` (INGEST, READER).

        The login gets another password; the stack's own connections are open by then, and stay open.
        """
        password = secrets.token_urlsafe(24)
        with self.server.connect() as connection:
            role = sql.Identifier(f"flights_{login.lower()}")
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
        dsn = f"host={self.server.host} port={self.server.port} dbname={DATABASE}"
        return {"FLIGHTS_DB_DSN": dsn, "FLIGHTS_DB_AUTH": "password", f"FLIGHTS_DB_PASSWORD_{login}": password}


@contextmanager
def up(flights: int) -> Iterator[Served]:
    """Bring the stack up with so many flights, and take it down."""
    with postgres.start() as server:
        admin = server.dsn(server.admin_user, server.admin_password)
        command = [sys.executable, "-m", "stack", "up", "--flights", str(flights)]
        announce(command)
        with child(command, {**os.environ, "DATABASE_URL": admin}) as out:
            lines = dict(line.rstrip("\n").split("=", 1) for _, line in zip(range(5), out, strict=False))
            if len(lines) != 5:
                raise SpoiltError(f"the stack did not come up: {lines}")
            yield Served(server=server, said=lines)


@contextmanager
def child(
    command: Sequence[str], env: Mapping[str, str], *, cwd: Path = ROOT, stdout: int = subprocess.PIPE
) -> Iterator[IO[str]]:
    """Start a program in a session of its own and give its stdout; it, and what it started, end with the context."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process.stdout or io.StringIO()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
