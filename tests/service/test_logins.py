"""What each database login may do, and everything that it is denied; proven on the real server."""

import sys

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from service.domain import Flight
from service.logins import ConfigurationError, Login, connect, parameters
from service.store import PostgresStore

ROW = "(DATE '2013-01-05', 'UA', 1, 'EWR', 'IAH', 800, 900, 100)"
CANARY_ROW = "(DATE '1970-01-01', 'CY', 2, 'CAN', 'ARY', 800, 900, 100)"
INSERT = (
    "INSERT INTO flights.flight (flight_date, carrier, flight, origin, dest, sched_dep_time, sched_arr_time, distance)"
    " VALUES "
)
DENIED = errors.InsufficientPrivilege
READ_ONLY = errors.ReadOnlySqlTransaction
LIFT = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"


@pytest.fixture
def login(environment, admin):
    """Open connections as any login, beside one stored flight."""
    admin.execute(INSERT + ROW)
    opened = []

    def open_as(name):
        opened.append(connect(Login[name], environment))
        return opened[-1]

    yield open_as
    for connection in opened:
        connection.close()


# Reading
@pytest.mark.parametrize(
    ("name", "seen"), [("CANARY", ["CAN"]), ("READER", ["EWR"]), ("INGEST", ["EWR"]), ("MIGRATOR", ["CAN", "EWR"])]
)
def test_rows(login, name, seen):
    """The canary sees one row, reader and ingest all but it, and the migrator everything, as a backfill must."""
    assert seen == [row[0] for row in login(name).execute("SELECT origin FROM flights.flight ORDER BY 1").fetchall()]


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("CANARY", "SELECT count(1 / (distance - 100)) FROM flights.flight WHERE origin <> 'CAN'"),
        ("CANARY", "SELECT count(*) FROM pg_stats WHERE schemaname = 'flights'"),
        ("READER", "SELECT count(1 / (distance - 100)) FROM flights.flight WHERE origin = 'CAN'"),
        ("READER", "SELECT count(*) FROM pg_stats WHERE schemaname = 'flights'"),
    ],
)
def test_no_leak(login, admin, name, statement):
    """Neither an error in a condition nor the statistics tell of rows that the policy hides."""
    admin.execute("ANALYZE flights.flight")

    assert (0,) == login(name).execute(statement).fetchone()


# Writing
@pytest.mark.parametrize("name", ["CANARY", "READER"])
@pytest.mark.parametrize(
    "statement",
    [
        INSERT + ROW.replace("1,", "2,"),
        INSERT + CANARY_ROW,
        "UPDATE flights.flight SET dest = 'LAX'",
        "DELETE FROM flights.flight",
        "TRUNCATE flights.flight",
        "SELECT 1 FROM flights.flight FOR UPDATE",
        "CREATE TEMPORARY TABLE t ()",
        "CREATE TABLE flights.t ()",
        "CREATE TABLE public.t ()",
        "CREATE SCHEMA t",
        "DO $$ BEGIN LOCK TABLE flights.flight IN EXCLUSIVE MODE; END $$",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'kept')",
    ],
)
def test_readers_write_nothing(login, name, statement):
    """A reader's sessions begin read-only; one that lifts that is denied all the same, by its grants."""
    connection = login(name)
    with pytest.raises((READ_ONLY, DENIED)):
        connection.execute(statement)
    connection.execute(LIFT)
    with pytest.raises(DENIED):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        INSERT + CANARY_ROW,
        "UPDATE flights.flight SET flight_date = DATE '1970-01-01'",
        "UPDATE flights.flight SET carrier = 'XX'",
        "UPDATE flights.flight SET origin = 'XXX'",
        "DELETE FROM flights.flight",
        "TRUNCATE flights.flight",
        "CREATE TEMPORARY TABLE t ()",
        "CREATE TABLE flights.t ()",
        "CREATE INDEX ON flights.flight (dest)",
        "ALTER TABLE flights.flight ADD COLUMN x text",
        "DROP TABLE flights.flight",
        "SELECT lo_from_bytea(0, 'kept')",
        "INSERT INTO flights.flight (flight_date, version) VALUES (DATE '2013-01-01', 9)",
    ],
)
def test_ingest_is_denied(login, statement):
    """Ingest stores flights, and can neither delete, move a key, touch the canary nor change the schema."""
    with pytest.raises(DENIED):
        login("INGEST").execute(statement)


def test_ingest_cannot_touch_the_canary(login, admin):
    """An update of everything by ingest passes the canary by."""
    login("INGEST").execute("UPDATE flights.flight SET dest = 'LAX'")

    assert [("CAN", "ARY"), ("EWR", "LAX")] == admin.execute(
        "SELECT origin, dest FROM flights.flight ORDER BY 1"
    ).fetchall()


# Reaching further
@pytest.mark.parametrize("name", ["CANARY", "READER", "INGEST"])
@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE flights_owner",
        "SET ROLE flights_migrator",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER TABLE flights.flight DISABLE ROW LEVEL SECURITY",
        "DROP POLICY flight_canary ON flights.flight",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "SELECT 1 FROM pg_authid",
        "COPY flights.flight TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT 1 FROM flights.migration",
        "CREATE EXTENSION pg_trgm SCHEMA flights",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_no_way_up(login, name, statement):
    """No login of the service becomes another, loosens its policy, or reaches files, secrets and programs."""
    connection = login(name)
    connection.execute(LIFT)
    with pytest.raises(DENIED):
        connection.execute(statement)


