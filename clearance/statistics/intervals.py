"""Intervals of shares and percentiles whose samples come in blocks of time and resemble their neighbours.

Requests of one second meet the same machine, so ten thousand of them say less than ten thousand independent ones. How
much less is the design effect: the variance of the share between blocks of time, over what independent samples would
have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearance.statistics.distributions import beta_quantile
from clearance.statistics.effect import worth

_SECOND: Final = 1_000_000_000
_FEWEST_BLOCKS: Final = 30
_LONGEST: Final = 1000.0  # times what was run already: beyond that, no promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number and the interval [low, high] that holds the true one in a share `level` of all runs.

    `effective` is how many independent samples would tell as much as these `samples` do; `design_effect` their ratio
    before the adjustment for few blocks, 1 where samples do not resemble their neighbours.
    """

    value: float
    low: float
    high: float
    samples: int
    effective: float
    design_effect: float
    level: float = 0.95


def block_ns(duration_ns: int) -> int:
    """How long the blocks of a run should be, in nanoseconds: a second, or less where that makes fewer than thirty."""
    return max(1, min(_SECOND, duration_ns // _FEWEST_BLOCKS))


def count_blocks(at_ns: ArrayLike, bad: ArrayLike, *, block_ns: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count the bad requests and all requests of each block of time, the first block beginning at the first request.

    `at_ns` are intended starts in any order, `bad` a truth value each. Blocks without a request are there, as zeros.
    """
    number = block_numbers(at_ns, block_ns=block_ns)
    length = int(number.max()) + 1 if len(number) else 0
    is_bad = np.asarray(bad, dtype=bool)
    return np.bincount(number[is_bad], minlength=length), np.bincount(number, minlength=length)


def block_numbers(at_ns: ArrayLike, *, block_ns: int) -> NDArray[np.int64]:
    """In which block of time each request lies, counted from the first request's."""
    at = np.asarray(at_ns, dtype=np.int64)
    return (at - at.min()) // block_ns if len(at) else at


def clopper_pearson(bad: float, total: float, *, level: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a share, from `bad` out of `total` independent samples; fractions are allowed.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404-413.
    """
    tail = (1 - level) / 2
    low = 0.0 if bad <= 0 else beta_quantile(tail, bad, total - bad + 1)
    high = 1.0 if bad >= total else beta_quantile(1 - tail, bad + 1, total - bad)
    return low, high


def ratio_interval(bad: ArrayLike, total: ArrayLike, *, level: float = 0.95) -> Interval:
    """The share of bad requests with its interval, from the counts of blocks of time in their order.

    Source: Korn and Graubard, Survey Methodology 24 (1998), 193-201: the exact interval, of as many samples as would
    be as precise if they were independent, with Student's t for a variance that is known from few blocks. What it
    cannot know is a fault that did not happen during the run. Raises ValueError where there is no request.
    """
    bads, totals = _nonempty(bad, total)
    samples = int(totals.sum())
    if samples == 0:
        raise ValueError("a share of no requests")
    value = float(bads.sum() / samples)
    found = worth(bads, totals, level=level)
    low, high = clopper_pearson(value * found.effective, found.effective, level=level)
    return Interval(
        value=value,
        low=min(low, value),
        high=max(high, value),
        samples=samples,
        effective=found.effective,
        design_effect=found.design_effect,
        level=level,
    )


def _nonempty(bad: ArrayLike, total: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    bads, totals = np.asarray(bad, dtype=np.float64), np.asarray(total, dtype=np.float64)
    return bads[totals > 0], totals[totals > 0]


def quantile_interval(values: ArrayLike, blocks: ArrayLike, p: float, *, level: float = 0.95) -> Interval:
    """The value that a share `p` of the values does not exceed, with its interval; `blocks` are their block numbers.

    The value is exact: an order statistic, no buckets, no interpolation. A bound is infinite where there are too few
    values for it to exist. Source: Woodruff, Journal of the American Statistical Association 47 (1952), 635-646: the
    order statistics at the bounds of the share. Raises ValueError where there is no value.
    """
    numbers = np.asarray(values, dtype=np.float64)
    count = len(numbers)
    if count == 0:
        raise ValueError("a percentile of no values")
    middle = _rank(count, p)
    value = float(np.partition(numbers, middle)[middle])
    below = np.bincount(np.asarray(blocks), weights=numbers <= value)
    share = ratio_interval(below, np.bincount(np.asarray(blocks)), level=level)
    low, high = (bound + p - share.value for bound in (share.low, share.high))
    first, last = math.ceil(count * low) - 1, math.floor(count * high)
    wanted = [min(max(rank, 0), count - 1) for rank in (first, last)]
    ordered = np.partition(numbers, wanted)
    return Interval(
        value=value,
        low=float(ordered[wanted[0]]) if first >= 0 else -math.inf,
        high=float(ordered[wanted[1]]) if last < count else math.inf,
        samples=count,
        effective=share.effective,
        design_effect=share.design_effect,
        level=level,
    )


def _rank(count: int, p: float) -> int:
    """Which of so many values in order, counted from 0, is the first that a share `p` does not exceed."""
    return min(count - 1, max(0, math.ceil(count * p - 1e-9) - 1))


def seconds_to_decide(interval: Interval, budget: float, seconds: float) -> float | None:
    """How many seconds more it takes until a share's interval lies on one side of `budget`, if the share stays.

    `seconds` is how long it was gathered for. 0 where it is decided; None where no run of a reasonable length would.
    """

    def undecided(times: float) -> bool:
        effective = interval.effective * times
        low, high = clopper_pearson(interval.value * effective, effective, level=interval.level)
        return low <= budget < high

    if not interval.low <= budget < interval.high:
        return 0.0
    enough = 1.0
    while undecided(enough):
        enough *= 2
        if enough > _LONGEST:
            return None
    too_few = enough / 2
    for _ in range(20):
        times = (too_few + enough) / 2
        too_few, enough = (times, enough) if undecided(times) else (too_few, times)
    return seconds * (enough - 1)
