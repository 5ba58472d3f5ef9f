"""A load run as columns: every request, every intended start, the generator's own health, in one compact file.

The file is a zip archive of `header.json` and one `TABLE/COLUMN.npy` a column (the NPY format, NEP 1): raw samples, no
buckets, and nothing but numbers to unpack. All times are whole nanoseconds since the run's start on a clock that no
one sets. Generators write it, the `load` reader reads it; it does no I/O.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from clearance.model import UnreadableError

SCHEMA: Final = 1
HEADER: Final = "header.json"
HEADER_LIMIT: Final = 8 * 1024 * 1024
UNPACKED_LIMIT: Final = 2 * 1024 * 1024 * 1024

Column: TypeAlias = NDArray[Any]


class Outcome(IntEnum):
    """What became of a request."""

    GOOD = 0
    WRONG = 1  # answered, and the answer is not what it must be
    REFUSED = 2  # answered with a status that says that it failed
    UNANSWERED = 3  # no connection, or none that lasted, or no answer in time


# A request's `id` is what its x-request-id ends with; `intended` is where its latency begins: the arrival's intended
# start for the first request of an arrival, `sent` for those that could not begin before it. Milliseconds that nobody
# stated are NaN; they are what `Server-Timing` said.
REQUESTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": "<u8",
        "intended": "<i8",
        "sent": "<i8",
        "ended": "<i8",
        "route": "<u2",
        "status": "<u2",  # 0: no answer
        "outcome": "|u1",
        "handler_ms": "<f4",
        "db_read_ms": "<f4",
        "db_write_ms": "<f4",
    }
)
# What the schedule asked for. `started` is -1 for an arrival that nobody took up before the run ended. `waited` says
# that a user stood ready at the intended moment: what delayed such an arrival was the generator itself.
ARRIVALS: Final[Mapping[str, str]] = MappingProxyType(
    {"intended": "<i8", "started": "<i8", "waited": "|u1", "worker": "<u2"}
)
# The service's own lines, joined to requests by `id`: `handler_ms` is the whole of the handler, the database included,
# `gateway_ms` what the gateway took beside it (NaN where it keeps no log).
SPANS: Final[Mapping[str, str]] = MappingProxyType(
    {"id": "<u8", "gateway_ms": "<f4", "handler_ms": "<f4", "db_read_ms": "<f4", "db_write_ms": "<f4", "cold": "|u1"}
)
# The generator's health, a few times a second for each worker: `cpu` is its process's share of one core, `lag_ms` the
# longest delay of its own timer since the last beat, `steal` the share of the machine that the hypervisor took.
PULSE: Final[Mapping[str, str]] = MappingProxyType(
    {"at": "<i8", "worker": "<u2", "cpu": "<f4", "lag_ms": "<f4", "steal": "<f4"}
)
TABLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"requests": REQUESTS, "arrivals": ARRIVALS, "spans": SPANS, "pulse": PULSE}
)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: `name` is the route's template and `op` read or write."""

    method: str
    name: str
    op: str


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A generator process: how many requests it says that it made, and whether it lived to the end."""

    name: str
    requests: int
    finished: bool


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was broken on purpose, `at` and for how long, in seconds since the run's start."""

    name: str
    at: float
    seconds: float = 0.0


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What was run, where, and how it ended.

    `started_at` is the wall clock in UTC, ISO 8601; `clock_step_s` by how much that clock was set meanwhile. `schedule`
    is its text, as the command line has it ("" where users waited for answers: closed arrivals), `intended` how many
    arrivals it held for the time that it ran. `seconds` and `warmup_s` are times since the run's start. `spans` says
    where the service's own lines come from ("" where nobody asked). `stopped` is why the run ended: "time", "decided",
    "limit", or what broke it off; `looked` is the number of the look at which all was decided, 0 where none was.
    `raised` counts the tasks that ended in an exception outside a request, by its text.
    """

    schema: int
    tool: str
    version: str
    started_at: str
    clock_step_s: float
    base_url: str
    schedule: str
    intended: int
    seconds: float
    warmup_s: float
    routes: tuple[Route, ...]
    workers: tuple[Worker, ...]
    stopped: str
    looked: int = 0
    spans: str = ""
    raised: dict[str, int] = {}
    problems: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    environment: dict[str, str] = {}
    reproduce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A header and the four tables, each a mapping of its columns, all of one length."""

    header: Header
    requests: Mapping[str, Column]
    arrivals: Mapping[str, Column]
    spans: Mapping[str, Column]
    pulse: Mapping[str, Column]

    @property
    def latency_ms(self) -> Column:
        """Milliseconds from each request's intended start to its end."""
        return (self.requests["ended"] - self.requests["intended"]) / 1e6


