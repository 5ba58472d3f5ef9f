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

from clearance.statistics.distributions import beta_quantile, log_beta_cdf
from clearance.statistics.effect import worth

_SECOND: Final = 1_000_000_000
_FEWEST_BLOCKS: Final = 30
_LONGEST: Final = 1000.0  # times what was run already: beyond that, no promise
_CLOSE: Final = 1e-10  # of a count: far less than from one value to the next


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


def count_blocks(
    at_ns: ArrayLike, bad: ArrayLike, *, block_ns: int, begin_ns: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count the bad requests and all requests of each block of time, the first one beginning at `begin_ns`.

    Unless said, that is the first request. `at_ns` are intended starts in any order, none before that, `bad` a truth
    value each. Blocks without a request are there, as zeros.
    """
    number = block_numbers(at_ns, block_ns=block_ns, begin_ns=begin_ns)
    length = int(number.max()) + 1 if len(number) else 0
    is_bad = np.asarray(bad, dtype=bool)
    return np.bincount(number[is_bad], minlength=length), np.bincount(number, minlength=length)


def block_numbers(at_ns: ArrayLike, *, block_ns: int, begin_ns: int | None = None) -> NDArray[np.int64]:
    """In which block of time each request lies, counted from `begin_ns`, or else from the first request."""
    at = np.asarray(at_ns, dtype=np.int64)
    if not len(at):
        return at
    return (at - (at.min() if begin_ns is None else begin_ns)) // block_ns


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
    values for it to exist. Source: Woodruff, Journal of the American Statistical Association 47 (1952), 635-646: order
    statistics, their ranks those of as many independent values as would tell as much. Raises ValueError where there is
    no value.
    """
    numbers, places = np.asarray(values, dtype=np.float64), np.asarray(blocks)
    count = len(numbers)
    if count == 0:
        raise ValueError("a percentile of no values")
    middle = min(count - 1, max(0, math.ceil(count * p - 1e-9) - 1))
    value = float(np.partition(numbers, middle)[middle])
    found = worth(*_nonempty(np.bincount(places, weights=numbers <= value), np.bincount(places)), level=level)
    tail = (1 - level) / 2
    above, below = (_most(found.effective, share, tail) for share in (p, 1 - p))
    first = -1 if below is None else math.floor(count * (1 - below / found.effective))
    last = count if above is None else math.ceil(count * above / found.effective) - 1
    ordered = np.partition(numbers, [max(first, 0), min(last, count - 1)])
    return Interval(
        value=value,
        low=min(value, float(ordered[first])) if first >= 0 else -math.inf,
        high=max(value, float(ordered[last])) if last < count else math.inf,
        samples=count,
        effective=found.effective,
        design_effect=found.design_effect,
        level=level,
    )


def _most(count: float, share: float, tail: float) -> float | None:
    """How many of `count` independent values are below a limit with the chance `tail`; None if all are more often."""

    def is_rare(below: float) -> bool:
        return log_beta_cdf(share, below, count - below + 1) <= math.log(tail)

    if not is_rare(count):
        return None
    few, many = share * count, count
    while many - few > _CLOSE * count:
        middle = (few + many) / 2
        few, many = (few, middle) if is_rare(middle) else (middle, many)
    return many


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
