"""Geometry of the pictures that need no script: interval bars against their budget, and stacked bars of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clearance.render.load_facts import Level, Part, milliseconds, percent

WIDTH = 240
_BUDGETS = 3.0  # how many budgets wide an interval bar's scale is: beyond it, an arrow
_KNOWN = ("schedule", "network and queue", "gateway", "handler", "database read", "database write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval as a bar from `x` on, `width` wide, the value at `at`; all in units of the drawing."""

    x: float
    width: float
    at: float
    beyond: bool
    budget: float
    says: str


def interval(level: Level) -> Interval | None:
    """Return the bar of a level, on a scale that reaches from nothing to three times its budget."""
    if level.low is None or level.high is None or not level.budget:
        return None
    low, high, at = (
        min(1.0, max(0.0, share / level.budget / _BUDGETS)) * WIDTH
        for share in (level.low, level.high, level.low if level.value is None else level.value)
    )
    return Interval(
        x=round(min(low, high), 1),
        width=round(max(2.0, high - low), 1),
        at=round(at, 1),
        beyond=max(level.low, level.high) > level.budget * _BUDGETS,
        budget=round(WIDTH / _BUDGETS, 1),
        says=f"bad requests {percent(level.low)} to {percent(level.high)}, budget {percent(level.budget)}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part as a piece of a bar; `colour` counts from 1 to 8."""

    part: Part
    x: float
    width: float
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Parts one after another, `total` milliseconds together."""

    label: str
    total: float
    segments: list[Segment]

    @property
    def known(self) -> list[Segment]:
        """The parts that took any time."""
        return [one for one in self.segments if one.part.ms > 0]

    @property
    def says(self) -> str:
        said = ", ".join(f"{one.part.name} {milliseconds(one.part.ms)}" for one in self.known)
        return f"{self.label}: {milliseconds(self.total)}, of it {said}" if said else f"{self.label}: nothing known"


def colour(name: str, further: list[str]) -> int:
    """Return the colour of a part: its own where it is known, else the next of those left, noted in `further`."""
    if name in _KNOWN:
        return _KNOWN.index(name) + 1
    if name not in further:
        further.append(name)
    return len(_KNOWN) + 1 + further.index(name) % 2


def bar(label: str, found: Iterable[Part], full: float, further: list[str], width: float = 640) -> Bar:
    """Stack parts along a scale on which `full` milliseconds are `width` wide."""
    segments, x, total = [], 0.0, 0.0
    for part in found:
        wide = min(part.ms / full, 1.0) * width if full else 0.0
        wide = min(wide, width - x)
        segments.append(Segment(part=part, x=round(x, 1), width=round(wide, 1), colour=colour(part.name, further)))
        x, total = x + wide, total + part.ms
    return Bar(label=label, total=total, segments=segments)
