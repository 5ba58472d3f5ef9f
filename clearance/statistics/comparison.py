"""Head against base, from runs of both in turn: one number a run, because requests of one run are not independent.

Two runs that are neighbours in time make a pair, so that what drifts meets both. No distribution is assumed: under the
same speed, which of a pair is the slower one is a matter of chance, and that is all that is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearance.statistics.intervals import Interval

Side = Literal["base", "head"]
Answer = Literal["slower", "not slower", "undecided"]

_ORDER: Final[tuple[Side, ...]] = ("base", "head", "head", "base")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """head / base and head - base with their intervals, and whether head is slower by more than both floors.

    "slower" where both whole intervals lie beyond their floor; "not slower" where one of them lies within; "undecided"
    between. `samples` of the intervals are pairs. A bound is infinite, or 0 of the ratio, where the pairs are too few.
    """

    ratio: Interval
    difference: Interval
    answer: Answer


def order(pairs: int) -> tuple[Side, ...]:
    """In which order the runs of so many pairs are made: base head head base, so that a steady drift cancels out."""
    return tuple(_ORDER[number % len(_ORDER)] for number in range(2 * pairs))


def fewest_pairs(level: float = 0.95) -> int:
    """How many pairs it takes for an interval to have an end: with fewer, chance alone orders them all alike."""
    return math.ceil(1 - math.log2(1 - level))


def compare(
    base: ArrayLike, head: ArrayLike, *, max_slowdown: float, min_slowdown: float, level: float = 0.95
) -> Comparison:
    """Compare run-level numbers (a median, say), the i-th of base with the i-th of head, all of them above 0.

    `max_slowdown` is the relative floor as a share of base, `min_slowdown` the absolute one in the numbers' unit.
    Estimate and interval are those of Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963), 598-611, from
    Wilcoxon's signed ranks (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd edition, 3.2 and 3.3),
    of the differences and of those of the logarithms. Raises ValueError without a pair, or for a number that is not
    above 0.
    """
    bases, heads = np.asarray(base, dtype=np.float64), np.asarray(head, dtype=np.float64)
    if bases.shape != heads.shape or not len(bases) or not (np.all(bases > 0) and np.all(heads > 0)):
        raise ValueError("as many numbers of base as of head, at least one, and all above 0")
    difference = _interval(*shift(heads - bases, level=level), pairs=len(bases), level=level)
    logarithm = shift(np.log(heads) - np.log(bases), level=level)
    ratio = _interval(*(math.exp(value) for value in logarithm), pairs=len(bases), level=level)
    answer: Answer = "undecided"
    if ratio.low > 1 + max_slowdown and difference.low > min_slowdown:
        answer = "slower"
    elif ratio.high <= 1 + max_slowdown or difference.high <= min_slowdown:
        answer = "not slower"
    return Comparison(ratio=ratio, difference=difference, answer=answer)


def _interval(value: float, low: float, high: float, *, pairs: int, level: float) -> Interval:
    return Interval(
        value=value, low=low, high=high, samples=pairs, effective=float(pairs), design_effect=1.0, level=level
    )


def shift(differences: NDArray[np.float64], *, level: float) -> tuple[float, float, float]:
    """The centre that differences scatter around, and its lower and upper bound: the median of all means of two."""
    first, second = np.triu_indices(len(differences))
    means = np.sort((differences[first] + differences[second]) / 2)
    outside = _ranks_outside(len(differences), (1 - level) / 2)
    if not outside:
        return float(np.median(means)), -math.inf, math.inf
    return float(np.median(means)), float(means[outside - 1]), float(means[-outside])


def _ranks_outside(pairs: int, tail: float) -> int:
    """How many means lie beyond a bound: the least c for which the signed rank statistic exceeds c too often; or 0."""
    chance = np.zeros(pairs * (pairs + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, pairs + 1):
        moved = np.zeros_like(chance)
        moved[rank:] = chance[:-rank]
        chance = (chance + moved) / 2
    return int(np.searchsorted(np.cumsum(chance), tail, side="right"))
