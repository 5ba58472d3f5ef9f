"""What a run objects to beside its service levels: answers that were wrong, failures that no level counts, silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from clearance.model import Finding, Severity
from clearance.readers.identity import identified
from clearance.readers.load.faults import QUIET_S, Recovery
from clearance.readers.load.plain import plain
from clearance.readers.load.run import Mask, Run
from clearance.recording import Outcome

_MOST: Final = 100
_RULES: Final = (
    (Outcome.WRONG, "wrong-answer", "answered, and the answer was not what it must be"),
    (Outcome.REFUSED, "failed-request", "answered with a status that says that they failed"),
    (Outcome.UNANSWERED, "failed-request", "got no answer"),
)


def findings(run: Run, budgeted: Mask, recoveries: tuple[Recovery, ...]) -> tuple[Finding, ...]:
    """Findings by route and outcome; `budgeted` says which requests some level holds a budget for.

    A wrong answer is no outage that a budget was made for: `wrong-answer` is high, however rare. `failed-request` is
    what levels count: it is shown as info where one does, and high where none does, so that it is never passed over.
    `target-down` (critical): not one request of the run was answered. `not-recovered` (high): a planted fault after
    which bad requests did not cease.
    """
    found = [*_down(run), *_bad(run, budgeted), *_unrecovered(recoveries)]
    return identified("load", ((finding, "") for finding in found))


def _down(run: Run) -> Iterator[Finding]:
    if len(run) and (run.recording.requests["outcome"] == Outcome.UNANSWERED).all():
        where = plain(run.header.base_url)
        yield Finding(
            rule="target-down",
            message=f"nothing answered at {where}: none of {len(run):,} requests got an answer; see that it is up, "
            "and that this is its address",
            severity=Severity.CRITICAL,
            resource="target",
        )


def _bad(run: Run, budgeted: Mask) -> Iterator[Finding]:
    outcome = run.recording.requests["outcome"]
    asked = np.bincount(run.route, minlength=len(run.routes))
    for kind, rule, words in _RULES:
        times = np.bincount(run.route[outcome == kind], minlength=len(run.routes))
        free = np.bincount(run.route[(outcome == kind) & ~budgeted], minlength=len(run.routes))
        order = np.argsort(-times, kind="stable")
        affected = [int(route) for route in order if times[route]]
        for route in affected[:_MOST]:
            shown = kind is not Outcome.WRONG and not free[route]
            yield Finding(
                rule=rule,
                message=f"{times[route]:,} of {asked[route]:,} requests {words}"
                + ("; a service level counts them" if shown else ""),
                severity=Severity.INFO if shown else Severity.HIGH,
                resource=f"{run.routes[route]} {kind.name.lower()}",
            )
        if affected[_MOST:]:
            rest = sum(int(times[route]) for route in affected[_MOST:])
            yield Finding(
                rule=rule,
                message=f"{rest:,} requests to {len(affected) - _MOST:,} further routes {words}",
                severity=Severity.HIGH,
                resource=f"further routes {kind.name.lower()}",
            )


def _unrecovered(recoveries: tuple[Recovery, ...]) -> Iterator[Finding]:
    for recovery in recoveries:
        if recovery.seconds is None and recovery.observed >= QUIET_S:
            yield Finding(
                rule="not-recovered",
                message=f"{recovery.observed:,.1f} s after the fault at {recovery.at:,.1f} s there was still no "
                f"{QUIET_S:g} s without a bad request",
                severity=Severity.HIGH,
                resource=f"fault {recovery.name}",
            )
