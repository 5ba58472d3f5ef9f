"""A run over time and over latency, coarse enough to be drawn: rates, percentiles by step, a heatmap, whole curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from clearance.model import Json
from clearance.readers.load.run import NANO, OPS, Column, Floats, Run

STEPS: Final = 300
HOT_STEPS: Final = 120
HOT_ROWS: Final = 24
CURVE: Final = (*range(99), *(round(99 + n / 10, 1) for n in range(10)), 99.95, 99.99, 100)
_NICE: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)


def timeline(run: Run) -> Json:
    """Rates per second and percentiles in milliseconds, by the step that a request was to start in.

    `intended` and `achieved` are arrivals a second, `errors` requests a second without a good answer; without a
    schedule nothing was intended, and `achieved` counts requests.
    """
    step = _step(run.header.seconds, STEPS)
    count = _count(run.header.seconds, step)
    arrivals = run.recording.arrivals
    planned = bool(run.header.schedule)
    started = arrivals["started"][arrivals["started"] >= 0] if planned else run.recording.requests["sent"]
    number = _numbers(run.intended, step, count)
    by_step = _sorted_by(number, run.latency_ms, count)
    return {
        "step_s": step,
        "at": [round(index * step, 3) for index in range(count)],
        "intended": _rates(arrivals["intended"], step, count) if planned else [None] * count,
        "achieved": _rates(started, step, count),
        "p50": [rank(values, 0.5) for values in by_step],
        "p99": [rank(values, 0.99) for values in by_step],
        "errors": _rates(run.intended[~run.good], step, count),
    }


def heatmap(run: Run) -> Json:
    """How many requests of each step took how long: `counts[step][row]`, a row between two of `edges_ms`."""
    step = _step(run.header.seconds, HOT_STEPS)
    count = _count(run.header.seconds, step)
    if not len(run):
        return {"step_s": step, "edges_ms": [], "counts": []}
    low = max(0.01, float(run.latency_ms.min()))
    high = max(low * 1.01, float(run.latency_ms.max()))
    edges = np.geomspace(low, high, HOT_ROWS + 1)
    row = np.clip(np.searchsorted(edges, run.latency_ms, side="right") - 1, 0, HOT_ROWS - 1)
    cell = _numbers(run.intended, step, count) * HOT_ROWS + row
    counts = np.bincount(cell, minlength=count * HOT_ROWS).reshape(count, HOT_ROWS)
    return {"step_s": step, "edges_ms": [round(float(edge), 4) for edge in edges], "counts": counts.tolist()}


def curves(run: Run) -> Json:
    """Exact latency by percentile and operation, after the warm-up; `CURVE` are the percentiles."""
    series = []
    for op in OPS:
        values = np.sort(run.latency_ms[run.warm & (run.read if op == "read" else ~run.read)])
        if len(values):
            series.append({"name": op, "ms": [rank(values, at / 100) for at in CURVE]})
    return {"at": list(CURVE), "series": series}


def rank(ordered: Floats, share: float) -> float | None:
    """The first of some ordered values that a share of them does not exceed; None where there is none."""
    if not len(ordered):
        return None
    place = min(len(ordered) - 1, max(0, int(np.ceil(len(ordered) * share - 1e-9)) - 1))
    return round(float(ordered[place]), 3)


def _step(seconds: float, most: int) -> float:
    return next((float(nice) for nice in _NICE if seconds <= nice * most), seconds / most)


def _count(seconds: float, step: float) -> int:
    return max(1, int(np.ceil(seconds / step - 1e-9)))


def _numbers(moments: Column, step: float, count: int) -> Column:
    return np.minimum((moments / (step * NANO)).astype(np.int64), count - 1)


def _rates(moments: Column, step: float, count: int) -> list[float]:
    counts = np.bincount(_numbers(moments, step, count), minlength=count)
    return [round(float(number) / step, 3) for number in counts]


def _sorted_by(number: Column, values: Floats, count: int) -> Sequence[Floats]:
    order = np.argsort(number.astype(np.uint16), kind="stable")  # so few bits are sorted without comparing
    ends = np.cumsum(np.bincount(number, minlength=count))[:-1]
    return [np.sort(each) for each in np.split(values[order], ends)]
