"""How far a run is, in one line a second: on a terminal, and in the file that the gate names."""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np

from clearance.load.ledger import Batch
from clearance.load.schedules import Schedule
from clearance.recording import Outcome

VARIABLE: Final = "CLEARANCE_PROGRESS"
WINDOW: Final = 5  # seconds that rates and percentiles speak of


class Progress:
    """One line about the last seconds. Nothing of it may stop a run."""

    def __init__(self, schedule: Schedule | None) -> None:
        self._schedule = schedule
        self._file = Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None
        self._terminal = sys.stderr.isatty()
        self._batches: deque[list[Batch]] = deque([[]], maxlen=WINDOW)
        self._errors = 0
        self._total = 0
        np.percentile(np.zeros(1), (50, 99))  # the first time takes tens of milliseconds, which no run has to spare

    def add(self, batch: Batch) -> None:
        """Take a batch of one process's rows."""
        self._batches[-1].append(batch)
        self._errors += int(np.count_nonzero(batch.requests["outcome"] != Outcome.GOOD))
        self._total += len(batch.requests)

    def tell(self, seconds: float, decided: str) -> None:
        """Say how far it is after so many seconds, and begin another second."""
        line = self.line(seconds, decided)
        self._batches.append([])
        if self._terminal:
            sys.stderr.write(f"\r\x1b[2K{line}")
            sys.stderr.flush()
        if self._file is not None:
            self._replace(self._file, line)

    def end(self) -> None:
        """Leave the terminal's line."""
        if self._terminal:
            sys.stderr.write("\n")

    def line(self, seconds: float, decided: str) -> str:
        """The line's words."""
        batches = [batch for second in self._batches for batch in second]
        length = max(min(seconds, len(self._batches)), 0.001)
        if self._schedule is None:
            rates = f"{sum(len(batch.requests) for batch in batches) / length:.0f} requests/s"
        else:
            intended = self._schedule.expected(seconds) - self._schedule.expected(max(seconds - length, 0))
            started = sum(batch.started for batch in batches)
            rates = f"{started / length:.0f} of {intended / length:.0f} arrivals/s"
        words = [f"{seconds:.0f} s", rates]
        waits = [(batch.requests["ended"] - batch.requests["intended"]) / 1e6 for batch in batches]
        if waits and len(all_waits := np.concatenate(waits)):
            p50, p99 = np.percentile(all_waits, (50, 99))
            words.append(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        words.append(f"{self._errors:,} of {self._total:,} failed")
        return ", ".join(words) + (f"; {decided}" if decided else "")

    @staticmethod
    def _replace(path: Path, line: str) -> None:
        beside = path.with_name(f".{path.name}-{os.getpid()}")
        try:
            beside.write_text(line + "\n", encoding="utf-8")
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
