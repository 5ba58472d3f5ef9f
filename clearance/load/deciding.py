"""Objectives decided while a run goes on: complete blocks of time are counted, and looked at when a look is due.

All objectives are looked at together, and a run is decided by the look at which each of them is: no answer is kept from
an earlier look. The reader judges the requests of that very look by the same intervals, and so finds the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearance.load.ledger import Batch, Rows
from clearance.recording import Outcome, Route
from clearance.slo import Level
from clearance.statistics import LOOK_BLOCK_NS, Answer, warm_blocks
from clearance.statistics import Sequence as Looks

AHEAD: Final = 64
MOST_ROUTES: Final = 1024  # those beyond are counted together, and decide nothing by themselves

Counts = NDArray[np.int32]


def _table() -> Counts:
    return np.zeros((8, AHEAD), np.int32)


def _grow(table: Counts, shape: tuple[int, int]) -> Counts:
    """Make room, by doubling."""
    more = [there * (wanted > there) for wanted, there in zip(shape, table.shape, strict=True)]
    return _grow(np.pad(table, [(0, each) for each in more]), shape) if any(more) else table


@dataclass(slots=True)
class _Level:
    """One objective's counts by route and block, and its answer at the last look."""

    level: Level
    bad: Counts = field(default_factory=_table)
    total: Counts = field(default_factory=_table)
    answer: Answer = "undecided"
    part_is_open: bool = False

    def add(self, rows: Rows, mine: NDArray[np.bool_]) -> None:
        """Count requests that are this objective's."""
        rows = rows[mine]
        if len(rows) == 0:
            return
        limit = self.level.indicator.at_most_ms
        is_bad = rows["outcome"] != Outcome.GOOD
        if limit is not None:
            is_bad = is_bad | ((rows["ended"] - rows["intended"]) / 1e6 > limit)
        routes, blocks = np.minimum(rows["route"], MOST_ROUTES), rows["intended"] // LOOK_BLOCK_NS
        shape = (int(routes.max()) + 1, int(blocks.max()) + 1)
        self.bad, self.total = _grow(self.bad, shape), _grow(self.total, shape)
        np.add.at(self.total, (routes, blocks), 1)
        np.add.at(self.bad, (routes[is_bad], blocks[is_bad]), 1)

    def look(self, looks: Looks, number: int, first: int, last: int) -> None:
        """Look at the blocks from `first` to before `last`."""
        bad, total = self.bad[:, first:last], self.total[:, first:last]
        everyone = total.sum(axis=0)
        self.answer = looks.decide(bad.sum(axis=0), everyone, self.level.budget, number)
        if self.answer == "pass" and everyone.sum() < self.level.min_samples:
            self.answer = "undecided"
        routes = min(len(total), MOST_ROUTES) if self.answer == "pass" and self.level.indicator.route is None else 0
        self.part_is_open = any(self._is_open(looks, number, bad[each], total[each]) for each in range(routes))

    def _is_open(self, looks: Looks, number: int, bad: Counts, total: Counts) -> bool:
        """Whether a route has samples enough, looks bad, and is not so for certain: the judge would not pass that."""
        samples = int(total.sum())
        if samples < self.level.min_samples or bad.sum() <= self.level.budget * samples:
            return False
        return looks.interval(bad, total, number).low <= self.level.budget


class Deciding:
    """All objectives of an SLO file. Latencies are counted after the warm-up, availability from the start.

    `decided` is the number of the look at which all of them were; 0 as long as there is none.
    """

    def __init__(self, levels: Sequence[Level], warmup_s: float) -> None:
        self.looks = Looks()
        self.levels = [_Level(level) for level in levels]
        self.warmup = warm_blocks(warmup_s)
        self.until: dict[int, int] = {}
        self.looked = 0
        self.decided = 0

    def add(self, batch: Batch, routes: Sequence[Route]) -> None:
        """Count a batch of one process's requests."""
        self.until[batch.worker] = batch.until
        rows = batch.requests[batch.requests["intended"] >= 0]
        for each in self.levels:
            wanted = [_is_of(route, each.level) for route in routes]
            each.add(rows, np.array(wanted, dtype=bool)[rows["route"]])

    def look(self) -> bool:
        """Take the look that is due, if there is one that was not taken; whether all is decided."""
        complete = min(self.until.values(), default=0) // LOOK_BLOCK_NS
        due = self.looks.due(complete - self.warmup)
        if self.decided or due <= self.looked:
            return self.decided > 0
        self.looked = due
        last = self.warmup + self.looks.at(due)
        for each in self.levels:
            each.look(self.looks, due, self.warmup if each.level.indicator.at_most_ms is not None else 0, last)
        if all(each.answer != "undecided" and not each.part_is_open for each in self.levels):
            self.decided = due
        return self.decided > 0

    @property
    def answers(self) -> Mapping[str, Answer]:
        """Each objective's answer at the last look."""
        return {each.level.name: each.answer for each in self.levels}

    def words(self) -> str:
        """Which objectives are decided, in words."""
        marks = {"pass": "✓", "fail": "✗", "undecided": "…"}
        return ", ".join(f"{name} {marks[answer]}" for name, answer in self.answers.items())


def _is_of(route: Route, level: Level) -> bool:
    wanted = level.indicator
    return wanted.op in {None, route.op} and wanted.route in {None, f"{route.method} {route.name}"}
