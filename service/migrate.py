"""Bring the database to the newest schema: the roles first, then plain forward-only SQL under a lock, with checksums.

Run as `python -m service.migrate`. `FLIGHTS_DB_DSN`, `FLIGHTS_DB_AUTH` and `FLIGHTS_DB_PASSWORD_MIGRATOR` say how the
migrator signs in. Where `FLIGHTS_DB_ADMIN_USER` and `FLIGHTS_DB_ADMIN_PASSWORD` are set, the roles are made first, and
given the passwords that the environment holds. Both steps may be repeated at will.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql

from service.logins import OWNER, ConfigurationError, Login, connect
from service.roles import bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Connection = psycopg.Connection[tuple[Any, ...]]

FOLDER = Path(__file__).with_name("migrations")
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
LOCK = 0x666C69676874  # "flight": one run at a time a database
_PATIENCE = "15min"
_ATTEMPTS = 5


class MigrationError(Exception):
    """The migrations and the database contradict each other; the message names the file and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of SQL. `checksum` is the SHA-256 of its bytes, in hexadecimal."""

    number: int
    name: str
    text: str
    checksum: str

    @property
    def alone(self) -> bool:
        """Whether it runs outside a transaction, as `CREATE INDEX CONCURRENTLY` must; its first line says so."""
        return self.text.startswith("-- migrate: no transaction\n")


def load(folder: Path = FOLDER) -> list[Migration]:
    """Read the migrations of `folder` in order; `MigrationError` unless they are numbered 0001, 0002 and so on."""
    migrations = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = _NAME.fullmatch(path.name)
        if match is None or int(match[1]) != number:
            raise MigrationError(f"{path.name}: expected {number:04}_lower_case_name.sql")
        data = path.read_bytes()
        checksum = hashlib.sha256(data).hexdigest()
        migrations.append(Migration(number=number, name=path.name, text=data.decode(), checksum=checksum))
    return migrations


def pending(migrations: Sequence[Migration], applied: Sequence[tuple[str, str]]) -> list[Migration]:
    """Return what is still to do, given the (name, checksum) of what was applied, in order; pure."""
    for position, (name, checksum) in enumerate(applied):
        known = migrations[position] if position < len(migrations) else None
        if known is None or known.name != name:
            raise MigrationError(f"{name} was applied to this database, but is missing here; put it back")
        if known.checksum != checksum:
            raise MigrationError(f"{name} was changed after it was applied; restore it and write a new migration")
    return list(migrations[len(applied) :])


def migrate(connection: Connection, migrations: Sequence[Migration]) -> list[Migration]:
    """Apply what is pending over the migrator's autocommit `connection`, as the owner; return what was applied."""
    with connection.transaction():  # the migrator's own lock_timeout is for tables; another run may take minutes
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_PATIENCE))
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))
        todo = pending(migrations, _applied(connection))
        for migration in todo:
            _apply(connection, migration)
        return todo
    finally:
        if not connection.broken:
            connection.execute("RESET ROLE")
            connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _applied(connection: Connection) -> list[tuple[str, str]]:
    connection.execute(
        """
        CREATE TABLE IF NOT EXISTS flights.migration (
            number integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    rows = connection.execute("SELECT name, checksum FROM flights.migration ORDER BY number").fetchall()
    return [(name, checksum) for name, checksum in rows]


def _apply(connection: Connection, migration: Migration) -> None:
    """Run one migration, and again while another session holds a lock that it needs: `lock_timeout` gave up, not we."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            if migration.alone:
                _run(connection, migration)
            else:
                with connection.transaction():
                    _run(connection, migration)
        except errors.LockNotAvailable:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _run(connection: Connection, migration: Migration) -> None:
    connection.execute(migration.text.encode(), prepare=False)
    connection.execute(
        "INSERT INTO flights.migration (number, name, checksum) VALUES (%s, %s, %s)",
        [migration.number, migration.name, migration.checksum],
    )


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Make the roles where an administrator is given, migrate, and say on stderr what was done; 0, or 1 and why not."""
    try:
        if environment.get("FLIGHTS_DB_ADMIN_USER"):
            bootstrap(environment)
            sys.stderr.write("roles: ready\n")
        with connect(Login.MIGRATOR, environment) as connection:
            done = migrate(connection, load())
        sys.stderr.write("".join(f"{migration.name}: applied\n" for migration in done) or "schema: up to date\n")
    except (MigrationError, ConfigurationError, psycopg.Error) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
