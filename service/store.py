"""Flights in Postgres: the only SQL of the requests, and the only connections. Implements `domain.Store`."""

from __future__ import annotations

import functools
import json
import logging
import os
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import psycopg
from psycopg import errors, sql

from service.domain import Delays, Filters, Flight, Key, UnavailableError
from service.logins import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from service.logins import Login

    Connection = psycopg.Connection[tuple[Any, ...]]

T = TypeVar("T")

_log = logging.getLogger(__name__)
_COLUMNS = sql.SQL(
    "flight_date::text, carrier, flight, origin, dest, tailnum, dep_time, sched_dep_time, arr_time, sched_arr_time,"
    " dep_delay, arr_delay, air_time, distance"
)
# Sorted by key, so that batches which overlap take their locks in the same order and cannot deadlock. A row that is the
# same already is locked but not written, and so is missing from RETURNING.
_SAVE = """
    INSERT INTO flights.flight AS kept (
        flight_date, carrier, flight, origin, dest, tailnum, dep_time, sched_dep_time, arr_time, sched_arr_time,
        dep_delay, arr_delay, air_time, distance)
    SELECT DISTINCT ON (flight_date, carrier, flight, origin) * FROM json_to_recordset(%s::json) AS given (
        flight_date date, carrier text COLLATE "C", flight integer, origin text COLLATE "C", dest text, tailnum text,
        dep_time integer, sched_dep_time integer, arr_time integer, sched_arr_time integer,
        dep_delay integer, arr_delay integer, air_time integer, distance integer)
    ORDER BY flight_date, carrier, flight, origin
    ON CONFLICT (flight_date, carrier, flight, origin) DO UPDATE SET
        dest = excluded.dest, tailnum = excluded.tailnum,
        dep_time = excluded.dep_time, sched_dep_time = excluded.sched_dep_time,
        arr_time = excluded.arr_time, sched_arr_time = excluded.sched_arr_time,
        dep_delay = excluded.dep_delay, arr_delay = excluded.arr_delay,
        air_time = excluded.air_time, distance = excluded.distance,
        version = kept.version + 1, updated_at = now()
    WHERE (kept.dest, kept.tailnum, kept.dep_time, kept.sched_dep_time, kept.arr_time, kept.sched_arr_time,
           kept.dep_delay, kept.arr_delay, kept.air_time, kept.distance)
        IS DISTINCT FROM
          (excluded.dest, excluded.tailnum, excluded.dep_time, excluded.sched_dep_time, excluded.arr_time,
           excluded.sched_arr_time, excluded.dep_delay, excluded.arr_delay, excluded.air_time, excluded.distance)
    RETURNING flight_date::text, carrier, flight, origin, version = 1
"""
_FIND = (
    sql.SQL("SELECT {} FROM flights.flight WHERE flight_date = %s AND carrier = %s AND flight = %s AND origin = %s")
    .format(_COLUMNS)
    .as_bytes()
)
_LABELS = {
    "carrier": sql.SQL("carrier"),
    "route": sql.SQL("origin || '-' || dest"),
    "month": sql.SQL("to_char(flight_date, 'YYYY-MM')"),
}
_CONDITIONS = {
    "first": sql.SQL("flight_date >= %s"),
    "last": sql.SQL("flight_date <= %s"),
    "carrier": sql.SQL("carrier = %s"),
    "origin": sql.SQL("origin = %s"),
    "dest": sql.SQL("dest = %s"),
}
# The first condition says nothing new, but bounds the scan where the row comparison does not.
_BEYOND = sql.SQL("flight_date >= %s AND (flight_date, carrier, flight, origin) > (%s, %s, %s, %s)")
_ATTEMPTS = 4
_YIELD_S = 0.01
_COLLISIONS = (errors.DeadlockDetected, errors.SerializationFailure)


