"""What a renderer may draw of a load run: JSON of `kind` "load", where None stands for no sample; nobody judges it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clearance.model import Json
from clearance.readers.load.faults import Recovery
from clearance.readers.load.generator import delay_ms, own_lateness_ms, worst_beats
from clearance.readers.load.join import Split
from clearance.readers.load.measures import Held
from clearance.readers.load.plain import plain
from clearance.readers.load.run import Run
from clearance.readers.load.tables import routes, slowest, waterfall
from clearance.readers.load.timeline import curves, heatmap, rank, timeline
from clearance.readers.load.validity import unjoined
from clearance.statistics import seconds_to_decide

_MOST: Final = 100


def details(run: Run, levels: tuple[Held, ...], split: Split, recoveries: tuple[Recovery, ...]) -> Json:
    """Draw up a run; times are seconds since its start, latencies milliseconds from the intended start."""
    header = run.header
    return {
        "kind": "load",
        "tool": plain(f"{header.tool} {header.version}"),
        "started_at": plain(header.started_at),
        "base_url": plain(header.base_url),
        "seconds": header.seconds,
        "warmup_s": header.warmup_s,
        "schedule": plain(header.schedule),
        "stopped": plain(header.stopped),
        "reproduce": plain(header.reproduce, 2000),
        "environment": _texts(header.environment),
        "totals": _totals(run, split),
        "objectives": [_objective(held) for held in levels],
        "timeline": timeline(run),
        "percentiles": curves(run),
        "heatmap": heatmap(run),
        "waterfall": waterfall(run, split),
        "routes": routes(run, levels),
        "slowest": slowest(run, split),
        "honesty": _honesty(run),
        "cold": _spread(run, split.cold, ("p50", "max")),
        "warmup": _spread(run, ~run.warm, ("p50", "p99")) | {"requests": int((~run.warm).sum())},
        "faults": [
            {"name": each.name, "at": each.at, "seconds": each.lasted, "recovery_s": each.seconds}
            for each in recoveries[:_MOST]
        ],
        "workers": [
            {"name": plain(each.name), "requests": each.requests, "finished": each.finished}
            for each in header.workers[:_MOST]
        ],
        "raised": _texts(header.raised),
    }


def _texts(table: dict[str, Any]) -> Json:
    return {plain(key): plain(value) if isinstance(value, str) else value for key, value in list(table.items())[:_MOST]}


def _totals(run: Run, split: Split) -> Json:
    arrivals = run.recording.arrivals
    started = int((arrivals["started"] >= 0).sum())
    return {
        "requests": len(run),
        "intended": run.header.intended,
        "started": started,
        "achieved": round(started / run.header.intended, 4) if run.header.intended else None,
        "unjoined": unjoined(run, split)[1],
        "joined_by": split.by,
    }


def _objective(held: Held) -> Json:
    level, interval = held.level, held.interval
    told: Json = {
        "name": level.name,
        "target": level.target,
        "at_most_ms": level.indicator.at_most_ms,
        "op": level.indicator.op,
        "route": level.indicator.route,
        "bad": int((held.counted & held.bad).sum()),
        "total": held.total,
    }
    if interval is None:
        return told | dict.fromkeys(("value", "low", "high", "design_effect", "more_seconds"))
    return told | {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "design_effect": round(interval.design_effect, 2),
        "more_seconds": seconds_to_decide(interval, level.budget, held.seconds),
    }


def _honesty(run: Run) -> Json:
    arrivals = run.recording.arrivals
    began = arrivals["started"] >= 0
    late = np.sort((arrivals["started"][began] - arrivals["intended"][began]) / 1e6)
    own = np.sort(own_lateness_ms(run))

    def worst(column: str, share: float) -> float | None:
        return _rounded(worst_beats(run, column, share))

    return {
        "late_p50_ms": rank(late, 0.5),
        "late_p99_ms": rank(late, 0.99),
        "late_max_ms": rank(late, 1),
        "own_late_p99_ms": rank(own, 0.99),
        "cpu_p95": worst("cpu", 0.95),
        "cpu_max": worst("cpu", 1.0),
        "lag_p99_ms": _rounded(delay_ms(run)),
        "steal_p95": worst("steal", 0.95),
        "steal_max": worst("steal", 1.0),
        "clock_step_s": run.header.clock_step_s,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _spread(run: Run, mask: Any, keys: tuple[str, ...]) -> Json:
    ordered = np.sort(run.latency_ms[mask])
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {"count": len(ordered)} | {key: rank(ordered, shares[key]) for key in keys}
