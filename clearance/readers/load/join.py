"""Where each request's time went: its row joined to the service's own line by id, or to what `Server-Timing` said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from clearance.readers.load.run import Column, Floats, Mask
from clearance.recording import Recording

PARTS: Final = ("schedule", "network and queue", "gateway", "handler", "database read", "database write")
_STATED: Final = ("handler_ms", "db_read_ms", "db_write_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What is known of each request beyond its own clock, in the requests' order.

    `by` is "spans", "server-timing", or "" where neither was there; `joined` says which requests have a line of the
    service's own (or its header), `cold` which of them met a cold start. `repeated` counts the lines whose id another
    line has, `ids_repeated` the requests whose id another request has. `odd` counts stated durations below zero or
    without an end.
    """

    by: str
    joined: Mask
    cold: Mask
    parts: dict[str, Floats]
    repeated: int = 0
    ids_repeated: int = 0
    odd: int = 0


def split(recording: Recording) -> Split:
    """Join requests and lines by id; lines of other requests are left out."""
    requests, spans = recording.requests, recording.spans
    rows = len(requests["id"])
    ids_repeated = _repeated(np.sort(requests["id"]))
    if not len(spans["id"]):
        stated = {name: requests[name].astype(np.float64) for name in _STATED}
        known = ~np.isnan(stated["handler_ms"])
        return Split(
            by="server-timing" if known.any() else "",
            joined=known,
            cold=np.zeros(rows, dtype=np.bool_),
            parts=_parts(recording, {**stated, "gateway_ms": np.full(rows, np.nan)}),
            ids_repeated=ids_repeated,
            odd=_odd(stated.values()),
        )
    order = np.argsort(spans["id"], kind="stable")
    ordered = spans["id"][order]
    place = np.minimum(np.searchsorted(ordered, requests["id"]), len(ordered) - 1)
    joined, at = ordered[place] == requests["id"], order[place]
    stated = {name: np.where(joined, spans[name][at].astype(np.float64), np.nan) for name in (*_STATED, "gateway_ms")}
    return Split(
        by="spans",
        joined=joined,
        cold=joined & (spans["cold"][at] != 0),
        parts=_parts(recording, stated),
        repeated=_repeated(ordered),
        ids_repeated=ids_repeated,
        odd=_odd(stated.values()),
    )


def _repeated(ordered: Column) -> int:
    return int((ordered[1:] == ordered[:-1]).sum())


def _odd(columns: Iterable[Column]) -> int:
    return sum(int(((values < 0) | np.isinf(values)).sum()) for values in columns)


def _parts(recording: Recording, stated: dict[str, Column]) -> dict[str, Floats]:
    """Milliseconds of each part, NaN where nobody stated it; what is left of a request's own time is the network's."""
    requests = recording.requests
    gateway, handler = stated["gateway_ms"], stated["handler_ms"]
    read, write = np.nan_to_num(stated["db_read_ms"]), np.nan_to_num(stated["db_write_ms"])
    unknown = np.isnan(handler)
    took = (requests["ended"] - requests["sent"]) / 1e6
    return {
        "schedule": (requests["sent"] - requests["intended"]) / 1e6,
        "network and queue": np.maximum(took - np.nan_to_num(gateway) - handler, 0),
        "gateway": gateway,
        "handler": np.maximum(handler - read - write, 0),
        "database read": np.where(unknown, np.nan, read),
        "database write": np.where(unknown, np.nan, write),
    }
