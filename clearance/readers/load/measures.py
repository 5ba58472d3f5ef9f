"""A run's numbers with their intervals: each level's share of bad requests, percentiles, cold starts, recovery."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from clearance.model import Measure
from clearance.readers.load.faults import Recovery
from clearance.readers.load.run import NANO, OPS, Column, Mask, Run
from clearance.slo import Level
from clearance.statistics import (
    LOOK_BLOCK_NS,
    Interval,
    Sequence,
    block_numbers,
    count_blocks,
    quantile_interval,
    ratio_interval,
    warm_blocks,
)

MOST_ROUTES: Final = 200
_LOOKED: Final = {"decided", "limit"}
_LOOKS: Final = Sequence()
PERCENTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A run held against one level: which requests counted, which of those were bad, over how many seconds.

    `mine` are the requests that the level has a budget for; all of them count but those that a deciding look had not
    seen.
    """

    level: Level
    mine: Mask
    counted: Mask
    bad: Mask
    seconds: float
    interval: Interval | None

    @property
    def total(self) -> int:
        """How many requests counted."""
        return int(self.counted.sum())


def hold(run: Run, level: Level) -> Held:
    """Count a level's requests and the bad ones among them.

    Availability counts every request, those of the warm-up too; latency those after it, and a request without a good
    answer is bad however quickly it failed. Of a run that ended because all was decided, those count that the deciding
    look had seen: what came while the run was being stopped was not looked at.
    """
    indicator = level.indicator
    mine = np.ones(len(run), dtype=np.bool_)
    bad = ~run.good
    seconds = run.header.seconds
    if indicator.at_most_ms is not None:
        mine &= run.warm
        bad = bad | (run.latency_ms > indicator.at_most_ms)
        seconds = max(0.0, seconds - run.header.warmup_s)
    if indicator.op is not None:
        mine &= run.read if indicator.op == "read" else ~run.read
    if indicator.route is not None:
        asked = run.routes.index(indicator.route) if indicator.route in run.routes else -1
        mine &= run.route == asked
    counted = mine & _seen(run, after_warmup=indicator.at_most_ms is not None)
    share = _share(run, counted, bad)
    return Held(level=level, mine=mine, counted=counted, bad=bad, seconds=seconds, interval=share)


def _seen(run: Run, *, after_warmup: bool) -> Mask:
    """The requests that were intended in the blocks of the deciding look; all, where the run ended otherwise."""
    if run.header.stopped != "decided":
        return np.ones(len(run), dtype=np.bool_)
    warmup = warm_blocks(run.header.warmup_s)
    first, last = warmup * after_warmup, warmup + _LOOKS.at(closing_look(run))
    return np.asarray((run.intended >= first * LOOK_BLOCK_NS) & (run.intended < last * LOOK_BLOCK_NS), dtype=np.bool_)


def closing_look(run: Run) -> int:
    """The number of the look that a run which went on until it was decided, or came to its limit, is judged by.

    A look that the run did not live to see decided nothing, whatever its header says: see `validity`.
    """
    further = last_look(run) + 1
    return min(max(1, run.header.looked), further) if run.header.stopped == "decided" else further


def last_look(run: Run) -> int:
    """The number of the last look that was due in a run's time; 0 where there was none."""
    return _LOOKS.due(int(run.header.seconds * NANO) // LOOK_BLOCK_NS - warm_blocks(run.header.warmup_s))


def _share(run: Run, counted: Mask | Column, bad: Mask) -> Interval | None:
    """The share of the bad among some requests, given by a mask or by their places.

    Where the run went on until it was decided, or to its limit, its interval is the one of its last look, wider than
    that of a run whose end was set before.
    """
    moments = run.intended[counted]
    if not len(moments):
        return None
    if run.header.stopped in _LOOKED:
        blocks = count_blocks(moments, bad[counted], block_ns=LOOK_BLOCK_NS, begin_ns=0)
        return _LOOKS.interval(*blocks, closing_look(run))
    return ratio_interval(*count_blocks(moments, bad[counted], block_ns=run.block_ns))


def measures(run: Run, levels: tuple[Held, ...], cold: Mask, recoveries: tuple[Recovery, ...]) -> Iterator[Measure]:
    """All of a run's measures, the levels' own first; what has no samples has no measure."""
    for held in levels:
        yield from _of_level(run, held)
    everything = np.ones(len(run), dtype=np.bool_)
    failed = _share(run, everything, ~run.good)
    if failed is not None:
        yield _measure("bad answers", failed, seconds=run.header.seconds)
    yield from percentiles(run)
    if len(cold) and cold.any():
        yield _exact("cold starts", float(cold.sum()), "requests")
    for recovery in recoveries:
        if recovery.seconds is not None:
            yield _exact(f"time to recovery: {recovery.name}", recovery.seconds, "s")


def _of_level(run: Run, held: Held) -> Iterator[Measure]:
    if held.interval is None:
        return
    yield _measure(held.level.name, held.interval, seconds=held.seconds)
    if held.level.indicator.route is not None:
        return
    for route in frequent(run, held.counted):
        rows = run.rows[route][held.counted[run.rows[route]]]
        share = _share(run, rows, held.bad)
        if share is not None:
            yield _measure(f"{held.level.name}/{run.routes[route]}", share, seconds=held.seconds)


def frequent(run: Run, counted: Mask) -> list[int]:
    """The routes of the requests that count, the most frequent first; at most MOST_ROUTES of them."""
    numbers = np.bincount(run.route[counted], minlength=len(run.routes))
    order = np.argsort(-numbers, kind="stable")[:MOST_ROUTES]
    return [int(route) for route in order if numbers[route]]


def percentiles(run: Run) -> Iterator[Measure]:
    """Latency from the intended start by operation, after the warm-up, whatever became of the request.

    A percentile whose interval has no end, for want of samples, is left out: no objective can be met by it.
    """
    for op in OPS:
        mine = run.warm & (run.read if op == "read" else ~run.read)
        if not mine.any():
            continue
        took = run.latency_ms[mine]
        blocks = block_numbers(run.intended[mine], block_ns=run.block_ns)
        for name, share in PERCENTILES:
            interval = quantile_interval(took, blocks, share)
            if math.isfinite(interval.high) and has_end(share, interval.effective):
                seconds = max(0.0, run.header.seconds - run.header.warmup_s)
                yield _measure(f"{name} {op}", interval, unit="ms", seconds=seconds)


def has_end(share: float, samples: float) -> bool:
    """Whether so many independent samples can bound a percentile from above: the largest one must lie above it.

    At 95 %, two-sided: all samples lie below the true percentile with probability share ** samples.
    """
    return samples * math.log(share) <= math.log(0.025)


def _measure(name: str, interval: Interval, *, unit: str = "", seconds: float = 0.0) -> Measure:
    return Measure(
        name=name,
        value=interval.value,
        low=max(0.0, interval.low),
        high=interval.high,
        unit=unit,
        samples=interval.samples,
        seconds=seconds,
    )


def _exact(name: str, value: float, unit: str) -> Measure:
    return Measure(name=name, value=value, low=value, high=value, unit=unit)
