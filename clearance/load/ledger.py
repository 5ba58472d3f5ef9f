"""All rows of a run, brought together: chunks of every generator process come in, the recording's tables come out.

What is more than fits comfortably into memory waits in a file beside the recording.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from clearance.load.recorder import KINDS, Chunk
from clearance.recording import ARRIVALS, PULSE, REQUESTS, Column, Route, Worker

IN_MEMORY: Final = 32 * 1024 * 1024
Rows = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Batch:
    """What came at once from one process; nothing that was intended before `until` (ns) is missing any more."""

    worker: int
    requests: Rows
    started: int
    until: int


@dataclass(slots=True)
class Account:
    """One generator process: what arrived from it, and what it says that it sent in all."""

    name: str
    routes: list[int] = field(default_factory=list)  # its numbers -> ours
    parts: int = 0
    requests: int = 0
    claimed: int | None = None
    finished: bool = False
    problems: list[str] = field(default_factory=list)


class Ledger:
    """The rows of all processes. `spill` is the folder of the file that takes what memory should not."""

    def __init__(self, spill: Path) -> None:
        self.accounts: dict[int, Account] = {}
        self.routes: dict[tuple[str, str, str], int] = {}
        self.raised: dict[str, int] = {}
        self.problems: list[str] = []
        self.early = 0
        self.requests = 0
        self._rows: dict[str, list[bytes]] = {name: [] for name in KINDS}
        self._held = 0
        self._spill = spill
        self._files: dict[str, IO[bytes]] = {}

    def open(self, worker: int, name: str) -> None:
        """Expect rows of a process."""
        self.accounts[worker] = Account(name)

    def add(self, chunk: Chunk) -> Batch:
        """Take a chunk; returns what is in it, with our numbers for its routes."""
        account = self.accounts[chunk["worker"]]
        if chunk["part"] != account.parts:
            account.problems.append(f"part {account.parts} of its samples never came")
        account.parts = chunk["part"] + 1
        account.routes += [self.routes.setdefault(tuple(route), len(self.routes)) for route in chunk["routes"]]
        requests = np.frombuffer(chunk["requests"], dtype=KINDS["requests"])
        if account.routes != list(range(len(account.routes))):
            requests = requests.copy()
            requests["route"] = np.array(account.routes, dtype=np.uint16)[requests["route"]]
        account.requests += len(requests)
        self.requests += len(requests)
        self._keep("requests", requests.tobytes())
        self._keep("arrivals", chunk["arrivals"])
        self._keep("pulse", chunk["pulse"])
        started = int(np.count_nonzero(np.frombuffer(chunk["arrivals"], dtype=KINDS["arrivals"])["started"] >= 0))
        return Batch(chunk["worker"], requests, started, chunk["until"])

    def close(self, worker: int, final: dict[str, Any]) -> None:
        """Take a process's last word: how many requests it made, and whether it was there to the end."""
        account = self.accounts[worker]
        account.claimed, account.finished = final["requests"], final["finished"]
        self.early += final["early"]
        for text, count in final["raised"].items():
            self.raised[text] = self.raised.get(text, 0) + count

    def workers(self) -> tuple[Worker, ...]:
        """Say of each process how many requests it made, by its own count where it gave one."""
        return tuple(
            Worker(
                name=account.name,
                requests=account.requests if account.claimed is None else account.claimed,
                finished=account.finished and account.claimed == account.requests,
            )
            for account in self.accounts.values()
        )

    def troubles(self) -> Iterator[str]:
        """Say in words what is missing."""
        yield from self.problems
        for account in self.accounts.values():
            who = f"worker {account.name}"
            yield from (f"{who}: {problem}" for problem in account.problems)
            if account.claimed is None:
                yield f"{who} vanished: what it measured last is missing"
            elif account.claimed != account.requests:
                yield f"{who} made {account.claimed:,} requests, of which {account.requests:,} arrived"
            elif not account.finished:
                yield f"{who} was ended before the run was"

    def routes_in_order(self) -> tuple[Route, ...]:
        """All routes, each at the place that is its number."""
        return tuple(Route(method=method, name=name, op=op) for method, name, op in self.routes)

    def tables(self) -> dict[str, dict[str, Column]]:
        """Make the recording's tables of all rows, in the order of their moments; once, for files are gone then."""
        orders = {"requests": ("sent", REQUESTS), "arrivals": ("intended", ARRIVALS), "pulse": ("at", PULSE)}
        made = {}
        for name, (moment, columns) in orders.items():
            rows = self._all(name)
            order = np.argsort(rows[moment], kind="stable")
            made[name] = {column: np.ascontiguousarray(rows[column][order]) for column in columns}
        return made

    def _all(self, name: str) -> Rows:
        spilt = b""
        if file := self._files.pop(name, None):
            with file:
                file.seek(0)
                spilt = file.read()
        return np.frombuffer(b"".join((spilt, *self._rows[name])), dtype=KINDS[name])

    def _keep(self, name: str, rows: bytes) -> None:
        self._rows[name].append(rows)
        self._held += len(rows)
        if self._held > IN_MEMORY:
            self._move_out()

    def _open(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._spill, buffering=0)

    def _move_out(self) -> None:
        """Write what is held into files; where that fails, hold it and try no more than once in so much memory."""
        self._held = 0
        for name, held in self._rows.items():
            try:
                file = self._files.get(name)
                if file is None:
                    file = self._files[name] = self._open()
                place = file.seek(0, 2)
                data = b"".join(held)
                if file.write(data) != len(data):
                    file.truncate(place)
                    continue
            except OSError:
                continue
            held.clear()
