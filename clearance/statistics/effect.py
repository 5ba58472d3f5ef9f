"""How many independent samples a run's samples are worth, and how well that is known.

Where bad requests come together (a freeze, a slow minute), blocks of time differ more than chance would make them; the
design effect says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.statistics.distributions import t_quantile

Counts = NDArray[np.float64]

_TOGETHER: Final = (1, 2, 4)  # blocks are taken singly and together: a slow spell may be longer than one of them
_FEWEST: Final = 10  # so many must be left of those that are taken together


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """So many independent samples tell as much; `design_effect` is what made them fewer, before few blocks did."""

    effective: float
    design_effect: float


def worth(bad: Counts, total: Counts, *, level: float) -> Worth:
    """What the samples of these blocks, in the order of time and none of them empty, are worth for their share.

    Blocks are taken singly, by twos and by fours, and the least counts. Where no request is bad, or each, nothing
    varies that could be measured: then the samples count as independent. One block alone counts as one sample.
    """
    samples = float(total.sum())
    if len(total) == 1:
        return Worth(effective=1.0, design_effect=samples)
    if not 0 < bad.sum() < samples:
        return Worth(effective=samples, design_effect=1.0)
    sizes = [size for size in _TOGETHER if size == 1 or len(total) >= size * _FEWEST]
    found = (_worth(_merge(bad, size), _merge(total, size), level) for size in sizes)
    return min(found, key=lambda one: one.effective)


def _merge(counts: Counts, size: int) -> Counts:
    return np.add.reduceat(counts, np.arange(0, len(counts), size)) if size > 1 else counts


def _worth(bad: Counts, total: Counts, level: float) -> Worth:
    """The variance of a ratio over blocks, over that of as many independent samples; at least 1."""
    samples, blocks = total.sum(), len(total)
    share = bad.sum() / samples
    squares = np.square(bad - share * total)
    between = blocks / (blocks - 1) * squares.sum()
    effect = max(1.0, float(between / (samples**2 * share * (1 - share) / (samples - 1))))
    few = _few_blocks(_freedom(squares, effect), samples, level)
    return Worth(effective=float(min(samples, samples / effect * few)), design_effect=effect)


def _freedom(squares: Counts, effect: float) -> float:
    """The degrees of freedom of the variance: as many as blocks, less one, or fewer where it comes from few of them.

    Source: Satterthwaite, Biometrics Bulletin 2 (1946), 110-114, with the fourth moment as the blocks show it. Only
    what exceeds the variance of independent samples is an estimate; the rest is known once the share is.
    """
    blocks, total = len(squares), squares.sum()
    spread = float(np.square(squares).sum() - total**2 / blocks)
    excess = (1 - 1 / effect) ** 2
    if spread * excess <= 0:
        return blocks - 1.0
    return float(min(blocks - 1.0, max(1.0, 2 * total**2 / (spread * excess))))


def _few_blocks(freedom: float, samples: float, level: float) -> float:
    """By how much fewer samples are worth because their variance is an estimate."""
    if samples - 1 <= freedom:
        return 1.0
    p = (1 + level) / 2
    return (t_quantile(p, samples - 1) / t_quantile(p, freedom)) ** 2
