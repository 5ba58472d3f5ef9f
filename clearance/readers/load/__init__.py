"""A load run's recording: every request held against the service levels, and whatever makes the run no proof."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from clearance import recording, slo
from clearance.model import ClearanceError, Materials, Reading, UnreadableError
from clearance.readers.load.details import details
from clearance.readers.load.faults import recoveries
from clearance.readers.load.findings import findings
from clearance.readers.load.join import split
from clearance.readers.load.measures import hold, measures
from clearance.readers.load.plain import plain
from clearance.readers.load.run import run_of
from clearance.readers.load.validity import problems


def read(report: bytes, materials: Materials) -> Reading:
    """Read a recording: reach is the number of requests.

    Measures: for each level of `materials.slo` the share of bad requests, under the level's name, and for a level
    without a route of its own `LEVEL/METHOD ROUTE` for each route; `bad answers`, `p50 read` and the like (ms, from
    the intended start, after the warm-up), `cold starts`, `time to recovery: FAULT` (s). Findings: see
    `findings.findings`. Problems: see `validity`. Without an SLO file there are measures all the same, no level counts
    failures, and the limits of a valid run are the usual ones. Raises UnreadableError for what is no recording, for one
    that says what cannot be, and for an SLO file that cannot be used.
    """
    run = run_of(recording.loads(report))
    agreed = _levels(materials.slo)
    levels = tuple(hold(run, level) for level in agreed.levels)
    parts = split(run.recording)
    nothing = np.zeros(len(run), dtype=np.bool_)
    bad = np.logical_or.reduce([nothing, ~run.good, *(held.counted & held.bad for held in levels)])
    recovered = recoveries(run, bad)
    return Reading(
        reach=len(run),
        unit="requests",
        findings=findings(run, np.logical_or.reduce([nothing, *(held.mine for held in levels)]), recovered),
        measures=tuple(measures(run, levels, parts.cold, recovered)),
        problems=(*problems(run, levels, parts, agreed.validity), *_undated(run.header.started_at)),
        tool=plain(f"{run.header.tool} {run.header.version}"),
        made_at=_moment(run.header.started_at),
        details=details(run, levels, parts, recovered),
    )


def _levels(text: bytes | None) -> slo.ServiceLevels:
    if text is None:
        return slo.ServiceLevels(service="", levels=(), validity=slo.Validity())
    try:
        return slo.parse(text, "the SLO file")
    except ClearanceError as error:
        raise UnreadableError(str(error), error.hint) from error


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _undated(text: str) -> tuple[str, ...]:
    if _moment(text) is not None:
        return ()
    return (f"the recording does not say when it was made, but {plain(text)!r}: run the load again",)
