"""The operators' login, made by the very statements that infra/README.md shows, on a real PostgreSQL."""

import re
from pathlib import Path

import psycopg
import pytest

from service.logins import Login, connect, password_variable
from service.migrate import load, migrate
from service.roles import bootstrap
from stack.postgres import start

README = Path(__file__).parents[2] / "infra" / "README.md"


@pytest.fixture(scope="module")
def sign_in():
    """Opens connections as the operators' login, to a database with one ordinary flight."""
    with start(durable=False) as server:
        with server.connect() as admin:
            admin.execute("CREATE DATABASE flights")
            admin.execute("CREATE ROLE rds_iam NOLOGIN")  # RDS has it; here a token cannot be checked
        environment = {
            "FLIGHTS_DB_DSN": f"host={server.host} port={server.port} dbname=flights",
            "FLIGHTS_DB_ADMIN_USER": server.admin_user,
            "FLIGHTS_DB_ADMIN_PASSWORD": server.admin_password,
            **{password_variable(login): login.name for login in Login},
        }
        bootstrap(environment)
        with connect(Login.MIGRATOR, environment) as migrator:
            migrate(migrator, load())
        [statements] = re.findall(r"```sql\n(.*?)```", README.read_text(), flags=re.DOTALL)
        with server.connect("flights") as admin:
            admin.execute(statements)
            admin.execute("ALTER ROLE flights_operator PASSWORD 'operator'")
            admin.execute(
                "INSERT INTO flights.flight (flight_date, carrier, flight, origin, dest, sched_dep_time,"
                " sched_arr_time, distance) VALUES ('2013-01-01', 'UA', 1, 'EWR', 'IAH', 515, 819, 1400)"
            )
        yield lambda: psycopg.connect(
            environment["FLIGHTS_DB_DSN"], user="flights_operator", password="operator", autocommit=True
        )


def test_reads_what_third_parties_read(sign_in):
    """An operator sees the ordinary flights."""
    with sign_in() as connection:
        found = connection.execute("SELECT carrier, flight FROM flights.flight").fetchall()
    assert [("UA", 1)] == found


def test_writes_nothing_unless_asked(sign_in):
    """A slip of the operator's hand is refused, since transactions read only."""
    with sign_in() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM flights.flight")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM flights.flight", "DROP TABLE flights.flight", "SET ROLE flights_owner"]
)
def test_writes_nothing_even_if_asked(sign_in, statement):
    """Whoever switches reading only off still has no right to change anything."""
    with sign_in() as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
