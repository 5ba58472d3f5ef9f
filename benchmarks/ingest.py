"""Flights taken in over HTTP, against COPY and the upsert alone: what the API costs a partner with much data."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from psycopg import sql

from benchmarks.client import Client
from benchmarks.measure import Figure, SpoiltError, ratio, take_turns
from benchmarks.serving import DATABASE, Served, up
from service.domain import Flight
from service.logins import Login
from service.store import PostgresStore
from stack import data

BATCH, BATCHES = 1_000, 10
ROUNDS, WARM = 7, 1
FIRST_YEAR, YEARS = 1980, 120

Record = dict[str, str | int | None]


def measure() -> Iterator[Figure]:
    """Store new flights in three ways in turn: each time the same ones, in a year that has none yet.

    The upsert alone is the service's own statement, sent by the service's own store over one connection, without HTTP,
    gateway, function and validation. COPY is one statement for all batches; it checks nothing but the table's types.
    """
    flights = list(data.records(BATCH * BATCHES))
    years = iter(range(FIRST_YEAR, FIRST_YEAR + YEARS))
    with ExitStack() as open_:
        served = open_.enter_context(up(0))
        client = open_.enter_context(Client(served.said["BASE_URL"]))
        token = served.said["TOKEN_FLIGHTS_WRITE"]
        client.send(_posts(client, token, _moved(flights[:1], 2013))[0])
        environment = {**os.environ, **served.sign_in("INGEST")}
        store = PostgresStore(Login.INGEST, lambda _name, _ms: None, environment)
        open_.callback(store.close)

        def taking(store_all: Callable[[list[Record]], float]) -> Callable[[], float]:
            return lambda: len(flights) / store_all(_moved(flights, next(years)))

        subjects = {
            "http": taking(lambda records: _by_http(client, token, records)),
            "upsert": taking(lambda records: _by_upsert(store, records)),
            "copy": taking(lambda records: _by_copy(served, records)),
        }
        take_turns(WARM, subjects)
        taken = take_turns(ROUNDS, subjects)
        _require_all(served, len(subjects) * (ROUNDS + WARM) * len(flights) + 1)
    for name, about in (("http", "over HTTP"), ("upsert", "the upsert alone"), ("copy", "COPY")):
        yield Figure(name=about, value=statistics.median(taken[name]), unit="rows/s")
    yield Figure(name="HTTP / COPY", value=ratio(taken["http"], taken["copy"]), unit="x", at_least=0.15)
    yield Figure(name="HTTP / the upsert alone", value=ratio(taken["http"], taken["upsert"]), unit="x", at_least=0.5)


def _moved(flights: list[Record], year: int) -> list[Record]:
    return [{**flight, "flight_date": f"{year}{str(flight['flight_date'])[4:]}"} for flight in flights]


def _posts(client: Client, token: str, records: list[Record]) -> list[bytes]:
    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    bodies = [json.dumps({"records": batch}, separators=(",", ":")).encode() for batch in batches]
    return [client.request("POST", "/v1/flights", token, body) for body in bodies]


def _by_http(client: Client, token: str, records: list[Record]) -> float:
    posts = _posts(client, token, records)
    return sum(client.timed(post) for post in posts) / 1000


def _by_upsert(store: PostgresStore, records: list[Record]) -> float:
    flights = [Flight(**_any(record)) for record in records]
    start = time.perf_counter()
    for first in range(0, len(flights), BATCH):
        store.save(flights[first : first + BATCH])
    return time.perf_counter() - start


def _any(record: Record) -> dict[str, Any]:
    return dict(record)


def _by_copy(served: Served, records: list[Record]) -> float:
    lines = ["\t".join("NA" if value is None else str(value) for value in record.values()) for record in records]
    text = "\n".join(lines) + "\n"
    columns = sql.SQL(", ").join(map(sql.Identifier, data.COLUMNS))
    statement = sql.SQL("COPY flights.flight ({}) FROM STDIN (NULL 'NA')").format(columns)
    with served.server.connect(DATABASE) as connection, connection.cursor() as cursor:
        start = time.perf_counter()
        with cursor.copy(statement) as copy:
            copy.write(text)
        return time.perf_counter() - start


def _require_all(served: Served, expected: int) -> None:
    with served.server.connect(DATABASE) as connection:
        row = connection.execute("SELECT count(*) FROM flights.flight WHERE flight_date >= '1980-01-01'").fetchone()
    if row != (expected,):
        raise SpoiltError(f"the table holds {row} flights, though {expected} were stored")
