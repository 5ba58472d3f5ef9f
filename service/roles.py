"""Make the owner and the logins of the flights database, as an administrator; every statement may be repeated."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from service.logins import OWNER, Login, password_variable, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    Connection = psycopg.Connection[tuple[Any, ...]]

# Belts, not boundaries: a session may set these otherwise; grants and policies are what holds.
_SETTINGS: dict[Login, dict[str, str]] = {
    Login.MIGRATOR: {"lock_timeout": "2s", "idle_in_transaction_session_timeout": "60s"},
    Login.INGEST: {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "idle_session_timeout": "15min",
    },
    **{
        login: {
            "default_transaction_read_only": "on",
            "statement_timeout": "5s",
            "idle_in_transaction_session_timeout": "10s",
            "idle_session_timeout": "15min",
        }
        for login in (Login.READER, Login.CANARY)
    },
}
_COMMON = {"datestyle": "ISO, MDY"}  # days are read and written as ISO dates, whatever the database prefers
# Roles belong to the whole server, and no advisory lock reaches beyond its database. Of several databases that are set
# up at once each round lets one through, and tells the others "duplicate key" or "tuple concurrently updated".
_COLLISIONS = (errors.UniqueViolation, errors.InternalError_, errors.DeadlockDetected)
_ATTEMPTS = 20


def bootstrap(environment: Mapping[str, str] = os.environ) -> None:
    """Sign in as the administrator that the environment names, and make every role, the schema and who may connect."""
    given: dict[str, Any] = {
        **conninfo_to_dict(required(environment, "FLIGHTS_DB_DSN")),
        "user": environment["FLIGHTS_DB_ADMIN_USER"],
        "password": environment.get("FLIGHTS_DB_ADMIN_PASSWORD", ""),
    }
    with psycopg.connect(**given, autocommit=True) as connection:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with connection.transaction():
                    _make_everything(connection, environment)
            except _COLLISIONS:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return


def _make_everything(connection: Connection, environment: Mapping[str, str]) -> None:
    _make_role(connection, OWNER, "NOLOGIN NOINHERIT")
    for login in Login:
        _make_role(connection, login.value, "LOGIN INHERIT")
        _let_sign_in(connection, login, environment)
        for name, value in {**_COMMON, **_SETTINGS[login]}.items():
            _run(connection, "ALTER ROLE {} SET {} = {}", login.value, name, sql.Literal(value))
    _run(connection, "GRANT {} TO {}", OWNER, Login.MIGRATOR.value)
    _close_doors(connection)
    _make_schema(connection)


def _run(connection: Connection, statement: str, *parts: str | sql.Composable) -> None:
    """Run a statement in which each `{}` becomes an identifier, or what it is given already composed."""
    composed = [sql.Identifier(part) if isinstance(part, str) else part for part in parts]
    connection.execute(sql.SQL(statement).format(*composed))


def _make_role(connection: Connection, name: str, kind: str) -> None:
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
        _run(connection, "CREATE ROLE {}", name)
    _run(connection, "ALTER ROLE {} NOCREATEDB NOCREATEROLE " + kind, name)


def _let_sign_in(connection: Connection, login: Login, environment: Mapping[str, str]) -> None:
    """Give the login its password, as a SCRAM verifier that no log can give away, or on RDS the right to use tokens."""
    if environment.get("FLIGHTS_DB_AUTH", "password") == "iam":
        _run(connection, "GRANT rds_iam TO {}", login.value)
        return
    password = required(environment, password_variable(login))
    verifier = connection.pgconn.encrypt_password(password.encode(), login.value.encode(), b"scram-sha-256")
    _run(connection, "ALTER ROLE {} PASSWORD {}", login.value, sql.Literal(verifier.decode()))


def _close_doors(connection: Connection) -> None:
    """Let nobody but the logins into this database, and them into no other; nobody may make temporary tables."""
    for database in ("postgres", "template1", connection.info.dbname):
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    _run(connection, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    # Large objects belong to whoever makes them, and anybody may: the one way for a reader to write. On RDS, where the
    # functions are not the administrator's, this does nothing but warn.
    for function in ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)"):
        _run(connection, "REVOKE EXECUTE ON FUNCTION pg_catalog.{} FROM PUBLIC", sql.SQL(function))
    for login in Login:
        _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", connection.info.dbname, login.value)


def _make_schema(connection: Connection) -> None:
    """Make the schema, owned by the owner; who is no superuser must be a member of it for a moment."""
    if connection.execute("SELECT FROM pg_namespace WHERE nspname = 'flights'").rowcount:
        return
    _run(connection, "GRANT {} TO CURRENT_USER", OWNER)
    _run(connection, "CREATE SCHEMA flights AUTHORIZATION {}", OWNER)
    _run(connection, "REVOKE {} FROM CURRENT_USER", OWNER)
