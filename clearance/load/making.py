"""A run's books made into its recording, and the recording written."""

from __future__ import annotations

import logging
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import locust
from locust.env import Environment

from clearance import recording
from clearance.load import output
from clearance.load.ledger import Ledger
from clearance.load.run import NANO, Run
from clearance.load.spans import fetch
from clearance.model import ClearanceError

logger = logging.getLogger(__name__)


def finish(environment: Environment, run: Run) -> None:
    """Make the recording of a run and write it; where that fails, Locust's exit code says so."""
    for problem in run.ledger.troubles():
        logger.warning("%s", problem)
    if run.wanted.recording is None:
        return
    trouble = _write(run.wanted.recording, recording.dumps(make(environment, run)))
    if trouble:
        environment.process_exit_code = 3
        logger.error("%s", trouble)
    else:
        logger.info("%s requests recorded in %s", f"{run.ledger.requests:,}", run.wanted.recording)


def _write(file: Path, data: bytes) -> str:
    """Write a recording; why it could not be, and what to do, or ""."""
    try:
        output.write(file, data)
    except ClearanceError as error:
        return f"{error}; {error.hint}"
    return ""


def make(environment: Environment, run: Run) -> recording.Recording:
    """Put together a run's header and tables."""
    run.clock.look()
    wanted, ledger = run.wanted, run.ledger
    spans, trouble = fetch(wanted.spans, f"{run.number:08x}-", ledger.requests)
    for problem in trouble:
        logger.warning("%s", problem)
    header = recording.Header(
        schema=recording.SCHEMA,
        tool="locust",
        version=locust.__version__,
        started_at=_started_at(run),
        clock_step_s=run.clock.step_s,
        base_url=environment.host or next((kind.host or "" for kind in environment.user_classes), ""),
        schedule=wanted.schedule.text if wanted.schedule else "",
        intended=wanted.schedule.count(run.seconds) if wanted.schedule else 0,
        seconds=run.seconds,
        warmup_s=min(wanted.warmup_s, run.seconds),
        routes=ledger.routes_in_order(),
        workers=ledger.workers(),
        stopped=run.stopped,
        looked=run.deciding.decided if run.deciding is not None and run.stopped == "decided" else 0,
        spans=wanted.spans,
        raised=ledger.raised,
        problems=(*ledger.troubles(), *trouble),
        environment=_surroundings(environment, ledger),
        reproduce=shlex.join(["locust", *sys.argv[1:]]),
    )
    return recording.Recording(header=header, spans=spans, **ledger.tables())


def _started_at(run: Run) -> str:
    at = run.clock.started_ns + ((run.origin or run.began) - run.began)
    return datetime.fromtimestamp(at / NANO, UTC).isoformat(timespec="milliseconds")


def _surroundings(environment: Environment, ledger: Ledger) -> dict[str, str]:
    runner = environment.runner
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "processes": str(len(ledger.accounts)),
        "users": str(0 if runner is None else runner.target_user_count),
    } | ({"requests before the start, not recorded": str(ledger.early)} if ledger.early else {})
