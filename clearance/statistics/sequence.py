"""Decide while a run goes on, without the bias of looking again until the answer pleases.

Each look has an error of its own to spend, and all of them together, however many there will be, spend no more than one
single look at the end would: the intervals of all looks are a confidence sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from clearance.statistics.intervals import Interval, ratio_interval

Answer = Literal["pass", "fail", "undecided"]

_FIRST: Final = 20
_GROWTH: Final = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """When to look, counted in blocks of time, and how sure to be at each look.

    The first look comes at `first` blocks, each further one when there are `growth` times as many. Look k = 1, 2, ...
    has the error (1 - level) / (k (k + 1)); these add up to 1 - level over all k, so that by the union bound the chance
    that any look ever excludes the true share is at most 1 - level. Sources: Darling and Robbins, Proceedings of the
    National Academy of Sciences 58 (1967), 66-68 (confidence sequences); Lan and DeMets, Biometrika 70 (1983), 659-663
    (spending an error over looks); Howard et al., Annals of Statistics 49 (2021), 1055-1080 (geometric epochs).
    """

    level: float = 0.95
    first: int = _FIRST
    growth: float = _GROWTH

    def due(self, blocks: int) -> int:
        """The number of the last look that is due when so many blocks are complete; 0 before the first."""
        look, at = 0, self.at(1)
        while blocks >= at:
            look += 1
            at = self.at(look + 1)
        return look

    def at(self, look: int) -> int:
        """How many complete blocks look 1, 2, ... waits for; each waits for at least one more than that before it."""
        return int(self.first * self.growth ** (look - 1)) + look - 1

    def level_of(self, look: int) -> float:
        """How sure the interval of look 1, 2, ... is."""
        return 1 - (1 - self.level) / (look * (look + 1))

    def interval(self, bad: ArrayLike, total: ArrayLike, look: int) -> Interval:
        """The share of bad requests with the interval that is this look's due."""
        return ratio_interval(bad, total, level=self.level_of(look))

    def decide(self, bad: ArrayLike, total: ArrayLike, budget: float, look: int) -> Answer:
        """Whether the look's whole interval lies within `budget` (pass), beyond it (fail), or neither (undecided)."""
        return decide(bad, total, budget, look, level=self.level)


def decide(bad: ArrayLike, total: ArrayLike, budget: float, look: int, *, level: float = 0.95) -> Answer:
    """Decide at look 1, 2, ... from the counts of all blocks that are complete by then; see `Sequence`."""
    if not np.sum(total):
        return "undecided"
    interval = ratio_interval(bad, total, level=Sequence(level=level).level_of(look))
    if interval.high <= budget:
        return "pass"
    return "fail" if interval.low > budget else "undecided"
