"""A load run's details to a section of the page: tables and drawings that need no script, and plots that do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from clearance.model import Json, Ruling
from clearance.render import load_drawing, load_facts, load_words
from clearance.render.load_facts import Heatmap, Level, Percentiles, Timeline, amount, parts, records, text
from clearance.render.templating import Section, embed, environment, resource

STYLES = ("vendor/uplot/uPlot.min.css", "templates/load.css")
SCRIPTS = ("vendor/uplot/uPlot.iife.min.js", "templates/load.js")


def draw(ruling: Ruling, details: Json, *, anchor: str, again: str) -> Section:
    """Draw what a reader of load runs told; whatever the details hold, a section comes of it.

    `anchor` is the section's id, `again` the command that runs the check again.
    """
    levels = load_facts.levels(details, ruling)
    timeline, heatmap = load_facts.timeline(details), load_facts.heatmap(details)
    percentiles = load_facts.percentiles(details)
    page = {
        "ruling": ruling,
        "anchor": anchor,
        "again": again,
        "levels": levels,
        "timeline": timeline,
        "heatmap": heatmap,
        "percentiles": percentiles,
        "waterfall": _waterfall(details),
        "slowest": _slowest(details),
        "reproduce": text(details.get("reproduce"), 1000),
        "data": embed(_plots(details, levels, timeline, percentiles, heatmap)),
        "details": details,
        "say": load_words,
        "facts": load_facts,
        "drawing": load_drawing,
    }
    html = environment().get_template("load.html").render(page)
    return Section(
        anchor=anchor,
        title=f"Load run: {ruling.check}",
        html=html,
        styles=tuple(map(resource, STYLES)),
        scripts=tuple(map(resource, SCRIPTS)),
    )


def _waterfall(details: Json) -> list[tuple[str, list[load_drawing.Bar]]]:
    """Return the bars of each percentile, on one scale within it."""
    found: dict[str, list[tuple[str, list[load_facts.Part]]]] = {}
    for one in records(details.get("waterfall")):
        at = amount(one.get("percentile"))
        name = text(one.get("percentile"), 12) or ("" if at is None else f"p{at:g}")
        found.setdefault(name, []).append((f"{text(one.get('op'), 20)} {name}".strip(), parts(one.get("parts"))))
    further: list[str] = []
    return [(name, _bars(rows, further)) for name, rows in found.items()]


def _bars(rows: Sequence[tuple[str, list[load_facts.Part]]], further: list[str]) -> list[load_drawing.Bar]:
    full = max((sum(part.ms for part in found) for _, found in rows), default=0.0)
    return [load_drawing.bar(label, found, full, further) for label, found in rows]


def _slowest(details: Json) -> list[tuple[Json, load_drawing.Bar]]:
    rows = records(details.get("slowest"), 10)
    split = [parts(one.get("parts")) for one in rows]
    full = max((sum(part.ms for part in found) for found in split), default=0.0)
    further: list[str] = []
    bars = [load_drawing.bar("", found, full, further, load_drawing.WIDTH) for found in split]
    return list(zip(rows, bars, strict=True))


def _plots(
    details: Json,
    levels: Iterable[Level],
    timeline: Timeline | None,
    percentiles: Percentiles | None,
    heatmap: Heatmap | None,
) -> dict[str, Any]:
    """Return what the script draws: numbers, and short texts that it puts in as text."""
    return {
        "budgets": [
            {"name": level.name, "ms": level.at_most_ms, "x": _nines((level.target or 0) * 100), "says": level.says}
            for level in load_facts.budgets(levels)
        ],
        "warmup": amount(details.get("warmup_s")),
        "faults": [
            {"name": text(one.get("name"), 40), "at": at, "until": at + (_until(one) or 0)}
            for one in records(details.get("faults"))
            if (at := amount(one.get("at"))) is not None
        ],
        "timeline": timeline
        and {
            "step": timeline.step,
            "at": timeline.at,
            **{name: _short(getattr(timeline, name)) for name in ("intended", "achieved", "p50", "p99", "errors")},
        },
        "percentiles": percentiles and _curves(percentiles),
        "heatmap": heatmap
        and {
            "step": heatmap.step,
            "edges": _short(heatmap.edges),
            "counts": [[int(one) for one in row] for row in heatmap.counts],
        },
    }


def _until(fault: Json) -> float | None:
    return amount(fault.get("recovery_s")) or amount(fault.get("seconds"))


def _curves(found: Percentiles) -> dict[str, Any]:
    kept = [index for index, at in enumerate(found.at) if at < 100]
    return {
        "at": [found.at[index] for index in kept],
        "x": [_nines(found.at[index]) for index in kept],
        "series": [
            {"name": curve.name, "base": curve.is_base, "ms": _short(curve.ms[index] for index in kept)}
            for curve in found.curves
        ],
    }


def _nines(percentile: float) -> float:
    """Return how many nines a percentile has: 90 is 1, 99 is 2, 99.9 is 3; what is drawn as its place on the axis."""
    return round(-math.log10(max(1e-9, 1 - percentile / 100)), 4)


def _short(values: Iterable[float | None]) -> list[float | int | None]:
    """Round to four digits: a plot shows no more, and the page stays small."""
    short = (None if one is None else float(f"{one:.4g}") for one in values)
    return [int(one) if one is not None and one == int(one) else one for one in short]
