"""Holds measures against objectives: the whole interval inside the budget, wholly outside, or neither."""

from __future__ import annotations

from collections.abc import Sequence

from clearance.judge.findings import Grounds
from clearance.judge.longer import advise
from clearance.model import Decision, Measure, Objective

_NAMED = 3


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


def _weigh_each(objective: Objective, parts: Sequence[Measure]) -> Grounds:
    """Judge the parts whose samples are enough to tell, one by one where they don't pass; count and show the others.

    A part has too few to tell also where its value is inside the budget and its interval is not: then the decision is
    the whole's. One whose value is outside is UNKNOWN, whatever the whole says.
    """
    if not parts:
        return []
    few = [part for part in parts if part.samples < objective.min_samples]
    grounds = [(part, *_weigh_one(objective, part)) for part in parts if part not in few]
    unsure = [part for part, decision, _ in grounds if decision is Decision.UNKNOWN and _within(objective, part.value)]
    missed = [(d, text) for part, d, text in grounds if d is not Decision.PASS and part not in unsure]
    inside = len(parts) - len(few) - len(unsure) - len(missed)
    text = f"{objective.measure}: {inside:,} of {len(parts):,} parts, {_budget(objective)} asked for"
    if few:
        text += f"; {len(few):,} shown and not judged, with fewer than {objective.min_samples:,} samples"
    if unsure:
        named = ", ".join(f"{_value(part)}, {advise(objective, part)}" for part in unsure[:_NAMED])
        text += f"; {len(unsure):,} within that, and not for certain: {named}"
    return [*missed, (Decision.PASS, text)]


def _weigh_one(objective: Objective, measure: Measure) -> tuple[Decision, str]:
    low, high = objective.at_least, objective.at_most
    text = f"{_value(measure)}, {_budget(objective)} asked for"
    if (low is not None and measure.high < low) or (high is not None and measure.low > high):
        return Decision.FAIL, text
    if measure.samples < objective.min_samples:
        few = f"{measure.samples:,} samples, {objective.min_samples:,} needed"
        return Decision.UNKNOWN, f"{_value(measure)}: {few}: {advise(objective, measure)}"
    if _within(objective, measure.low) and _within(objective, measure.high):
        return Decision.PASS, text
    return Decision.UNKNOWN, f"{text}: the interval straddles the budget, {advise(objective, measure)}"


def _within(objective: Objective, value: float) -> bool:
    low, high = objective.at_least, objective.at_most
    return (low is None or value >= low) and (high is None or value <= high)


def _value(measure: Measure) -> str:
    text = f"{measure.name} {_number(measure.value)}{measure.unit and ' ' + measure.unit}"
    if measure.low != measure.high:
        text += f" (95 % interval {_number(measure.low)} to {_number(measure.high)}, {measure.samples:,} samples)"
    return text


def _budget(objective: Objective) -> str:
    bounds = (("at least", objective.at_least), ("at most", objective.at_most))
    return " and ".join(f"{words} {_number(bound)}" for words, bound in bounds if bound is not None)


def _number(value: float) -> str:
    return f"{value:,.6g}"
