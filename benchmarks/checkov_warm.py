"""Checkov over Terraform's source and over a plan: in one process, against one program run for each."""

from __future__ import annotations

import json
import os
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.installed import uv
from benchmarks.measure import ROOT, Figure, SpoiltError, announce, ordinary, ratio, run, scratch, take_turns

ROUNDS = 3
OWN = ROOT / "security" / "checkov"
TWICE = Path(__file__).with_name("checkov_twice.py")
TARGETS = {
    "hcl": ("--framework=terraform", f"--directory={ROOT / 'infra'}"),
    "plan": ("--framework=terraform_plan", f"--file={ROOT / 'tests/readings/checkov/roots/bad.json'}"),
}


def measure() -> Iterator[Figure]:
    """Scan both, in turn, in an empty folder and home, with our own checks; bytecode is there from a run before."""
    with scratch() as folder:
        env = ordinary(folder / "bytecode") | {"HOME": str(folder), "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
        making = env | {"HOME": os.environ["HOME"], "UV_PROJECT_ENVIRONMENT": str(folder / "env")}
        uv("sync", "--locked", "--quiet", "--only-group", "checkov", env=making)
        tool = folder / "env" / "bin"
        runs = {name: _words(folder, f"run-{name}", target) for name, target in TARGETS.items()}
        warm = [json.dumps(_words(folder, f"warm-{name}", target)) for name, target in TARGETS.items()]
        process = [str(tool / "python"), str(TWICE), *warm]
        empty = folder / "empty"
        empty.mkdir()
        inside: list[list[float]] = []

        def in_one() -> float:
            used = _checked(process, empty, env)
            inside.append(json.loads(used[1].splitlines()[-1]))
            return used[0]

        subjects: dict[str, Callable[[], float]] = {"one": in_one}
        for name, words in runs.items():
            subjects[name] = _running([str(tool / "checkov"), *words], empty, env)
        take_turns(1, subjects)
        inside.clear()
        announce(["checkov", *TARGETS["hcl"], "--skip-download"])
        announce(["checkov", *TARGETS["plan"], "--skip-download"])
        announce(["python", "benchmarks/checkov_twice.py", "(the same, twice)"])
        taken = take_turns(ROUNDS, subjects)
        apart = {name: _found(folder / f"run-{name}") - _found(folder / f"warm-{name}") for name in TARGETS}
        count = sum(sum(_found(folder / f"run-{name}").values()) for name in TARGETS)
    both = [hcl + plan for hcl, plan in zip(taken["hcl"], taken["plan"], strict=True)]
    yield Figure(name="a program run each, source and plan", value=statistics.median(both), unit="s")
    yield Figure(name="one process", value=statistics.median(taken["one"]), unit="s")
    yield Figure(name="one process / two program runs", value=ratio(taken["one"], both), unit="x")
    second = [each[2] for each in inside]
    yield Figure(name="the plan, second in that process", value=statistics.median(second), unit="s")
    yield Figure(name="the same / a program run for it", value=ratio(second, taken["plan"]), unit="x")
    yield Figure(name=f"of {count} answers, not the same in one process", value=sum(map(Counter.total, apart.values())))


def _words(folder: Path, name: str, target: Sequence[str]) -> list[str]:
    (folder / name).mkdir()
    common = (f"--external-checks-dir={OWN}", "--skip-download", "--output=json", f"--output-file-path={folder / name}")
    return [*target, *common]


def _running(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Callable[[], float]:
    return lambda: _checked(command, cwd, env)[0]


def _checked(command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[float, str]:
    used = run(command, cwd=cwd, env=env)
    if used.code not in (0, 1):
        raise SpoiltError(f"Checkov does not run here:\n{used.output[-2000:]}")
    return used.wall, used.output


def _found(reports: Path) -> Counter[tuple[str, str, str]]:
    """What was answered: check, resource and answer, as often as it was."""
    report: Any = json.loads((reports / "results_json.json").read_bytes())
    return Counter(
        (str(one["check_id"]), str(one["resource"]), answer)
        for part in (report if isinstance(report, list) else [report])
        for answer, found in part["results"].items()
        if answer != "parsing_errors"
        for one in found
    )
