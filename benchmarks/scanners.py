"""All scanners side by side, against the longest of them alone and against one after another."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.measure import ROOT, Figure, SpoiltError, Usage, announce, ordinary, ratio, run, scratch, take_turns
from benchmarks.sample import FAULTS, plant_judged

ROUNDS = 3
OURS = ("bandit", "checkov", "secrets", "migrations", "workflows", "lint", "sbom")
SAMPLE = OURS[:-1]


def measure() -> Iterator[Figure]:
    """Run the scanners over the commit at HEAD of this project, in a clone that nobody edits, and over a sample.

    Each has its environments made and its bytecode written by a run before.
    """
    with scratch() as folder:
        project, env = folder / "project", ordinary(folder / "bytecode") | {"PYTHONPATH": str(ROOT)}
        cloned = run(["git", "clone", "--quiet", "--no-tags", str(ROOT), str(project)])
        if cloned.code != 0:
            raise SpoiltError(f"git clone: {cloned.output}")
        yield from _compared("this project", project, OURS, env)
        yield from _compared("the sample", plant_judged(folder / "sample", FAULTS), SAMPLE, env)


def _compared(what: str, root: Path, checks: Sequence[str], env: Mapping[str, str]) -> Iterator[Figure]:
    everything = ("--only", *checks)
    cores, bounds, walls = os.cpu_count() or 1, [], []

    def judging(*words: str) -> Callable[[], float]:
        return lambda: judge(root, *words, env=env).wall

    def together() -> float:
        used = judge(root, *everything, env=env)
        bounds.append(max(used.cpu / cores, *seconds(root).values()))
        walls.append(used.wall)
        return used.wall

    judging(*everything)()
    longest = max(seconds(root).items(), key=lambda each: each[1])[0]
    announce(["clearance", "run", "--no-cache", *everything])
    subjects = {
        "together": together,
        "alone": judging("--only", longest),
        "in turn": judging(*everything, "--jobs", "1"),
    }
    taken = take_turns(ROUNDS, subjects)
    wall = {name: statistics.median(each) for name, each in taken.items()}
    yield Figure(name=f"{what}: side by side", value=wall["together"], unit="s")
    yield Figure(name=f"the longest alone, {longest}", value=wall["alone"], unit="s")
    yield Figure(name="one after another", value=wall["in turn"], unit="s")
    yield Figure(name="side by side / the longest alone", value=ratio(taken["together"], taken["alone"]), unit="x")
    yield Figure(name="side by side / its longest, or its work / cores", value=ratio(walls, bounds), unit="x")
    yield Figure(name="one after another / side by side", value=ratio(taken["in turn"], taken["together"]), unit="x")


def judge(root: Path, *words: str, env: Mapping[str, str]) -> Usage:
    """Run the gate afresh in a folder. Raises SpoiltError where it gives no verdict, or a scanner did not run."""
    used = run([sys.executable, "-m", "clearance", "run", "--no-cache", *words], cwd=root, env=env)
    if used.code not in (0, 1, 3):
        raise SpoiltError(f"the gate does not run:\n{used.output[-2000:]}")
    if absent := [check for check, took in seconds(root).items() if not took]:
        raise SpoiltError(f"these checks did not run: {', '.join(absent)}:\n{used.output[-2000:]}")
    return used


def seconds(root: Path) -> dict[str, float]:
    """What each check of the last run in a folder took."""
    verdict = json.loads((root / "build/clearance/verdict.json").read_bytes())
    return {exhibit["check"]: exhibit["seconds"] for exhibit in verdict["evidence"]}
