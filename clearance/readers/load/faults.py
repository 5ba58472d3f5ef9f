"""How long the service took to be well again after each fault that was planted in the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from clearance.readers.load.plain import plain
from clearance.readers.load.run import NANO, Mask, Run

QUIET_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A fault and the seconds from its beginning until the service was well again; None where it never was."""

    name: str
    at: float
    lasted: float
    seconds: float | None
    observed: float


def recoveries(run: Run, bad: Mask) -> tuple[Recovery, ...]:
    """Measure each fault's recovery; `bad` says which requests were, by any level.

    The service is well again when the last bad request before QUIET_S of intended starts without a bad one has ended.
    A request counts for a fault if it was to start, or was under way, between this fault and the next.
    """
    faults = sorted(run.header.faults, key=lambda fault: fault.at)
    ends = [*(fault.at for fault in faults[1:]), run.header.seconds][: len(faults)]
    return tuple(
        Recovery(
            name=plain(fault.name),
            at=fault.at,
            lasted=fault.seconds,
            seconds=_seconds(run, bad, fault.at, end),
            observed=max(0.0, end - fault.at),
        )
        for fault, end in zip(faults, ends, strict=True)
    )


def _seconds(run: Run, bad: Mask, start: float, end: float) -> float | None:
    intended, ended = run.intended / NANO, run.recording.requests["ended"] / NANO
    mine = (ended >= start) & (intended < end)
    if not mine.any():
        return None
    hurt = mine & bad
    order = np.argsort(intended[hurt], kind="stable")
    begun, over = intended[hurt][order], np.maximum.accumulate(ended[hurt][order])
    if not len(begun):
        return 0.0 if end - start >= QUIET_S else None
    until = np.append(begun[1:], end)
    quiet = np.flatnonzero(until - np.maximum(begun, start) >= QUIET_S)
    return max(0.0, float(over[quiet[0]]) - start) if len(quiet) else None
