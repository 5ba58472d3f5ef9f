"""A recording whose columns are known to be possible, with what each request was: how long, how good, of which route.

What cannot have happened at all makes a recording unreadable here; what did happen and spoils the evidence is told in
`validity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearance.model import UnreadableError
from clearance.readers.load.plain import plain
from clearance.recording import Header, Outcome, Recording
from clearance.statistics import block_ns

MAX_SECONDS: Final = 48 * 3600
LINGER_S: Final = 3600  # so long after the run's end a last answer may come in
NANO: Final = 1_000_000_000
OPS: Final = ("read", "write")
_EARLIEST: Final = {"started": -1, "at": -LINGER_S * NANO}  # of what is nobody's start, and of hearts that beat before

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Column = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A load run, request by request: arrays of one length, in the recording's order.

    `latency_ms` counts from the intended start, `good` says that the answer came and was right, `warm` that the
    warm-up was over at the intended start, `route` is the index of its label in `routes` ("GET /v1/flights"), and
    `read` that its operation only reads. `rows` are the places of each route's requests.
    """

    recording: Recording
    latency_ms: Floats
    good: Mask
    warm: Mask
    route: Column
    routes: tuple[str, ...]
    rows: tuple[Column, ...]
    read: Mask

    @property
    def header(self) -> Header:
        """What was run, where, and how it ended."""
        return self.recording.header

    @property
    def intended(self) -> Column:
        """When each request was to start, in nanoseconds since the run's start."""
        return self.recording.requests["intended"]

    @property
    def block_ns(self) -> int:
        """How long the blocks of time are that samples resemble each other in.

        The last request counts too: a header that says less must not make blocks without number.
        """
        last = int(self.intended.max()) + 1 if len(self) else 0
        return block_ns(max(last, int(self.header.seconds * NANO)))

    def __len__(self) -> int:
        return len(self.good)


def run_of(recording: Recording) -> Run:
    """Take a recording in. Raises UnreadableError where it says what cannot be."""
    header, requests = recording.header, recording.requests
    _check_header(header)
    for name, columns in (
        ("requests", {name: requests[name] for name in ("intended", "sent", "ended")}),
        ("arrivals", {"intended": recording.arrivals["intended"], "started": recording.arrivals["started"]}),
        ("pulse", {"at": recording.pulse["at"]}),
    ):
        _check_times(name, columns, header.seconds)
    _check_indexes(recording)
    labels = [f"{plain(route.method)} {plain(route.name)}".strip() for route in header.routes]
    routes = tuple(dict.fromkeys(labels))
    place = {label: index for index, label in enumerate(routes)}
    known = requests["route"]
    route = np.array([place[label] for label in labels], dtype=np.int64)[known] if labels else known.astype(np.int64)
    return Run(
        recording=recording,
        latency_ms=recording.latency_ms,
        good=requests["outcome"] == Outcome.GOOD,
        warm=requests["intended"] >= header.warmup_s * NANO,
        route=route,
        routes=routes,
        rows=_rows(route, len(routes)),
        read=np.array([route.op == "read" for route in header.routes], dtype=np.bool_)[known],
    )


def _rows(route: Column, count: int) -> tuple[Column, ...]:
    ends = np.cumsum(np.bincount(route, minlength=count))
    order = np.argsort(route.astype(np.uint16), kind="stable")  # so few bits are sorted without comparing
    return tuple(np.split(order, ends[:-1])) if count else ()


def _check_header(header: Header) -> None:
    if not 0 <= header.seconds <= MAX_SECONDS or not 0 <= header.warmup_s <= MAX_SECONDS:
        raise UnreadableError(
            f"the recording says that the run took {header.seconds:g} s, {header.warmup_s:g} s of them to warm up",
            f"both must lie between 0 and {MAX_SECONDS:,}",
        )
    if header.intended < 0 or any(worker.requests < 0 for worker in header.workers):
        raise UnreadableError("the recording counts fewer than no arrivals or requests", "run the load again")
    for route in header.routes:
        if route.op not in OPS:
            raise UnreadableError(
                f"the recording calls {plain(route.method)} {plain(route.name)} {plain(route.op)!r}",
                "a route's operation is read or write",
            )
    for fault in header.faults:
        if not (0 <= fault.at <= MAX_SECONDS and 0 <= fault.seconds <= MAX_SECONDS):
            raise UnreadableError(f"the fault {plain(fault.name)} lies outside of the run", "run the load again")


def _check_times(table: str, columns: dict[str, Column], seconds: float) -> None:
    """So that no later sum overflows, and no time of the file's own choice decides how much memory is taken."""
    latest = int((seconds + LINGER_S) * NANO)
    for name, values in columns.items():
        earliest = _EARLIEST.get(name, 0)
        if len(values) and not earliest <= values.min() <= values.max() <= latest:
            raise UnreadableError(
                f"{table}/{name} in the recording holds times outside of the run, from {values.min() / NANO:,.3f} s "
                f"to {values.max() / NANO:,.3f} s, and the run took {seconds:,.3f} s",
                "run the load again",
            )


def _check_indexes(recording: Recording) -> None:
    requests, header = recording.requests, recording.header
    if len(requests["route"]) and int(requests["route"].max()) >= len(header.routes):
        raise UnreadableError(
            f"a request names route {int(requests['route'].max())}, and the recording has {len(header.routes)}",
            "run the load again",
        )
    if len(requests["outcome"]) and int(requests["outcome"].max()) > max(Outcome):
        raise UnreadableError(
            f"a request has outcome {int(requests['outcome'].max())}, which nobody defined", "run the load again"
        )
