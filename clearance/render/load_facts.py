"""What may be shown of a load run: takes a reader's details for what they may be, anything, and never raises.

What is not of its right kind is left out, and shows as a dash. Times are milliseconds where a name ends in `ms`, else
seconds; shares lie in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from clearance.model import Decision, Json, Measure, Ruling
from clearance.render.words import clean

DASH = "\N{EN DASH}"
LARGEST = 1e15  # beyond it no float tells neighbours apart, and nothing that was measured is so large
STEPS, BINS, SERIES, ROWS = 600, 80, 6, 50


def number(value: object) -> float | None:
    """Return a finite number of a sensible size, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LARGEST <= value <= LARGEST else None  # which no NaN is


def amount(value: object) -> float | None:
    """Return a number that counts or measures something: none that is negative."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def text(value: object, limit: int = 160) -> str:
    """Return text, harmless and on one line; "" for what is none."""
    return clean(value, limit) if isinstance(value, str) else ""


def items(value: object, limit: int) -> list[object]:
    """Return the first elements of a sequence; none of what is no sequence."""
    return list(value[:limit]) if isinstance(value, list | tuple) else []


def record(value: object) -> Json:
    """Return an object's members; none of what is no object."""
    return {key: one for key, one in value.items() if isinstance(key, str)} if isinstance(value, Mapping) else {}


def records(value: object, limit: int = ROWS) -> list[Json]:
    return [record(one) for one in items(value, limit) if isinstance(one, Mapping)]


