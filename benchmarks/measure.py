"""What the benchmarks share: a figure with its goal, a program run and measured, and subjects that take turns.

Nothing here knows what is measured.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
MEBI = 1024 * 1024


class SpoiltError(Exception):
    """The measurement would mean nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, and how large it may or must be where there is a goal for it."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words; "" without one."""
        for words, bound in (("at most", self.at_most), ("at least", self.at_least)):
            if bound is not None:
                return f"{words} {bound:g}"
        return ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if not self.goal:
            return None
        low, high = self.at_least, self.at_most
        return (low is None or self.value >= low) and (high is None or self.value <= high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a program and all that it waited for took: seconds of wall and of processor, bytes at the peak of one."""

    wall: float
    cpu: float
    peak: int
    code: int
    output: str


def run(command: Sequence[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Usage:
    """Run a program to its end, both of its streams into `output`. Linux counts the peak in KiB (getrusage(2))."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Usage(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak=peak,
        code=process.returncode,
        output=output.decode(errors="replace"),
    )


def announce(command: Sequence[str]) -> None:
    """Print a command as it could be typed."""
    words = ["python" if word == sys.executable else word for word in command]
    print(f"  $ {shlex.join(words)}", flush=True)


def take_turns(rounds: int, subjects: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure each subject once a round, forwards and backwards in turn, so that what drifts drifts for all alike."""
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects) if number % 2 == 0 else list(reversed(tuple(subjects)))
        for name in order:
            taken[name].append(subjects[name]())
    return taken


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios of each round: neighbours in time have met the same machine."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with TemporaryDirectory(prefix="clearance-bench-") as folder:
        yield Path(folder)


def ordinary(bytecode: Path) -> dict[str, str]:
    """Return the environment of a user who runs Clearance every day: bytecode is kept, but outside the tree."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "CLEARANCE_BENCH", "BASE_URL"}
    kept = {key: value for key, value in os.environ.items() if key not in unwanted and not key.startswith("TOKEN_")}
    return kept | {"PYTHONPYCACHEPREFIX": str(bytecode)}