def table(name: str, columns: Mapping[str, Any] | None = None) -> dict[str, Column]:
    """Make a table's columns in their types, from sequences; without any, an empty one."""
    given = columns or dict.fromkeys(TABLES[name], ())
    return {column: np.asarray(given[column], dtype=kind) for column, kind in TABLES[name].items()}


def dumps(recording: Recording) -> bytes:
    """Put a recording into the bytes of its file; the same recording makes the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_entry(HEADER), msgspec.json.encode(recording.header))
        for name, kinds in TABLES.items():
            columns = getattr(recording, name)
            for column, kind in kinds.items():
                packed = io.BytesIO()
                np.lib.format.write_array(packed, np.asarray(columns[column], dtype=kind), allow_pickle=False)
                archive.writestr(_entry(f"{name}/{column}.npy"), packed.getvalue())
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


_BROKEN: Final = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)

_NO_COLUMN: Final = (
    *(ValueError, TypeError, ArithmeticError, EOFError, MemoryError, RecursionError),
    *(SyntaxError, tokenize.TokenError),  # the head of a column is a Python literal
)


def loads(data: bytes) -> Recording:
    """Read a recording. Raises UnreadableError for what is none, is broken, or would not fit into memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_LIMIT:
                raise UnreadableError("the recording would take more than 2 GiB", "record a shorter run")
            names = archive.namelist()
            if len(set(names)) < len(names):
                raise UnreadableError("a part of the recording is there twice", "give the file that the run wrote")
            header = _header(_member(archive, HEADER, HEADER_LIMIT))
            tables = {name: dict(_columns(archive, name)) for name in TABLES}
    except _BROKEN as error:
        raise UnreadableError(f"the recording is broken: {error}", "run the load again") from error
    return Recording(header=header, **tables)


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise UnreadableError(
            f"this is no recording of a load run: it holds no {name}", "give the file it wrote"
        ) from None
    if entry.file_size > limit:
        raise UnreadableError(f"{name} in the recording unpacks to more than {limit:,} bytes", "record a shorter run")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableError(
            f"{name} in the recording is packed in a way that recordings are not", "run the load again"
        )
    with archive.open(entry) as member:
        return member.read(entry.file_size)  # a length, for without one a gigabyte is unpacked at a time


def _header(data: bytes) -> Header:
    try:
        schema = msgspec.json.decode(data, type=dict[str, Any]).get("schema")
        if schema != SCHEMA:
            raise UnreadableError(
                f"the recording is of schema {schema!r}, and this version reads {SCHEMA}",
                "use the same version for both",
            )
        return msgspec.json.decode(data, type=Header)
    except msgspec.MsgspecError as error:
        raise UnreadableError(f"the recording's header is broken: {error}", "run the load again") from error


def _columns(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, Column]]:
    length: int | None = None
    for column, kind in TABLES[name].items():
        where = f"{name}/{column}.npy"
        packed = _member(archive, where, UNPACKED_LIMIT)
        try:
            values = np.lib.format.read_array(io.BytesIO(packed), allow_pickle=False)
        except _NO_COLUMN as error:
            raise UnreadableError(f"{where} in the recording is broken: {error}", "run the load again") from error
        if (
            values.dtype != np.dtype(kind)
            or values.ndim != 1
            or len(values) != (len(values) if length is None else length)
        ):
            raise UnreadableError(
                f"{where} in the recording is not a column of {kind} as long as the others", "run again"
            )
        length = len(values)
        yield column, values
