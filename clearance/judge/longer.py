"""How much longer a run must be before an objective is decided, in words with the arithmetic.

More time narrows an interval: it makes as many more samples, as much alike as those so far. The answer is an estimate
and decides nothing: it supposes that the value stays what it is.
"""

from __future__ import annotations

import math

from clearance.model import Measure, Objective

_LONGEST = 1000.0  # times what was run already: beyond that, no promise
_STEPS = 60


def advise(objective: Objective, measure: Measure) -> str:
    """Say by how much to run longer, where the measure says how long its samples took to gather."""
    if measure.seconds <= 0 or measure.samples <= 0:
        return "run longer"
    times = max(
        [_for_samples(objective, measure), *(_for_bound(measure, bound) for bound in _open(objective, measure))]
    )
    if times > _LONGEST:
        return "the value lies so near to the budget that no run of a reasonable length would tell: change one of them"
    more = max(1, math.ceil(measure.seconds * (times - 1)))
    return f"run about {more:,} seconds longer ({_short(times)} times the {_short(measure.seconds)} s that it ran)"


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _for_samples(objective: Objective, measure: Measure) -> float:
    return objective.min_samples / measure.samples


def _open(objective: Objective, measure: Measure) -> list[float]:
    """The bounds that the interval straddles."""
    bounds = (objective.at_least, objective.at_most)
    return [bound for bound in bounds if bound is not None and measure.low <= bound <= measure.high]


def _for_bound(measure: Measure, bound: float) -> float:
    """How many times as long it takes until the interval ends where the bound is; infinite where it never would."""
    if 0 <= measure.low <= measure.value <= measure.high <= 1 and not measure.unit and 0 < bound < 1:
        return _for_share(measure, bound)
    half = measure.high - measure.value if bound > measure.value else measure.value - measure.low
    distance = abs(bound - measure.value)
    return math.inf if distance == 0 else (half / distance) ** 2


def _for_share(measure: Measure, bound: float) -> float:
    """The same for a share, whose interval is lopsided: the exact one of as many independent samples as fit it."""
    from clearance.statistics import Interval, seconds_to_decide  # numpy is slow to start, and seldom needed here

    effective = _effective(measure)
    interval = Interval(
        value=measure.value,
        low=measure.low,
        high=measure.high,
        samples=measure.samples,
        effective=effective,
        design_effect=measure.samples / effective,
    )
    more = seconds_to_decide(interval, bound, measure.seconds)
    return math.inf if more is None else 1 + more / measure.seconds


def _effective(measure: Measure) -> float:
    """How many independent samples would have this interval: fewer than there are, since neighbours are alike."""
    from clearance.statistics import clopper_pearson

    few, many = 1e-6, float(measure.samples)
    for _ in range(_STEPS):
        middle = (few + many) / 2
        low, high = clopper_pearson(measure.value * middle, middle)
        wider = high > measure.high if measure.high < 1 else low < measure.low
        few, many = (middle, many) if wider else (few, middle)
    return many