class PostgresStore:
    """Keeps one connection as one login, opened at first use and again when it broke; for one thread.

    `observe` is told how long each call took, `db_read_ms` or `db_write_ms`, in milliseconds, retries included.
    """

    def __init__(
        self, login: Login, observe: Callable[[str, float], None], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._login = login
        self._observe = observe
        self._environment = environment
        self._connection: Connection | None = None

    def close(self) -> None:
        """Give the connection back; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def save(self, flights: Collection[Flight]) -> Mapping[Key, str]:
        """Store flights of distinct keys, all or none; say for each key created, updated or unchanged.

        Sent again where the connection broke before the answer came: what the first attempt had stored by then is
        unchanged, and said to be so.
        """
        if not flights:
            return {}
        document = json.dumps([flight._asdict() for flight in flights], separators=(",", ":"))
        with self._timed("db_write_ms"):
            rows = self._run(lambda connection: connection.execute(_SAVE, [document], prepare=True).fetchall())
        stored = {flight.key: "unchanged" for flight in flights}
        for *key, created in rows:
            stored[Key(*key)] = "created" if created else "updated"
        return stored

    def find(self, key: Key) -> Flight | None:
        """Return the flight of that key."""
        with self._timed("db_read_ms"):
            row = self._run(lambda connection: connection.execute(_FIND, key, prepare=True).fetchone())
        return None if row is None else Flight._make(row)

    def page(self, filters: Filters, after: Key | None, limit: int) -> Sequence[Flight]:
        """Return at most `limit` flights beyond `after`, in the order of their keys."""
        names, values = _given(filters)
        beyond = [] if after is None else [after.flight_date, *after]
        query = _page_query(names, beyond=after is not None)
        with self._timed("db_read_ms"):
            rows = self._run(lambda connection: connection.execute(query, [*values, *beyond, limit]).fetchall())
        return [Flight._make(row) for row in rows]

    def delays(self, filters: Filters, group_by: str) -> Sequence[Delays]:
        """Return the delays by `carrier`, `route` or `month`, in the order of the labels."""
        names, values = _given(filters)
        query = _delays_query(names, group_by)
        with self._timed("db_read_ms"):
            rows = self._run(lambda connection: connection.execute(query, values).fetchall())
        return [Delays._make(row) for row in rows]

    def ping(self) -> None:
        """Return when the database answers."""
        with self._timed("db_read_ms"):
            self._run(lambda connection: connection.execute("SELECT 1").fetchone())

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self._observe(name, (perf_counter() - start) * 1000)

    def _run(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which may safely run twice: once more on a new connection, a few times after a collision."""
        reconnected = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return work(self._open())
            except _COLLISIONS as error:
                if attempt == _ATTEMPTS:
                    _give_up(error)
                sleep(_YIELD_S * attempt)  # or we would take the very locks again that the other waits for
            except (psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction) as error:
                lost = self._lost(error)
                if reconnected or not lost:
                    _give_up(error)
                reconnected = True
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = None  # a failed attempt must not leave the closed one behind
            self._connection = connect(self._login, self._environment)
        return self._connection

    def _lost(self, error: Exception) -> bool:
        """Drop an established connection that is of no more use (a primary may have become a replica); say whether."""
        if self._connection is None:
            return False
        if self._connection.broken or self._connection.closed or isinstance(error, errors.ReadOnlySqlTransaction):
            self.close()
            return True
        return False


def _give_up(error: Exception) -> NoReturn:
    _log.warning("database unavailable: %s", error)
    raise UnavailableError from error


def _given(filters: Filters) -> tuple[tuple[str, ...], list[Any]]:
    given = {name: value for name in _CONDITIONS if (value := getattr(filters, name)) is not None}
    return tuple(given), list(given.values())


@functools.cache
def _page_query(names: tuple[str, ...], *, beyond: bool) -> bytes:
    query = sql.SQL(
        "SELECT {} FROM flights.flight WHERE {} ORDER BY flight.flight_date, carrier, flight, origin LIMIT %s"
    )
    return query.format(_COLUMNS, _where(names, *([_BEYOND] if beyond else []))).as_bytes()


@functools.cache
def _delays_query(names: tuple[str, ...], group_by: str) -> bytes:
    query = sql.SQL(
        "SELECT {} AS label, count(*),"
        " percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY dep_delay),"
        " percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY arr_delay)"
        " FROM flights.flight WHERE {} GROUP BY label ORDER BY label"
    )
    return query.format(_LABELS[group_by], _where(names)).as_bytes()


def _where(names: tuple[str, ...], *more: sql.SQL) -> sql.Composable:
    conditions = [*(_CONDITIONS[name] for name in names), *more]
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")
