"""Base against head under load: runs of both in turn, and whether head is slower by more than the SLO file lets pass.

The format is our own, JSON: `{"schema": 1, "kind": "load-comparison", "base": {"commit"}, "head": {"commit"}, "runs":
[{"side": "base" | "head", "position", "requests", "bad", "p50_ms": {"read": 1.5}, "p95_ms": ..., "mean_ms": ...}],
"problems": []}`. Runs 0 and 1 by position are a pair, 2 and 3, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec

from clearance import slo
from clearance.model import ClearanceError, Finding, Materials, Measure, Reading, Severity, UnreadableError
from clearance.readers.decoding import Count, decode
from clearance.readers.identity import identified
from clearance.statistics import Comparison, Interval, compare, fewest_pairs

LEVEL: Final = 0.98
"""How sure the interval of each number is: there are several that can call head slower, each with its own error."""

_SCHEMA: Final = 1
_TOOL: Final = "load-comparison"
_NUMBERS: Final = ("p50", "p95", "mean")
_CONVICT: Final = ("p50", "p95")  # a mean follows a single hiccup
_MUST_BE_DECIDED: Final = "p50"  # a tail takes longer to tell, and the objectives hold it
_LEAST: Final = 1e-6  # ms: what took less was not measured

_Op = Literal["read", "write"]
_Times = dict[_Op, Annotated[float, msgspec.Meta(ge=0, le=1e9)]]


class _Side(msgspec.Struct, frozen=True):
    commit: str = ""


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    side: Literal["base", "head"]
    position: Count
    requests: Count
    bad: Count
    p50_ms: _Times
    p95_ms: _Times = {}
    mean_ms: _Times = {}

    def times(self, name: str) -> _Times:
        """The milliseconds of "p50" and the like, by operation."""
        return {"p50": self.p50_ms, "p95": self.p95_ms, "mean": self.mean_ms}[name]


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    kind: Literal["load-comparison"]
    base: _Side
    head: _Side
    runs: Annotated[tuple[_Run, ...], msgspec.Meta(max_length=2000)]
    problems: tuple[str, ...] = ()


Pair = tuple[_Run, _Run]


def read(report: bytes, materials: Materials) -> Reading:
    """Read a comparison: reach is the number of requests, of both sides.

    Measures: "regression p50 read" and the like, head / base with its interval at 98 %, `samples` the pairs; "bad base"
    and "bad head", shares. A median or a 95th percentile that is slower by more than both floors (the annotations
    `max-slowdown` and `min-slowdown-ms` of the SLO file) is a finding; a median of which that cannot be told is a
    problem, as are runs that make no pairs, and requests without a good answer beyond what the SLO file allows: to fail
    fast is not to be fast. Raises UnreadableError for what is no comparison, and for an SLO file that cannot be used.
    """
    found = decode(report, _Report, "a comparison of load runs")
    if found.schema != _SCHEMA:
        raise UnreadableError(
            f"The comparison is of schema {found.schema}, and this version reads {_SCHEMA}.",
            "Use the same version for both.",
        )
    agreed = _agreed(materials.slo)
    pairs, odd = _pairs(found.runs)
    compared = dict(_compared(pairs, agreed.validity))
    return Reading(
        reach=sum(run.requests for run in found.runs),
        unit="requests",
        findings=identified(_TOOL, _findings(compared, agreed.validity)),
        measures=(*_measures(compared), *_bad(found.runs)),
        problems=(*found.problems, *odd, *_failures(found.runs, agreed), *_undecided(compared, agreed.validity)),
        tool=f"{_TOOL} {found.schema}",
    )


def _agreed(text: bytes | None) -> slo.ServiceLevels:
    if text is None:
        return slo.ServiceLevels(service="", levels=(), validity=slo.Validity())
    try:
        return slo.parse(text, "the SLO file")
    except ClearanceError as error:
        raise UnreadableError(str(error), error.hint) from error


def _pairs(runs: Sequence[_Run]) -> tuple[list[Pair], list[str]]:
    """Base and head of each pair; and what keeps the runs from being pairs."""
    placed = sorted(runs, key=lambda run: run.position)
    if [run.position for run in placed] != list(range(len(placed))) or len(placed) % 2:
        return [], [f"{len(placed)} runs make no pairs: a run is missing, or is there twice; compare again"]
    pairs = [
        (first, second) if first.side == "base" else (second, first)
        for first, second in zip(placed[::2], placed[1::2], strict=True)
    ]
    alike = sum(base.side == head.side for base, head in pairs)
    if alike:
        return [], [f"{alike} of {len(pairs)} pairs are two runs of the same side; compare again, in turn"]
    if not pairs:
        return [], ["nothing was compared: there is no run"]
    return pairs, []


def _compared(pairs: Sequence[Pair], validity: slo.Validity) -> Iterator[tuple[str, Comparison | None]]:
    """Each number by its name ("p50 read"), and its comparison: None where a run lacks it."""
    for name in _NUMBERS:
        for op in sorted({op for pair in pairs for run in pair for op in run.times(name)}):
            sides = [[run.times(name).get(op, 0.0) for run in pair] for pair in pairs]
            if min(map(min, sides)) < _LEAST:
                yield f"{name} {op}", None
                continue
            bases, heads = zip(*sides, strict=True)
            floors = {"max_slowdown": validity.max_slowdown, "min_slowdown": validity.min_slowdown_ms}
            yield f"{name} {op}", compare(bases, heads, level=LEVEL, **floors)


def _measures(compared: Mapping[str, Comparison | None]) -> Iterator[Measure]:
    """The ratios; one that has no upper bound, for want of pairs, is left out."""
    for name, comparison in compared.items():
        if comparison is not None and comparison.ratio.samples >= fewest_pairs(LEVEL):
            ratio = comparison.ratio
            yield Measure(
                name=f"regression {name}",
                value=ratio.value,
                low=ratio.low,
                high=ratio.high,
                unit="x",
                samples=ratio.samples,
            )


def _bad(runs: Sequence[_Run]) -> Iterator[Measure]:
    for side in ("base", "head"):
        requests, bad = _counted(runs, side)
        if requests:
            share = bad / requests
            yield Measure(name=f"bad {side}", value=share, low=share, high=share, samples=requests)


def _counted(runs: Sequence[_Run], side: str) -> tuple[int, int]:
    mine = [run for run in runs if run.side == side]
    return sum(run.requests for run in mine), sum(run.bad for run in mine)


def _failures(runs: Sequence[_Run], agreed: slo.ServiceLevels) -> Iterator[str]:
    """Say where requests failed too often for the times to mean anything, or where there were none."""
    budgets = [level.budget for level in agreed.levels if level.indicator.at_most_ms is None]
    budget = min(budgets, default=0.0)
    for side in ("base", "head"):
        requests, bad = _counted(runs, side)
        if bad > budget * requests:
            yield (
                f"{bad:,} of {requests:,} requests of {side} had no good answer ({bad / max(1, requests):.2%}, at most "
                f"{budget:.2%}): a fast failure is not fast; mend {side}, then compare again"
            )
    if empty := sum(run.requests == 0 for run in runs):
        yield f"{empty} of {len(runs)} runs made no request; look at the driver's log, then compare again"


def _findings(compared: Mapping[str, Comparison | None], validity: slo.Validity) -> Iterator[tuple[Finding, str]]:
    for name, comparison in compared.items():
        if comparison is not None and comparison.answer == "slower" and name.split()[0] in _CONVICT:
            said = f"head is slower: {name} is {_said(comparison)}, and {_floors(validity)} may pass"
            yield Finding(rule=f"regression/{name.replace(' ', '-')}", severity=Severity.HIGH, message=said), ""


def _undecided(compared: Mapping[str, Comparison | None], validity: slo.Validity) -> Iterator[str]:
    if not any(name.startswith(_MUST_BE_DECIDED) for name in compared):
        yield "no run states a median, so nothing was compared; look at the driver's log, then compare again"
    for name, comparison in compared.items():
        if not name.startswith(_MUST_BE_DECIDED):
            continue
        if comparison is None:
            yield f"{name} is missing from some runs, or is not above 0; compare longer runs"
        elif comparison.answer == "undecided":
            pairs = comparison.ratio.samples
            more = max(fewest_pairs(LEVEL), 2 * pairs)
            yield (
                f"{name} is undecided after {pairs} pairs: {_said(comparison)}, and {_floors(validity)} may pass; "
                f"compare {more} pairs, on a quieter machine"
            )


def _said(comparison: Comparison) -> str:
    return f"{_span(comparison.ratio, ' x')}, {_span(comparison.difference, ' ms', '+')} that of base"


def _span(interval: Interval, unit: str, sign: str = "") -> str:
    return f"{interval.value:{sign}.2f}{unit} [{interval.low:{sign}.2f}, {interval.high:{sign}.2f}]"


def _floors(validity: slo.Validity) -> str:
    return f"up to {1 + validity.max_slowdown:.2f} x or {validity.min_slowdown_ms:g} ms"
