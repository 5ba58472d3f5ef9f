"""The rows that a report shows of a load run: where the time went, routes worst first, the slowest requests."""

from __future__ import annotations

from typing import Final

import numpy as np

from clearance.model import Json
from clearance.readers.load.join import PARTS, Split
from clearance.readers.load.measures import Held, frequent
from clearance.readers.load.run import NANO, OPS, Floats, Mask, Run
from clearance.readers.load.timeline import rank
from clearance.recording import Outcome

_ROUTES: Final = 50
_SLOWEST: Final = 10
_AROUND: Final = ((50, 0.45, 0.55), (99, 0.985, 0.995))
_SHARES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))


def waterfall(run: Run, split: Split) -> list[Json]:
    """The mean parts of the good requests around a percentile, of those whose time is known: they add up to it."""
    drawn = []
    for op in OPS:
        mine = np.flatnonzero(run.warm & run.good & split.joined & (run.read if op == "read" else ~run.read))
        if not len(mine):
            continue
        took = run.latency_ms[mine]
        for percentile, low, high in _AROUND:
            chosen = mine[_within(took, low, high)]
            drawn.append(
                {
                    "op": op,
                    "percentile": percentile,
                    "parts": [{"name": name, "ms": _mean(split.parts[name][chosen])} for name in PARTS],
                }
            )
    return drawn


def routes(run: Run, levels: tuple[Held, ...]) -> list[Json]:
    """Routes with the largest share of bad requests first, by any level; the slowest first among equals."""
    bad = np.logical_or.reduce([~run.good, *(held.counted & held.bad for held in levels)])
    shown = [(_route(run, route, bad), route) for route in frequent(run, np.ones(len(run), dtype=np.bool_))]
    shown.sort(key=lambda row: (-row[0]["bad"] / row[0]["requests"], -(row[0]["p99"] or 0.0), row[1]))
    return [row for row, _ in shown[:_ROUTES]]


def _route(run: Run, route: int, bad: Mask) -> Json:
    rows = run.rows[route]
    ordered = np.sort(run.latency_ms[rows[run.warm[rows]]])
    method, _, name = run.routes[route].partition(" ")
    return {
        "method": method,
        "name": name,
        "op": "read" if run.read[rows[0]] else "write",
        "requests": len(rows),
        "bad": int(bad[rows].sum()),
        **{key: rank(ordered, share) for key, share in _SHARES},
    }


def slowest(run: Run, split: Split) -> list[Json]:
    """The slowest requests after the warm-up, each with its parts and the end of its x-request-id."""
    candidates = np.flatnonzero(run.warm)
    if len(candidates) > _SLOWEST:
        took = run.latency_ms[candidates]
        candidates = candidates[took >= np.partition(took, -_SLOWEST)[-_SLOWEST]]
    slow = candidates[np.argsort(-run.latency_ms[candidates], kind="stable")[:_SLOWEST]]
    requests = run.recording.requests
    return [
        {
            "at_s": round(float(run.intended[row]) / NANO, 3),
            "method": run.routes[int(run.route[row])].partition(" ")[0],
            "name": run.routes[int(run.route[row])].partition(" ")[2],
            "status": int(requests["status"][row]),
            "outcome": Outcome(int(requests["outcome"][row])).name.lower(),
            "ms": round(float(run.latency_ms[row]), 3),
            "parts": [{"name": name, "ms": _mean(split.parts[name][row : row + 1])} for name in PARTS],
            "id": f"{int(requests['id'][row]) >> 40:04x}-{int(requests['id'][row]) & 0xFFFFFFFFFF:08x}",
        }
        for row in slow
    ]


def _within(values: Floats, low: float, high: float) -> Mask:
    """Which values lie between two shares of them in their order, at least one."""
    count = len(values)
    first = min(count - 1, int(low * count))
    last = max(first, int(np.ceil(high * count)) - 1)
    ordered = np.partition(values, [first, last])
    return np.asarray((values >= ordered[first]) & (values <= ordered[last]), dtype=np.bool_)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 3) if len(known) else None
