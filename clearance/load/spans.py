"""The service's own lines about its requests: EMF (JSON lines), fetched when a run ends and kept by request id.

Source: Amazon CloudWatch, Embedded Metric Format specification: metrics and properties are members of one object.
"""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing
from http.client import HTTPException
from typing import IO, Any, Final

import gevent
import msgspec

from clearance.load.recorder import NAN
from clearance.recording import Column, table

TIMEOUT_S: Final = 20.0
SETTLE_S: Final = 0.5  # a service writes its line after its answer
COLUMNS: Final = ("gateway_ms", "handler_ms", "db_read_ms", "db_write_ms")
COLD: Final = (True, "1", "true", "True")  # no set, for a line may say a list
Number = float | list[float] | None


class Line(msgspec.Struct):
    """What is read of a line; metrics may have several values each."""

    request_id: str = ""
    latency_ms: Number = None
    db_read_ms: Number = None
    db_write_ms: Number = None
    gateway_ms: Number = None
    cold_start: Any = None


_ENDING: Final = re.compile(r"([0-9a-f]{4})-([0-9a-f]{8,10})")  # a worker, and a number of at most 40 bits
_decode: Final = msgspec.json.Decoder(Line).decode


def fetch(source: str, prefix: str, expected: int) -> tuple[dict[str, Column], list[str]]:
    """Fetch the lines of a run, whose ids begin with `prefix`, from a URL or a file; and say what hindered.

    Where there are fewer than expected, they are asked for once more, a moment later.
    """
    if not source:
        return table("spans"), []
    try:
        found = _read(source, prefix)
        if len(found) < expected:
            gevent.sleep(SETTLE_S)
            found = _read(source, prefix)
    except (OSError, ValueError, HTTPException) as error:
        return table("spans"), [f"the service's own lines could not be had from {source}: {error}"]
    rows = [(id_, *values) for id_, values in found.items()]
    columns = zip(*rows, strict=True) if rows else [()] * 6
    return table("spans", dict(zip(("id", *COLUMNS, "cold"), columns, strict=True))), []


def _read(source: str, prefix: str) -> dict[int, list[float]]:
    with closing(_opened(source)) as lines:
        return collect(lines, prefix)


def _opened(source: str) -> IO[bytes]:
    if source.startswith(("http://", "https://")):
        answer: IO[bytes] = _web().open(source, timeout=TIMEOUT_S)
        return answer
    return open(source, "rb")


def _web() -> urllib.request.OpenerDirector:
    """Make what fetches by HTTP and follows redirections there; no other kind of address has a meaning to it."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def collect(lines: Iterable[bytes], prefix: str) -> dict[int, list[float]]:
    """Sort lines by request: gateway, handler, database read and write (ms, NaN where unsaid), and whether cold.

    Lines of other runs, and what is no such line at all, are passed over; a request may have several lines.
    """
    found: dict[int, list[float]] = {}
    mark = prefix.encode()
    for raw in lines:
        if mark not in raw:
            continue
        line = _line(raw)
        id_ = None if line is None else read_id(line.request_id, prefix)
        if line is None or id_ is None:
            continue
        row = found.setdefault(id_, [NAN, NAN, NAN, NAN, 0])
        for place, value in enumerate(_values(line)):
            if value is not None:
                row[place] = value
    return found


def read_id(text: str, prefix: str) -> int | None:
    """Read the number that is a request's `id` from its x-request-id; None where it is of another run."""
    found = _ENDING.fullmatch(text, len(prefix)) if text.startswith(prefix) else None
    return int(found[1], 16) << 40 | int(found[2], 16) if found else None


def _line(raw: bytes) -> Line | None:
    try:
        return _decode(raw[max(raw.find(b"{"), 0) :])
    except msgspec.MsgspecError:
        return None


def _values(line: Line) -> Iterator[float | None]:
    for number in (line.gateway_ms, line.latency_ms, line.db_read_ms, line.db_write_ms):
        yield sum(number) if isinstance(number, list) else number
    yield None if line.cold_start is None else float(line.cold_start in COLD)
