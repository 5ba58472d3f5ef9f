"""The run task's decision on a plan, warm, against the program `checkov` on the same file, as plans grow."""

from __future__ import annotations

import copy
import itertools
import json
import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.installed import uv
from benchmarks.measure import ROOT, Figure, SpoiltError, announce, ordinary, ratio, run, scratch, take_turns
from clearance import policy
from clearance.readers import READERS
from clearance.render.outcomes import document
from clearance.runtask.decide import decide
from clearance.runtask.nouns import Decided, Materials
from clearance.runtask.request import Request, RunStage, Secret
from clearance.runtask.scan import Installed, Scanner

ROUNDS = 3
COPIES = (1, 10, 100)  # of a recorded plan of ten resources
OWN = ROOT / "security" / "checkov"
RECORDED = ROOT / "tests/readings/terraform/plan.json"


def measure() -> Iterator[Figure]:
    """Decide stage post_plan: scan, read, digest, judge, and the callback's body; then the program, in turn."""
    plans = [many(json.loads(RECORDED.read_bytes()), copies) for copies in COPIES]
    with scratch() as folder:
        env = ordinary(folder / "bytecode") | {"HOME": str(folder), "LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
        making = env | {"HOME": os.environ["HOME"], "UV_PROJECT_ENVIRONMENT": str(folder / "env")}
        uv("sync", "--locked", "--quiet", "--only-group", "checkov", env=making)
        tool = folder / "env" / "bin"
        with Scanner(Installed(python=tool / "python", checks=OWN)) as scanner:
            scanner.warm()
            subjects: dict[str, Callable[[], float]] = {}
            for number, plan in zip(map(_size, plans), plans, strict=True):
                subjects[f"decide {number}"] = _deciding(scanner, plan)
                subjects[f"program {number}"] = _running(tool, plan, folder, env, number)
            announce(["checkov", "--framework=terraform_plan", "--file=plan.json", "--skip-download"])
            take_turns(1, subjects)
            taken = take_turns(ROUNDS, subjects)
    yield from _figures(taken, [_size(plan) for plan in plans])


def many(plan: Any, copies: int) -> bytes:
    """Make a plan in which each resource stands so many times, under names of its own that refer to each other."""
    made = copy.deepcopy(plan)
    resources = made["resource_changes"]
    places = [
        made["planned_values"]["root_module"]["resources"],
        resources,
        made["configuration"]["root_module"]["resources"],
    ]
    named = {f"{each['type']}.{each['name']}": each["name"] for each in resources}
    originals = [json.dumps(place) for place in places]
    for place in places:
        place.clear()
    for number in range(copies):
        for place, original in zip(places, originals, strict=True):
            text = original
            for address, name in named.items():
                text = text.replace(f'"{address}', f'"{address}_{number}').replace(
                    f'"name": "{name}"', f'"name": "{name}_{number}"'
                )
            place.extend(json.loads(text))
    made.pop("resource_drift", None)
    return json.dumps(made).encode()


def _size(plan: bytes) -> int:
    return len(json.loads(plan)["resource_changes"])


def _deciding(scanner: Scanner, plan: bytes) -> Callable[[], float]:
    pinned = policy.parse(
        (ROOT / "clearance.toml").read_bytes(), readers=READERS, read=lambda path: (ROOT / path).read_bytes()
    )
    nothing = Secret("none")
    asked = Request(
        stage=RunStage.POST_PLAN,
        task_result_id="taskrs-1",
        run_id="run-1",
        workspace_id="ws-1",
        access_token=nothing,
        callback_url=nothing,
    )

    def once() -> float:
        started = datetime.now(UTC)
        scan = scanner.scan(plan)
        if scan.problems:
            raise SpoiltError(f"Checkov does not run here: {scan.problems[0]}")
        materials = Materials(now=started, policy=pinned, trust={}, plan=plan, scan=scan, plan_key=b"a key")
        made = decide(asked, materials)
        if not isinstance(made, Decided):
            raise SpoiltError("a plan was not decided on")
        json.dumps(document(made.status, made.message, made.outcomes))
        return (datetime.now(UTC) - started).total_seconds()

    return once


def _running(tool: Path, plan: bytes, folder: Path, env: Mapping[str, str], number: int) -> Callable[[], float]:
    place = folder / f"program-{number}"
    (place / "empty").mkdir(parents=True)
    (place / "plan.json").write_bytes(plan)
    words = ["--framework=terraform_plan", f"--file={place / 'plan.json'}", f"--external-checks-dir={OWN}"]
    words += ["--skip-download", "--output=json", f"--output-file-path={place}"]

    def once() -> float:
        used = run([str(tool / "checkov"), *words], cwd=place / "empty", env=env)
        if used.code not in (0, 1):
            raise SpoiltError(f"Checkov does not run here:\n{used.output[-2000:]}")
        return used.wall

    return once


def _figures(taken: Mapping[str, list[float]], sizes: list[int]) -> Iterator[Figure]:
    for size in sizes:
        mine, program = taken[f"decide {size}"], taken[f"program {size}"]
        yield Figure(name=f"{size:,} resources: the decision, warm", value=statistics.median(mine), unit="s")
        yield Figure(name=f"{size:,} resources: the program checkov", value=statistics.median(program), unit="s")
        goal = 0.5 if size == 100 else None
        yield Figure(name=f"{size:,} resources: one / the other", value=ratio(mine, program), unit="x", at_most=goal)
    for small, large in itertools.pairwise(sizes):
        grown = ratio(taken[f"decide {large}"], taken[f"decide {small}"])
        yield Figure(name=f"the decision, {large:,} / {small:,} resources", value=grown, unit="x")
