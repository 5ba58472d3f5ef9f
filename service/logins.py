"""How each database login signs in: by password, or on AWS by a short-lived RDS IAM token. Knows no SQL."""

from __future__ import annotations

import importlib
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNER = "flights_owner"


class Login(StrEnum):
    """The database logins; what each may do is granted in the migrations."""

    MIGRATOR = "flights_migrator"
    INGEST = "flights_ingest"
    READER = "flights_reader"
    CANARY = "flights_canary"


class ConfigurationError(Exception):
    """The environment does not say how to reach the database; the message names the variable."""


def parameters(login: Login, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return libpq connection parameters for `login`.

    `FLIGHTS_DB_DSN` names host, port and dbname, as a libpq connection string without user and password;
    `FLIGHTS_DB_AUTH` is `password` (the default; `FLIGHTS_DB_PASSWORD_INGEST` and so on) or `iam`, which asks for TLS
    with a verified name: give `sslrootcert` in the DSN. Raises `ConfigurationError`.
    """
    found: dict[str, Any] = {
        "connect_timeout": 5,
        # A peer that is gone without a word is noticed within seconds: an environment may be frozen for minutes.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "application_name": "flights",
        **conninfo_to_dict(required(environment, "FLIGHTS_DB_DSN")),
    }
    match environment.get("FLIGHTS_DB_AUTH", "password"):
        case "password":
            password = required(environment, password_variable(login))
        case "iam":
            found.setdefault("sslmode", "verify-full")
            password = _iam_token(found["host"], int(found.get("port", 5432)), login)
        case other:
            raise ConfigurationError(f"FLIGHTS_DB_AUTH is {other!r}; known: password, iam")
    return {**found, "user": login.value, "password": password}


def password_variable(login: Login) -> str:
    """Return the name of the environment variable that holds the password of `login`."""
    return f"FLIGHTS_DB_PASSWORD_{login.name}"


def connect(login: Login, environment: Mapping[str, str] = os.environ) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection as `login`, each statement its own transaction."""
    return psycopg.connect(**parameters(login, environment), autocommit=True)


def required(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable; `ConfigurationError` where there is none."""
    value = environment.get(name)
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def _iam_token(host: str, port: int, login: Login) -> str:
    """Sign a token that RDS takes for a password during 15 minutes (boto3, `RDS.Client.generate_db_auth_token`)."""
    boto3 = importlib.import_module("boto3")  # in the Lambda runtime, not in our package, and slow to import
    token: str = boto3.client("rds").generate_db_auth_token(DBHostname=host, Port=port, DBUsername=login.value)
    return token
