"""Gathers evidence of some checks for a verb: what was kept of the same inputs, else by running their tools."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clearance import evidence
from clearance.cli.progress import Progress
from clearance.cli.project import Project
from clearance.model import Check, ClearanceError, Evidence, Inputs, Stage, Subject, UnreadableError
from clearance.readers import READERS
from clearance.runner import Collected, collect
from clearance.runner.remnants import TOKEN as MARK
from clearance.shelf import Cache


def refuse_to_nest() -> None:
    """Raise ClearanceError where this is a check's own process: a gate that starts itself would never end."""
    if MARK in os.environ:
        raise ClearanceError("a check has started the gate that runs it", "let the check run its tool, not the gate")


def gather(
    home: Project,
    stage: Stage,
    checks: Sequence[Check],
    *,
    subject: Subject,
    inputs: Mapping[str, Inputs],
    shelf: Cache,
    reports: Path,
    reuse: bool = True,
    jobs: int = 1,
    arguments: tuple[str, ...] = (),
) -> dict[str, Collected]:
    """Get evidence for each check, from the shelf where `reuse` allows it and nothing speaks against it."""
    ages = _ages(home, stage, checks, inputs) if reuse else {}
    with Progress(checks, sys.stderr) as progress:
        return collect(
            checks,
            root=home.root,
            subject=subject,
            inputs=inputs,
            readers=READERS,
            find=lambda name, digest: _reusable(shelf, name, digest, ages[name]) if name in ages else None,
            reports=reports,
            jobs=jobs,
            environ=os.environ,
            arguments=arguments,
            on_event=progress,
        )


def _ages(home: Project, stage: Stage, checks: Iterable[Check], inputs: Mapping[str, Inputs]) -> dict[str, timedelta]:
    """Say how old kept evidence may be of each check whose evidence depends on its inputs alone.

    What the caller passes in may stand for a world that changes, and inputs that are not told for anything.
    """
    allowed = {r.check: r.max_age for r in home.policy.requirements if r.stage is stage}
    return {
        check.name: allowed.get(check.name) or timedelta.max
        for check in checks
        if check.is_bound(inputs[check.name].paths) and not any(os.environ.get(name) for name in check.env_from)
    }


def _reusable(shelf: Cache, check: str, digest: str, oldest: timedelta) -> Evidence | None:
    """Find kept evidence that the judge would not refuse for its age; a damaged copy is worth as much as none."""
    data = shelf.find(check, digest)
    try:
        kept = evidence.loads(data) if data is not None else None
    except UnreadableError:
        return None
    return kept if kept is not None and timedelta() <= datetime.now(UTC) - kept.started <= oldest else None