def column(value: object, length: int) -> list[float | None]:
    """Return exactly so many amounts, None where there is none."""
    found: list[float | None] = [amount(one) for one in items(value, length)]
    return found + [None] * (length - len(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A share of the time that a request took."""

    name: str
    ms: float


def parts(value: object) -> list[Part]:
    found = ((text(one.get("name"), 60), amount(one.get("ms"))) for one in records(value, 12))
    return [Part(name=name, ms=ms) for name, ms in found if ms is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An objective beside what was measured: the share of bad requests with its 95 % interval."""

    name: str
    says: str
    budget: float | None
    target: float | None
    at_most_ms: float | None
    bad: float | None
    total: float | None
    value: float | None
    low: float | None
    high: float | None
    design_effect: float | None
    more_seconds: float | None

    @property
    def decision(self) -> Decision:
        """The whole interval decides, and without one nothing does."""
        if self.budget is None or self.low is None or self.high is None:
            return Decision.UNKNOWN
        if self.high <= self.budget:
            return Decision.PASS
        return Decision.FAIL if self.low > self.budget else Decision.UNKNOWN


def levels(details: Json, ruling: Ruling) -> list[Level]:
    """Return the objectives, the worst first; where the ruling has a measure of that name, its interval is the one."""
    measures = {one.name: one for one in ruling.measures}
    found = [_level(one, measures) for one in records(details.get("objectives"))]
    return sorted(found, key=lambda level: level.decision, reverse=True)


def _level(one: Json, measures: Mapping[str, Measure]) -> Level:
    target = number(one.get("target"))
    target = target if target is not None and 0 < target < 1 else None
    name = one.get("name")
    judged = measures.get(name) if isinstance(name, str) else None
    at_most_ms = amount(one.get("at_most_ms"))
    return Level(
        name=text(name, 80) or "(no name)",
        says=_says(one, target, at_most_ms),
        budget=None if target is None else 1 - target,
        target=target,
        at_most_ms=at_most_ms,
        bad=amount(one.get("bad")),
        total=amount(one.get("total")),
        value=amount(judged.value if judged else one.get("value")),
        low=amount(judged.low if judged else one.get("low")),
        high=amount(judged.high if judged else one.get("high")),
        design_effect=amount(one.get("design_effect")),
        more_seconds=amount(one.get("more_seconds")),
    )


def _says(one: Json, target: float | None, at_most_ms: float | None) -> str:
    which = text(one.get("route"), 80) or {"read": "reads", "write": "writes"}.get(text(one.get("op"), 20), "requests")
    how = "good" if at_most_ms is None else f"good within {milliseconds(at_most_ms)}"
    return f"{'some' if target is None else percent(target)} of {which} {how}"


def milliseconds(ms: float | None) -> str:
    """Return "0.42 ms", "8.1 ms", "212 ms" or "12,400 ms"."""
    if ms is None:
        return DASH
    return f"{ms:,.0f} ms" if ms >= 99.5 else f"{float(f'{ms:.2g}'):g} ms"


def percent(share: float | None) -> str:
    """Return "0.12 %", "99.97 %": two digits of whichever lies nearer, the share or what is missing to all."""
    if share is None:
        return DASH
    if 0 < share < 1e-6:
        return "under 0.0001 %"
    near = min(abs(share), abs(1 - share)) or 1.0
    digits = min(4, max(0, 1 - math.floor(math.log10(near * 100))))
    said = f"{share * 100:,.{digits}f}"
    return f"{said.rstrip('0').rstrip('.') if '.' in said else said} %"


def whole(value: float | None) -> str:
    return DASH if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """Return "65 s", "0.25 s" or "5.7 µs"."""
    if value is None:
        return DASH
    if 0 < abs(value) < 0.001:
        return f"{float(f'{value * 1e6:.2g}'):g} µs"
    return f"{float(f'{value:.3g}'):,g} s"


def rate(value: float | None) -> str:
    return DASH if value is None else f"{float(f'{value:.3g}'):,g}/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Columns of one length, a value for each step of time; rates and errors are numbers a second."""

    step: float
    at: list[float]
    intended: list[float | None]
    achieved: list[float | None]
    p50: list[float | None]
    p99: list[float | None]
    errors: list[float | None]


def timeline(details: Json) -> Timeline | None:
    """Return what happened when; None where fewer than two moments, in order, are known."""
    given = record(details.get("timeline"))
    at = _ascending(given.get("at"))
    if len(at) < 2:
        return None
    columns = {name: column(given.get(name), len(at)) for name in ("intended", "achieved", "p50", "p99", "errors")}
    return Timeline(step=amount(given.get("step_s")) or at[1] - at[0], at=at, **columns)


def _ascending(value: object, limit: int = STEPS) -> list[float]:
    """Return the numbers up to the first that is none, or does not lie beyond the one before it."""
    out: list[float] = []
    for one in items(value, limit):
        found = amount(one)
        if found is None or (out and found <= out[-1]):
            break
        out.append(found)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Latency by percentile, of one series."""

    name: str
    ms: list[float | None]

    @property
    def is_base(self) -> bool:
        return "base" in self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    at: list[float]
    curves: list[Curve]


def percentiles(details: Json) -> Percentiles | None:
    """Return latency by percentile; None where there is nothing to draw."""
    given = record(details.get("percentiles"))
    at = [p for p in _ascending(given.get("at")) if p <= 100]
    named = [(text(one.get("name"), 60), one) for one in records(given.get("series"), SERIES)]
    curves = [Curve(name=name or "(no name)", ms=column(one.get("ms"), len(at))) for name, one in named]
    curves = [curve for curve in curves if sum(1 for ms in curve.ms if ms) > 1]
    return Percentiles(at=at, curves=curves) if len(at) > 1 and curves else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """`counts[step][bin]`: requests of a step of time whose latency lies between two neighbouring edges."""

    step: float
    edges: list[float]
    counts: list[list[float]]


def heatmap(details: Json) -> Heatmap | None:
    given = record(details.get("heatmap"))
    edges = _ascending(given.get("edges_ms"), BINS + 1)
    step = amount(given.get("step_s"))
    if len(edges) < 2 or not step:
        return None
    counts = [[one or 0.0 for one in column(row, len(edges) - 1)] for row in items(given.get("counts"), STEPS)]
    return Heatmap(step=step, edges=edges, counts=counts) if any(map(any, counts)) else None


def budgets(found: Iterable[Level]) -> Iterator[Level]:
    """Return the levels that are a line on a plot of latency."""
    return (level for level in found if level.at_most_ms and level.target is not None)