@pytest.mark.parametrize("name", ["CANARY", "READER", "INGEST"])
def test_grants_are_not_passed_on(login, admin, name):
    """What a login may do it cannot let others do."""
    connection = login(name)
    connection.execute(LIFT)
    connection.execute("GRANT SELECT ON flights.flight TO PUBLIC")  # Postgres warns, and grants nothing

    assert (False,) == admin.execute("SELECT has_table_privilege('pg_monitor', 'flights.flight', 'SELECT')").fetchone()


@pytest.mark.parametrize("name", ["CANARY", "READER", "INGEST"])
def test_row_security_off(login, name):
    """Turning row security off makes a query fail, not see more."""
    connection = login(name)
    connection.execute("SET row_security = off")
    with pytest.raises(DENIED):
        connection.execute("SELECT 1 FROM flights.flight")


@pytest.mark.parametrize("name", ["CANARY", "READER", "INGEST", "MIGRATOR"])
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_other_databases(environment, name, database):
    """No login enters another database of the server."""
    elsewhere = parameters(Login[name], environment) | {"dbname": database}
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(**elsewhere)


@pytest.mark.parametrize("name", ["CANARY", "READER", "INGEST", "MIGRATOR"])
def test_wrong_password(environment, name):
    """Each login has a password of its own."""
    wrong = parameters(Login[name], environment) | {"password": "MIGRATOR secret" if name != "MIGRATOR" else "x"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**wrong)


def test_owner_cannot_sign_in(environment):
    """The owner is nobody's login."""
    with pytest.raises(psycopg.OperationalError, match=r"authentication failed|not permitted to log in"):
        psycopg.connect(**parameters(Login.MIGRATOR, environment) | {"user": "flights_owner"})


# The migrator
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE r",
        "CREATE EXTENSION pg_trgm SCHEMA flights",
        "CREATE DATABASE d",
        "CREATE SCHEMA s",
        "ALTER ROLE flights_reader PASSWORD 'x'",
        "ALTER ROLE flights_migrator SUPERUSER",
        "GRANT pg_read_all_data TO flights_migrator",
        "CREATE TABLE public.t ()",
        "SELECT 1 FROM pg_authid",
    ],
)
def test_migrator_is_denied(login, statement):
    """The migrator makes neither roles nor extensions nor databases, and stays in its schema."""
    with pytest.raises(DENIED):
        login("MIGRATOR").execute(statement)


def test_migrator_changes_the_schema(login):
    """The migrator, as a member of the owner, changes tables."""
    connection = login("MIGRATOR")
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL ROLE flights_owner")
        connection.execute("ALTER TABLE flights.flight ADD COLUMN note text")


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("READER", "default_transaction_read_only", "on"),
        ("READER", "statement_timeout", "5s"),
        ("READER", "idle_in_transaction_session_timeout", "10s"),
        ("CANARY", "default_transaction_read_only", "on"),
        ("INGEST", "statement_timeout", "10s"),
        ("INGEST", "idle_session_timeout", "15min"),
        ("MIGRATOR", "lock_timeout", "2s"),
    ],
)
def test_settings(login, name, setting, value):
    """Sessions begin with limits."""
    assert (value,) == login(name).execute("SELECT current_setting(%s)", [setting]).fetchone()


def test_domain_and_table_agree(environment, flight):
    """What the table refuses is refused by name, should another writer forget the rules."""
    store = PostgresStore(Login.INGEST, lambda *_: None, environment)
    with pytest.raises(errors.CheckViolation):
        store.save([Flight(**{**flight, "carrier": "ua"})])
    store.close()


def test_dates_are_iso(api, admin, environment, flight):
    """Days come as ISO dates even from a database that writes them otherwise for everybody else."""
    name = parameters(Login.READER, environment)["dbname"]
    admin.execute(f"ALTER DATABASE {name} SET datestyle = 'German'")
    created = api.store(flight).body["created"]
    read = api.get("/v1/flights/2013-01-01/UA/1545/EWR").body["flight_date"]
    admin.execute(f"ALTER DATABASE {name} RESET datestyle")

    assert (1, "2013-01-01") == (created, read)


# Signing in
@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"FLIGHTS_DB_DSN": ""}, "FLIGHTS_DB_DSN is not set"),
        ({"FLIGHTS_DB_PASSWORD_READER": ""}, "FLIGHTS_DB_PASSWORD_READER is not set"),
        ({"FLIGHTS_DB_AUTH": "ldap"}, "FLIGHTS_DB_AUTH is 'ldap'; known: password, iam"),
    ],
)
def test_environment(bare, missing, named):
    """A variable that is missing or unknown is named."""
    with pytest.raises(ConfigurationError) as raised:
        parameters(Login.READER, {**bare, **missing})

    assert named == str(raised.value)


def test_iam(tmp_path, monkeypatch):
    """With IAM the password is a token for that login at that host, made by AWS's own library, over verified TLS."""
    (tmp_path / "boto3.py").write_text(
        "class client:\n"
        "    def __init__(self, name): self.name = name\n"
        "    def generate_db_auth_token(self, DBHostname, Port, DBUsername):\n"
        "        return f'{self.name} {DBUsername}@{DBHostname}:{Port}'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "boto3", raising=False)
    found = parameters(Login.READER, {"FLIGHTS_DB_DSN": "host=db.example dbname=flights", "FLIGHTS_DB_AUTH": "iam"})
    monkeypatch.delitem(sys.modules, "boto3")

    assert ("flights_reader", "rds flights_reader@db.example:5432", "verify-full") == (
        found["user"],
        found["password"],
        found["sslmode"],
    )


def test_password_is_no_secret_of_the_dsn(environment):
    """The connection string itself holds neither user nor password."""
    assert {"host", "port", "dbname"} == conninfo_to_dict(environment["FLIGHTS_DB_DSN"]).keys()
