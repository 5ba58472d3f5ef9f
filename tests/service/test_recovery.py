"""Postgres killed, restarted, locked or away: what the one who asks is told, and that nothing acknowledged is lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from service.app import Handler
from service.domain import Flight
from service.logins import Login, parameters
from service.store import PostgresStore
from stack.postgres import start

BACKENDS = "FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def server():
    """A server that keeps what it has committed, come what may."""
    with start(durable=True) as running:
        yield running


@contextmanager
def locked(environment, server, mode="ACCESS EXCLUSIVE"):
    """Hold the table of flights against everyone."""
    name = parameters(Login.READER, environment)["dbname"]
    with server.connect(name) as holder, holder.transaction():
        holder.execute(f"LOCK TABLE flights.flight IN {mode} MODE")
        yield holder


def await_row(admin, query, values):
    """Wait until the query has a row; pytest's own time-out is the server's statement_timeout."""
    while (row := admin.execute(query, values).fetchone()) is None:
        time.sleep(0.005)
    return row


@pytest.mark.parametrize("breakage", ["restart", "kill"])
def test_between_requests(api, server, flight, breakage):
    """A restart or a crash between two requests goes unnoticed."""
    api.store(flight)
    api.get("/v1/flights")
    getattr(server, breakage)()
    if breakage == "kill":
        server.start()

    assert 1 == api.store(flight).body["unchanged"]
    assert 200 == api.get("/v1/flights/2013-01-01/UA/1545/EWR").status


def test_terminated_while_idle(api, admin, flight):
    """A connection that the server closed while it was idle is replaced without a word."""
    api.store(flight)
    admin.execute(f"SELECT pg_terminate_backend(pid) {BACKENDS}", ["flights_ingest"])

    assert 1 == api.store(flight).body["unchanged"]


def test_terminated_in_flight(api, admin, server, environment, flight):
    """A write whose connection is cut in the middle is sent again, and stored once."""
    waiting = f"SELECT pid {BACKENDS} AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor() as threads, locked(environment, server):
        answer = threads.submit(api.store, flight)
        (first,) = await_row(admin, waiting, ["flights_ingest"])
        admin.execute("SELECT pg_terminate_backend(%s)", [first])
        await_row(admin, f"{waiting} AND pid <> {first}", ["flights_ingest"])

    assert (200, 1) == (answer.result().status, answer.result().body["created"])
    assert [(1,)] == admin.execute("SELECT version FROM flights.flight WHERE flight = 1545").fetchall()


def test_away(api, server, flight):
    """While the database is away every request is a 503 problem that says when to come back; then all is well again."""
    api.store(flight)
    server.kill()
    answers = [api.store(flight), api.get("/v1/flights"), api.get("/v1/health", scope=None)]
    server.start()

    assert [(503, "1", "application/problem+json", [1])] * 3 == [
        (answer.status, answer.headers["retry-after"], answer.headers["content-type"], answer.emf[0]["fault"])
        for answer in answers
    ]
    assert [200, 200, 200] == [
        api.store(flight).status,
        api.get("/v1/flights").status,
        api.get("/v1/health", scope=None).status,
    ]


def test_statement_timeout(api, environment, server):
    """A statement that takes too long is a 503, and the connection is good for the next."""
    hasty = Handler(
        {**environment, "FLIGHTS_DB_DSN": environment["FLIGHTS_DB_DSN"] + " options='-c statement_timeout=50'"}
    )
    impatient = type(api)(hasty)
    with locked(environment, server):
        late = impatient.get("/v1/flights")

    assert (503, 200) == (late.status, impatient.get("/v1/flights").status)
    hasty.close()


def test_read_only_primary(api, admin, environment, flight):
    """A primary that has become a replica is left for the new one, and the writer asked to come back."""
    name = parameters(Login.READER, environment)["dbname"]
    admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    refused = api.store(flight)
    admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    assert (503, 200) == (refused.status, api.store(flight).status)


def test_nothing_acknowledged_is_lost(api, server, environment, flight):
    """Whatever was answered with 200 before, during and after a crash is there."""
    acknowledged, refused = [], []

    def store(number):
        answer = api.store({**flight, "flight": number})
        (acknowledged if answer.status == 200 else refused).append(number)

    for number in range(1, 100):
        store(number)
    with ThreadPoolExecutor() as threads:
        crash = threads.submit(lambda: (server.kill(), server.start()))
        number = 100
        while not crash.done():
            store(number)
            number += 1
    for number in range(5000, 5010):
        store(number)
    name = parameters(Login.READER, environment)["dbname"]
    with server.connect(name) as connection:
        rows = connection.execute("SELECT flight FROM flights.flight WHERE flight_date > '1970-01-01'").fetchall()

    assert set(range(1, 100)) | set(range(5000, 5010)) <= set(acknowledged)
    assert set(acknowledged) <= {row[0] for row in rows}


def test_no_deadlock(environment, admin, flight):
    """Batches that overlap and come in opposite order, at once and many times over, never deadlock."""
    flights = [Flight(**{**flight, "flight": number}) for number in range(1, 201)]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = admin.execute(deadlocks).fetchone()

    def store(order):
        kept = PostgresStore(Login.INGEST, lambda *_: None, environment)
        for round_ in range(30):
            kept.save([row._replace(distance=1 + round_ * order % 7) for row in flights[::order]])
        kept.close()

    with ThreadPoolExecutor() as threads:
        list(threads.map(store, (1, -1, 1, -1)))
    admin.execute("SELECT pg_stat_clear_snapshot()")

    assert before == admin.execute(deadlocks).fetchone()


def test_deadlock_of_another(environment, admin, flight):
    """Where a stranger's order makes a deadlock, the batch that Postgres sacrifices is sent again."""
    first, second = (Flight(**{**flight, "flight": number}) for number in (1, 2))
    store = PostgresStore(Login.INGEST, lambda *_: None, environment)
    store.save([first, second])
    update = "UPDATE flights.flight SET dest = 'AAA' WHERE carrier = 'UA' AND flight = %s"
    admin.execute("SET deadlock_timeout = '1min'")  # so that it is the batch that notices
    with ThreadPoolExecutor() as threads:
        with admin.transaction():
            admin.execute(update, [2])
            saving = threads.submit(store.save, [first._replace(dest="BBB"), second._replace(dest="BBB")])
            await_row(admin, f"SELECT 1 {BACKENDS} AND wait_event_type = 'Lock'", ["flights_ingest"])
            admin.execute(update, [1])
        assert {"updated"} == set(saving.result().values())
    store.close()

    assert [("BBB",), ("BBB",)] == admin.execute("SELECT dest FROM flights.flight WHERE carrier = 'UA'").fetchall()


def test_wrong_credentials(environment, api):
    """Credentials that the server refuses leave the service unavailable, not broken."""
    wrong = Handler({**environment, "FLIGHTS_DB_PASSWORD_READER": "wrong"})

    assert 503 == type(api)(wrong).get("/v1/flights").status


def test_observed(environment, flight):
    """Time spent on the database is observed even where the call fails."""
    seen = []
    store = PostgresStore(Login.INGEST, lambda name, ms: seen.append((name, ms > 0)), environment)
    with pytest.raises(psycopg.errors.CheckViolation):
        store.save([Flight(**{**flight, "carrier": "ua"})])
    store.close()

    assert [("db_write_ms", True)] == seen


def test_nothing_to_store():
    """A batch without a good record asks nothing of the database."""
    assert {} == PostgresStore(Login.INGEST, lambda *_: None, {}).save([])
