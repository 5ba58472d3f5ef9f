"""Base against head under load: both built and served side by side, and loaded in turn, on one machine, in one job.

The runs come as base, head, head, base, base, head …, so that a machine that grows slower favours neither; one number
of each run is what is compared, by the reader `load-comparison` and not here.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from features.deployment import Deployment, local_stack
from load.driver import ROOT, DriverError, drive
from load.plans import COMPARED, PAIRS, SIDE_BY_SIDE, WARMING

BASES: Final = ("origin/main", "main")
OPS: Final = ("read", "write")


def compare(base: str | None, head: Path, out: Path, pairs: int = PAIRS) -> None:
    """Compare a commit, or the tree in a folder, with the tree in `head`. Raises DriverError, DeploymentError."""
    if not head.is_dir():
        raise DriverError(f"there is no folder {head}: name a tree with --head")
    if out.is_dir() or not out.parent.is_dir():
        raise DriverError(f"the comparison cannot be written to {out}: name a file in a folder that is there")
    os.environ.setdefault("CLEARANCE_CACHE", str(ROOT / ".clearance" / "cache"))  # for both sides
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-compare-")))
        trees = {"base": _tree(base, folder / "base"), "head": head}
        sides = {side: stack.enter_context(local_stack(SIDE_BY_SIDE, tree)) for side, tree in trees.items()}
        for where in sides.values():
            drive(where, WARMING, folder / "warming.zip")
        runs = list(_runs(sides, pairs, folder / "run.zip"))
    report = {
        "schema": 1,
        "kind": "load-comparison",
        "base": {"commit": base if base and Path(base).is_dir() else _commit(base)},
        "head": {"commit": _head() if head == ROOT else str(head)},
        "order": [run["side"] for run in runs],
        "runs": runs,
        "problems": [f"run {run['position']} made no request" for run in runs if not run["requests"]],
    }
    out.write_text(json.dumps(report, indent=1) + "\n")


def _tree(base: str | None, folder: Path) -> Path:
    """The tree of a commit, unpacked; the working copy and the repository stay as they are."""
    if base and Path(base).is_dir():
        return Path(base)
    archive = folder.with_suffix(".tar")
    _git("archive", "--output", str(archive), _commit(base))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def _commit(base: str | None) -> str:
    """Find the commit that is meant: the one named, or else where the main line is."""
    for name in [base] if base else BASES:
        with contextlib.suppress(DriverError):
            return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
    raise DriverError(f"there is no commit {base or ' or '.join(BASES)}: name one with --base, or in CLEARANCE_BASE")


def _head() -> str:
    """The commit that this tree is at, marked where the tree has changed since."""
    return _git("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty").strip()


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DriverError(f"git {words[0]} said: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _runs(sides: Mapping[str, Deployment], pairs: int, recording: Path) -> Iterator[dict[str, Any]]:
    for position in range(2 * pairs):
        side = "base" if position % 4 in {0, 3} else "head"
        drive(sides[side], COMPARED, recording)
        yield {"side": side, "position": position, **_numbers(recording)}


def _numbers(recording: Path) -> dict[str, Any]:
    """What the gate reads of a recording, as one number each."""
    command = [sys.executable, "-m", "clearance", "read", "load", str(recording)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DriverError(f"the recording of a run could not be read: {done.stderr.strip()}")
    reading = json.loads(done.stdout)
    values = {measure["name"]: measure["value"] for measure in reading["measures"]}
    bad = round(values.get("bad answers", 0.0) * reading["reach"])
    times = {
        f"{name}_ms": {op: values[f"{name} {op}"] for op in OPS if f"{name} {op}" in values} for name in ("p50", "p95")
    }
    return {"requests": reading["reach"], "bad": bad, **times}
