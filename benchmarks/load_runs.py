"""Short load runs of two servers in turn, each run reduced to a few numbers: what a regression is looked for in.

Arrivals are open (Poisson), and a latency counts from the intended start.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.client import Client
from benchmarks.measure import ROOT
from benchmarks.serving import child
from clearance.statistics import order

KEPT = ROOT / "benchmarks" / "load_runs.json"
WORK = 16_000  # rounds of PBKDF2: a read of about 3.5 ms
RATE, SECONDS, WRITES = 80.0, 0.6, 0.25
USERS = 8
METHODS = {"read": "GET", "write": "POST"}
NUMBERS = tuple(f"{number} {op}" for op in METHODS for number in ("p50", "p95", "mean"))

Run = dict[str, float]
Jobs = list[dict[str, Any]]
Pairs = dict[str, NDArray[np.float64]]


def job(pairs: int, *, slower: float, seed: int) -> list[Run]:
    """Start two servers, head with so many times the work of base; run load on them in turn; the runs in order."""
    with ExitStack() as open_:
        works = {"base": WORK, "head": int(WORK * slower)}
        urls = {side: open_.enter_context(_server(work)) for side, work in works.items()}
        for url in urls.values():
            run(url, seed, seconds=0.5)  # what is slow at first is not compared
        return [run(urls[side], seed * 1000 + number, seconds=SECONDS) for number, side in enumerate(order(pairs))]


@contextmanager
def _server(work: int) -> Iterator[str]:
    with child([sys.executable, "-m", "benchmarks.hashing_server", str(work)], os.environ) as out:
        yield out.readline().strip()


def run(url: str, seed: int, *, seconds: float) -> Run:
    """Run load once; its NUMBERS in milliseconds. A seed makes the same arrivals."""
    arrivals = iter(list(_arrivals(random.Random(seed), seconds)))
    taken: list[tuple[str, float]] = []
    turn, start = threading.Lock(), time.perf_counter() + 0.05

    def user() -> None:
        with Client(url) as client:
            asks = {op: client.request(method, "/") for op, method in METHODS.items()}
            while True:
                with turn:
                    arrival = next(arrivals, None)
                if arrival is None:
                    return
                intended, op = start + arrival[0], arrival[1]
                time.sleep(max(0.0, intended - time.perf_counter()))
                client.send(asks[op])
                taken.append((op, (time.perf_counter() - intended) * 1000))

    users = [threading.Thread(target=user) for _ in range(USERS)]
    for one in users:
        one.start()
    for one in users:
        one.join()
    return dict(_numbers(taken))


def _arrivals(dice: random.Random, seconds: float) -> Iterator[tuple[float, str]]:
    at = dice.expovariate(RATE)
    while at < seconds:
        yield at, "write" if dice.random() < WRITES else "read"
        at += dice.expovariate(RATE)


def _numbers(taken: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    values: dict[str, list[float]] = {op: [] for op in METHODS}
    for op, ms in taken:
        values[op].append(ms)
    for op, times in values.items():
        yield f"p50 {op}", float(np.percentile(times, 50))
        yield f"p95 {op}", float(np.percentile(times, 95))
        yield f"mean {op}", float(np.mean(times))


def keep(path: Path, jobs: dict[str, Jobs]) -> None:
    """Write jobs down, a run as a row of NUMBERS: `{"columns", "same": [{"load", "runs"}], "slower": ...}`."""
    rows = {
        kind: [
            {"load": round(one["load"], 2), "runs": [[round(run[name], 2) for name in NUMBERS] for run in one["runs"]]}
            for one in some
        ]
        for kind, some in jobs.items()
    }
    path.write_text(json.dumps({"columns": NUMBERS, **rows}, separators=(",", ":")) + "\n", encoding="utf-8")


def kept(path: Path = KEPT) -> dict[str, list[Pairs]]:
    """Read jobs back: of each kind, each job's pairs by number, a row (base, head) a pair."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        kind: [pairs([dict(zip(found["columns"], row, strict=True)) for row in one["runs"]]) for one in found[kind]]
        for kind in ("same", "slower")
    }


def pairs(runs: Sequence[Run]) -> Pairs:
    """Base and head of each pair of neighbours, by number."""
    sides = np.array(order(len(runs) // 2)).reshape(-1, 2)
    head_first = sides[:, :1] == "head"
    in_turn = {name: np.array([run[name] for run in runs]).reshape(-1, 2) for name in NUMBERS}
    return {name: np.where(head_first, values[:, ::-1], values) for name, values in in_turn.items()}
