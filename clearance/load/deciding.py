"""Objectives decided while a run goes on: complete blocks of time are counted, and looked at when a look is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.load.ledger import Batch, Rows
from clearance.recording import Outcome, Route
from clearance.slo import Level
from clearance.statistics import Answer
from clearance.statistics import Sequence as Looks

BLOCK_NS: Final = 1_000_000_000
AHEAD: Final = 64


@dataclass(slots=True)
class _Level:
    """One objective's counts by block, and its answer, which is the first that is one."""

    level: Level
    bad: NDArray[np.int64] = field(default_factory=lambda: np.zeros(AHEAD, np.int64))
    total: NDArray[np.int64] = field(default_factory=lambda: np.zeros(AHEAD, np.int64))
    looked: int = 0
    answer: Answer = "undecided"

    def add(self, rows: Rows, mine: NDArray[np.bool_]) -> None:
        """Count requests that are this objective's."""
        limit = self.level.indicator.at_most_ms
        is_bad = rows["outcome"] != Outcome.GOOD
        if limit is not None:
            is_bad = is_bad | (rows["ended"] - rows["intended"] > limit * 1e6)
        blocks = rows["intended"][mine] // BLOCK_NS
        if len(blocks) == 0:
            return
        while blocks.max() >= len(self.total):
            self.bad, self.total = (np.concatenate((each, np.zeros_like(each))) for each in (self.bad, self.total))
        self.total += np.bincount(blocks, minlength=len(self.total))
        self.bad += np.bincount(blocks[is_bad[mine]], minlength=len(self.bad))

    def look(self, looks: Looks, first: int, last: int) -> None:
        """Look at the complete blocks, if a look is due that has not been taken."""
        due = looks.due(last - first)
        if self.answer != "undecided" or due <= self.looked:
            return
        self.looked = due
        bad, total = self.bad[first:last], self.total[first:last]
        answer = looks.decide(bad, total, self.level.budget, due)
        if answer == "fail" or total.sum() >= self.level.min_samples:
            self.answer = answer


class Deciding:
    """All objectives of an SLO file. Latencies are counted after the warm-up, availability from the start."""

    def __init__(self, levels: Sequence[Level], warmup_s: float) -> None:
        self.looks = Looks()
        self.levels = [_Level(level) for level in levels]
        self.warmup = -(-round(warmup_s * 1e9) // BLOCK_NS)
        self.until: dict[int, int] = {}

    def add(self, batch: Batch, routes: Sequence[Route]) -> None:
        """Count a batch of one process's requests."""
        self.until[batch.worker] = batch.until
        rows = batch.requests[batch.requests["intended"] >= 0]
        for each in self.levels:
            wanted = [_is_of(route, each.level) for route in routes]
            each.add(rows, np.array(wanted, dtype=bool)[rows["route"]])

    def look(self) -> bool:
        """Look at each objective, where a look is due; whether all are decided."""
        complete = max(0, min(self.until.values(), default=0) // BLOCK_NS)
        for each in self.levels:
            first = self.warmup if each.level.indicator.at_most_ms is not None else 0
            each.look(self.looks, first, max(first, min(complete, len(each.total))))
        return all(each.answer != "undecided" for each in self.levels)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """Each objective's answer so far."""
        return {each.level.name: each.answer for each in self.levels}

    def words(self) -> str:
        """Which objectives are decided, in words."""
        marks = {"pass": "✓", "fail": "✗", "undecided": "…"}
        return ", ".join(f"{name} {marks[answer]}" for name, answer in self.answers.items())


def _is_of(route: Route, level: Level) -> bool:
    wanted = level.indicator
    return wanted.op in {None, route.op} and wanted.route in {None, f"{route.method} {route.name}"}
