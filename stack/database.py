"""The flights database on a server: ours or another's: made, migrated, and its logins' passwords."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stack.errors import StackError

NAME: Final = "flights"
LOGINS: Final = ("MIGRATOR", "INGEST", "READER", "CANARY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """`dsn` names server and database, no login; `admin` is the login that may make roles; `passwords` by login."""

    dsn: str
    admin: Mapping[str, str] = field(repr=False)
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {login: secrets.token_urlsafe(24) for login in LOGINS}, repr=False
    )

    def environ(self, *logins: str) -> dict[str, str]:
        """What a process that signs in as `logins` finds in its environment."""
        own = {f"FLIGHTS_DB_PASSWORD_{login}": self.passwords[login] for login in logins}
        return {"FLIGHTS_DB_DSN": self.dsn, "FLIGHTS_DB_AUTH": "password", **own}

    def connect_migrator(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the migrator, every statement its own transaction."""
        password = self.passwords["MIGRATOR"]
        return psycopg.connect(make_conninfo(self.dsn, user="flights_migrator", password=password), autocommit=True)

    def lock(self, seconds: float) -> None:
        """Keep everybody else from the flights for so long, as a migration that forgot its lock_timeout would."""
        try:
            with self.connect_migrator() as connection, connection.transaction():
                connection.execute("SET LOCAL ROLE flights_owner")
                connection.execute("SET LOCAL statement_timeout = 0")
                connection.execute("LOCK TABLE flights.flight IN ACCESS EXCLUSIVE MODE")
                connection.execute("SELECT pg_sleep(%s)", [seconds])
        except psycopg.Error as error:
            raise StackError(f"The lock was not held to its end: {error}".strip()) from None


def create(admin_dsn: str) -> Database:
    """Make the database `flights` on the administrator's server, unless it is there; nothing is dropped.

    `admin_dsn` is a libpq connection string or URL. Raises StackError if the server does not let us.
    """
    given = _read(admin_dsn)
    try:
        with psycopg.connect(admin_dsn, autocommit=True, connect_timeout=10) as connection:
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
            user, password = connection.info.user, connection.info.password
    except psycopg.Error as error:
        raise StackError(
            f"The database server does not serve: {error}".strip(),
            hint="DATABASE_URL must name a server and a login that may create databases and roles; "
            "without it the stack starts a server of its own.",
        ) from None
    server = {name: value for name, value in given.items() if name not in ("user", "password", "dbname")}
    return Database(
        dsn=make_conninfo("", **server, dbname=NAME),
        admin={"FLIGHTS_DB_ADMIN_USER": user, "FLIGHTS_DB_ADMIN_PASSWORD": password},
    )


def _read(admin_dsn: str) -> dict[str, str]:
    """Take a connection string apart. What is wrong with one is not quoted: it may be the password."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(admin_dsn).items() if value is not None}
        understood = _is_port(given.get("port", "5432")) and "@" not in given.get("host", "")[1:]
    except psycopg.Error:
        understood = False
    if not understood:
        raise StackError(
            "DATABASE_URL is no connection string that libpq understands.",
            hint="postgresql://LOGIN:PASSWORD@HOST:PORT/postgres, with percent signs for what a URL gives a meaning "
            "(%40 for @, %2F for /), or host=... port=... user=... password=...",
        )
    return given


def _is_port(text: str) -> bool:
    """Whether it is a port, or one for each of several hosts."""
    return text.replace(",", "0").isdecimal()


def migrate(database: Database, package: Path, python: Path) -> None:
    """Make the roles and bring the schema up to date, by the packaged service's own command."""
    ran = subprocess.run(
        [python, "-m", "service.migrate"],
        cwd=package,
        env={**database.environ(*LOGINS), **database.admin},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise StackError(
            f"The migrations did not run: {ran.stderr.strip()}",
            hint="The message is that of `python -m service.migrate`; the migrations are in service/migrations/.",
        )
