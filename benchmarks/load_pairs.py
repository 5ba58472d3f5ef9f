"""Real comparisons of base and head: of a program with itself, and with one that does 30 % more work.

What is recorded is kept in `load_runs.json`, from which `load_statistics` draws its simulated ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from benchmarks.load_runs import KEPT, Jobs, Pairs, job, keep, kept
from benchmarks.measure import Figure
from clearance.readers.load_comparison import LEVEL
from clearance.statistics import clopper_pearson, compare

PAIRS, JOBS, SLOWER = 30, 20, 1.3
FLOORS = {"max_slowdown": 0.1, "min_slowdown": 0.3}  # of reads of 3.5 ms
JUDGED = ("p50 read", "p95 read", "p50 write", "p95 write")
DECIDED = ("p50 read", "p50 write")


def measure() -> Iterator[Figure]:
    """Twenty jobs of each kind in turn, thirty pairs of runs of 0.6 s each; a job takes about 45 s."""
    jobs: dict[str, Jobs] = {"same": [], "slower": []}
    for seed in range(1, JOBS + 1):
        for kind, times in (("same", 1.0), ("slower", SLOWER)):
            load = os.getloadavg()[0]
            jobs[kind].append({"load": load, "runs": job(PAIRS, slower=times, seed=seed)})
            print(f"  {kind} {seed}: load {load:.1f}", flush=True)
    keep(KEPT, jobs)
    yield from figures()


def figures() -> Iterator[Figure]:
    """What the jobs that were kept were answered."""
    found = kept()
    for kind, about in (("same", "against itself"), ("slower", "against 30 % more work")):
        answers = [answer(one) for one in found[kind]]
        slower, count = answers.count("slower"), len(answers)
        low, high = clopper_pearson(slower, count)
        words = ", ".join(f"{answers.count(said)} {said}" for said in ("slower", "undecided", "not slower"))
        print(f"  {about}, {count} real jobs: {words}; slower in {low:.1%} to {high:.1%} of all (95 %)")
        yield Figure(name=f"found slower, {about}", value=100 * slower / count, unit="%")


def answer(one: Pairs) -> str:
    """What a job is answered: "slower" where any judged number is, else "undecided" where a median is."""
    answers = {name: compare(*one[name].T, level=LEVEL, **FLOORS).answer for name in JUDGED}
    if "slower" in answers.values():
        return "slower"
    return "undecided" if "undecided" in [answers[name] for name in DECIDED] else "not slower"
