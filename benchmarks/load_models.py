"""Simulated load runs whose true share of bad requests is known: how correlated the requests of a run may be.

Each model gives truth values, one row a run and one column a request, at RATE requests a second; the same generator
state gives the same runs.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 100

Rows = NDArray[Any]
Dice = np.random.Generator


def independent(dice: Dice, runs: int, seconds: int, share: float) -> Rows:
    """Each request bad by chance, whatever became of the one before it."""
    return dice.random((runs, seconds * RATE)) < share


def log_latencies(dice: Dice, runs: int, seconds: int, memory_s: float) -> Rows:
    """Standard normal logarithms of latencies, autoregressive of order 1: what they forget in a time `memory_s`."""
    kept = np.exp(-1 / (RATE * memory_s))
    fresh = np.sqrt(1 - kept * kept)
    now = dice.standard_normal(runs)
    rows = np.empty((seconds * RATE, runs))
    for row in rows:
        now = kept * now + fresh * dice.standard_normal(runs)
        row[:] = now
    return rows.T


def slow_spells(dice: Dice, runs: int, seconds: int, share: float, memory_s: float) -> Rows:
    """Bad where an autoregressive log latency exceeds the limit that a share `share` exceeds."""
    return log_latencies(dice, runs, seconds, memory_s) > NormalDist().inv_cdf(1 - share)


def freezes(dice: Dice, runs: int, seconds: int, every_s: float, limit_s: float = 0.3) -> Rows:
    """The server stops for 0.2 to 2 s, every `every_s` on average; bad is who is due more than the limit before an end.

    A Markov chain of two states in all but the length of a freeze, which is uniform.
    """
    due = np.arange(seconds * RATE) / RATE
    bad = np.zeros((runs, len(due)), dtype=bool)
    for row, count in zip(bad, dice.poisson((seconds + 2) / every_s, runs), strict=True):
        starts = dice.uniform(-2, seconds, count)
        for start, end in zip(starts, starts + dice.uniform(0.2, 2, count) - limit_s, strict=True):
            first, last = np.searchsorted(due, [start, end])
            row[first:last] = True
    return bad


def freezes_share(every_s: float, limit_s: float = 0.3) -> float:
    """The share of bad requests in the long run: the chance that at least one freeze covers a moment.

    A freeze of D s makes the first D - limit of them bad; these stretches begin at random, so that how many cover a
    moment is Poisson with the mean E[max(0, D - limit)] / every_s.
    """
    mean = (2 - limit_s) ** 2 / 2 / 1.8
    return float(1 - np.exp(-mean / every_s))


def bursts(dice: Dice, runs: int, seconds: int) -> tuple[Rows, Rows, float]:
    """Bad and all requests of each second, where one second in ten on average belongs to a burst, and the true share.

    A burst, 2 s long on average, has four times the arrivals, and 5 % of them bad; in between 0.1 % are.
    """
    busy = np.empty((runs, seconds), dtype=bool)
    now = dice.random(runs) < 0.1
    for second in range(seconds):
        now = np.where(now, dice.random(runs) < 0.5, dice.random(runs) < 0.5 / 9)
        busy[:, second] = now
    total = dice.poisson(np.where(busy, 4 * RATE, RATE))
    bad = dice.binomial(total, np.where(busy, 0.05, 0.001))
    return bad, total, (0.1 * 4 * 0.05 + 0.9 * 0.001) / (0.1 * 4 + 0.9)


def by_second(bad: Rows) -> tuple[Rows, Rows]:
    """Bad and all requests of each second."""
    counted = bad.reshape(len(bad), -1, RATE).sum(axis=2)
    return counted, np.full_like(counted, RATE)
