"""Decide while a run goes on, without the bias of looking again until the answer pleases.

Each look has an error of its own to spend, and all of them together, however many there will be, spend no more than one
single look at the end would: the intervals of all looks are a confidence sequence.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from clearance.statistics.intervals import Interval, ratio_interval

Answer = Literal["pass", "fail", "undecided"]
LOOK_BLOCK_NS: Final = 1_000_000_000


def warm_blocks(warmup_s: float) -> int:
    """How many blocks of LOOK_BLOCK_NS a run's warm-up takes, the last one whole; looks count the blocks after it."""
    return -(-round(warmup_s * 1e9) // LOOK_BLOCK_NS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """When to look, counted in blocks of time, and how sure to be at each look.

    The first look comes at `first` blocks, then at twice as many each time until there are `passes_from`, then at
    `growth` times as many. Look k = 1, 2, ... has the error (1 - level) / (k (k + 1)); these add up to 1 - level over
    all k, so that by the union bound the chance that any look ever excludes the true share is at most 1 - level, and
    half of that for a false pass, as far as each interval is as sure as it says. Sources: Darling and Robbins,
    Proceedings of the National Academy of Sciences 58 (1967), 66-68 (confidence sequences); Lan and DeMets, Biometrika
    70 (1983), 659-663 (spending an error over looks); Howard et al., Annals of Statistics 49 (2021), 1055-1080
    (geometric epochs).

    No look passes before `passes_from` blocks: few bad requests, seen in few places, say too little of how they come
    together, and then an interval is less sure than it says. Nothing keeps an early look from failing a run.

    Where a run comes to its limit undecided, all of it is looked at once more, with the error of the look that it did
    not live to see. That end was set before, and so may pass with fewer blocks than `passes_from`, as a run of a fixed
    length may.
    """

    level: float = 0.95
    first: int = 15
    passes_from: int = 60
    growth: float = 1.25

    def due(self, blocks: int) -> int:
        """The number of the last look that is due when so many blocks are complete; 0 before the first."""
        return sum(1 for _ in itertools.takewhile(lambda at: at <= blocks, self._looks()))

    def at(self, look: int) -> int:
        """How many complete blocks look 1, 2, ... waits for; each waits for at least one more than that before it."""
        return next(itertools.islice(self._looks(), look - 1, None))

    def _looks(self) -> Iterator[int]:
        at = max(1, self.first)
        while True:
            yield at
            at = min(2 * at, self.passes_from) if at < self.passes_from else max(at + 1, int(self.growth * at))

    def level_of(self, look: int) -> float:
        """How sure the interval of look 1, 2, ... is."""
        return 1 - (1 - self.level) / (look * (look + 1))

    def interval(self, bad: ArrayLike, total: ArrayLike, look: int) -> Interval:
        """The share of bad requests, from the counts of all blocks so far, with the interval of this look."""
        return ratio_interval(bad, total, level=self.level_of(look))

    def decide(self, bad: ArrayLike, total: ArrayLike, budget: float, look: int) -> Answer:
        """Whether the look's whole interval lies within `budget` (pass), beyond it (fail), or neither (undecided)."""
        if not np.sum(total):
            return "undecided"
        interval = self.interval(bad, total, look)
        if interval.low > budget:
            return "fail"
        return "pass" if interval.high <= budget and np.size(total) >= self.passes_from else "undecided"


def decide(bad: ArrayLike, total: ArrayLike, budget: float, look: int, *, level: float = 0.95) -> Answer:
    """Decide at look 1, 2, ... of the usual sequence from the counts of all blocks so far; see `Sequence`."""
    return Sequence(level=level).decide(bad, total, budget, look)
