"""Holds measures against objectives: the whole interval inside the budget, wholly outside, or neither."""

from __future__ import annotations

from collections.abc import Sequence

from clearance.judge.findings import Grounds
from clearance.judge.longer import advise
from clearance.model import Decision, Measure, Objective


def weigh(objective: Objective, measures: Sequence[Measure]) -> Grounds:
    """Decide on an objective, with the arithmetic; with `each`, on every measure below it that has samples enough."""
    if objective.each:
        return _weigh_each(objective, [m for m in measures if m.name.startswith(f"{objective.measure}/")])
    measure = next((m for m in measures if m.name == objective.measure), None)
    if measure is None:
        return [
            (Decision.UNKNOWN, f"the measure {objective.measure} that the policy has an objective for is not there")
        ]
    return [_weigh_one(objective, measure)]


def _weigh_each(objective: Objective, measures: Sequence[Measure]) -> Grounds:
    """Those that pass are counted, the others said one by one."""
    enough = [m for m in measures if m.samples >= objective.min_samples]
    grounds = [_weigh_one(objective, measure) for measure in enough]
    missed = [ground for ground in grounds if ground[0] is not Decision.PASS]
    few = len(measures) - len(enough)
    if not measures:
        return []
    text = (
        f"{objective.measure}: {len(enough) - len(missed):,} of {len(measures):,} parts, {_budget(objective)} asked for"
    )
    if few:
        text += f"; {few:,} shown and not judged, with fewer than {objective.min_samples:,} samples"
    return [*missed, (Decision.PASS, text)]


def _weigh_one(objective: Objective, measure: Measure) -> tuple[Decision, str]:
    value = f"{measure.name} {_number(measure.value)}{measure.unit and ' ' + measure.unit}"
    if measure.low != measure.high:
        value += f" (95 % interval {_number(measure.low)} to {_number(measure.high)}, {measure.samples:,} samples)"
    low, high = objective.at_least, objective.at_most
    text = f"{value}, {_budget(objective)} asked for"
    if (low is not None and measure.high < low) or (high is not None and measure.low > high):
        return Decision.FAIL, text
    if measure.samples < objective.min_samples:
        few = f"{measure.samples:,} samples, {objective.min_samples:,} needed"
        return Decision.UNKNOWN, f"{value}: {few}: {advise(objective, measure)}"
    if (low is None or measure.low >= low) and (high is None or measure.high <= high):
        return Decision.PASS, text
    return Decision.UNKNOWN, f"{text}: the interval straddles the budget, {advise(objective, measure)}"


def _budget(objective: Objective) -> str:
    bounds = (("at least", objective.at_least), ("at most", objective.at_most))
    return " and ".join(f"{words} {_number(bound)}" for words, bound in bounds if bound is not None)


def _number(value: float) -> str:
    return f"{value:,.6g}"
