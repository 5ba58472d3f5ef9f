"""Locust as a child process: started against a deployment, waited for, and gone when its time or ours is over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from features.deployment import TOKENS, Deployment
from load.plans import Plan

ROOT: Final = Path(__file__).resolve().parent.parent
LOCUSTFILE: Final = ROOT / "load" / "locustfile.py"
SCOPES: Final = ("flights:read", "flights:write")
FINISH_S: Final = 60.0  # for what is under way when the time is over, for the spans and the recording
STOP_S: Final = 20.0


class DriverError(Exception):
    """There is no recording; the message says why and what to do."""


def drive(where: Deployment, plan: Plan, recording: Path, *, more: Sequence[str] = ()) -> None:
    """Put a plan's load on a deployment. Raises DriverError where no recording comes of it."""
    recording.unlink(missing_ok=True)
    command = [*_command(where, plan, recording), *more]
    with locust(command, _environ(where)) as process:
        try:
            status = process.wait(plan.seconds + FINISH_S)
        except subprocess.TimeoutExpired:
            raise DriverError(f"Locust still ran {FINISH_S:.0f} s after its time was over: see above") from None
    if not recording.is_file():
        raise DriverError(f"Locust ended with {status} and has written no recording: its messages are above")


def _command(where: Deployment, plan: Plan, recording: Path) -> list[str]:
    words = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--host", where.base_url, "--headless"]
    words += ["--users", str(plan.users), "--spawn-rate", "100", "--run-time", f"{plan.seconds}s"]
    words += ["--arrivals", plan.arrivals, "--warm-up", f"{plan.warm_up}s", "--recording", str(recording.absolute())]
    words += ["--only-summary", "--exit-code-on-error", "0"]
    if control := where.said.get("CONTROL_URL"):
        words += ["--spans", f"{control.rstrip('/')}/logs/spans"]
    return words


def _environ(where: Deployment) -> Mapping[str, str]:
    """The environment of the child: the tokens, and none of the settings that would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "CLEARANCE_LOAD_"))}
    return kept | {TOKENS[scope]: where.token(scope).value for scope in SCOPES}


@contextlib.contextmanager
def locust(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start Locust, in this process group; whatever happens, it has ended afterwards."""
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=sys.stderr) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()


def interruptible() -> None:
    """Let the first SIGINT, SIGTERM or SIGHUP end this process in order; further ones change nothing about it."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, handle)
