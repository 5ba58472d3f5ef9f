"""The gate's own annotations in an SLO file: what a run must be like to prove anything."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

from clearance.model import PolicyError
from clearance.slo.levels import Validity
from clearance.slo.shape import known

PREFIX = "clearance.dev/"
# The least and the most that each may be; both may be met, but for those of which none or all is no limit at all.
_RANGES = {
    "min_achieved": (0.5, 1.0),
    "max_cpu": (0.01, 1.0),
    "max_lag_ms": (0.01, 60_000.0),
    "max_steal": (0.0, 1.0),
    "max_unjoined": (0.0, 1.0),
    "max_clock_step_s": (0.0, 3600.0),
    "max_slowdown": (0.0, 100.0),
    "min_slowdown_ms": (0.0, 60_000.0),
}
_FIELDS = {PREFIX + field.name.replace("_", "-"): field.name for field in dataclasses.fields(Validity)}


def read(annotated: Iterable[tuple[str, Mapping[str, str]]]) -> Validity:
    """Make it of every object's annotations, each with its place; annotations of other names are other tools'.

    Raises PolicyError for an unknown one, one that is there twice, and a value out of its range.
    """
    found: dict[str, float] = {}
    for where, texts in annotated:
        for key, text in texts.items():
            if not key.startswith(PREFIX):
                continue
            if key not in _FIELDS:
                raise PolicyError(f"{where} has an unknown annotation: {key}", known(key, _FIELDS))
            if _FIELDS[key] in found:
                raise PolicyError(f"{where} has the annotation {key} a second time", "it holds for the file: keep one")
            found[_FIELDS[key]] = _number(where, key, text)
    return Validity(**found)


def _number(where: str, key: str, text: str) -> float:
    low, high = _RANGES[_FIELDS[key]]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise PolicyError(f"{where}: the annotation {key} is {text!r}", f"it is a number from {low:g} to {high:g}")
    return value
