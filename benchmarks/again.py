"""What a person waits for when nothing has changed: every input is hashed again, and every check's evidence reused."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.gate import GATE
from benchmarks.measure import Figure, SpoiltError, announce, ordinary, run, scratch, take_turns

ROUNDS = 9
IMPORT = (sys.executable, "-c", "import clearance.cli.judging")


def measure() -> Iterator[Figure]:
    """Run the gate once, so that there is evidence; then again and again, beside a mere import of what it runs."""
    with scratch() as folder:
        env, out = ordinary(folder / "bytecode"), folder / "out"
        command = [*GATE, "--out", str(out)]
        announce(command)
        run(command, env=env)

        def again() -> float:
            used = run(command, env=env)
            _require_reuse(out / "verdict.json", used.output)
            return used.wall

        taken = take_turns(ROUNDS, {"again": again, "import": lambda: run(IMPORT, env=env).wall})
    announce(IMPORT)
    again_s, import_s = (statistics.median(taken[name]) for name in ("again", "import"))
    yield Figure(name="import of what it runs", value=import_s, unit="s")
    yield Figure(name="second run", value=again_s, unit="s", at_most=2)
    yield Figure(name="second run / import", value=again_s / import_s, unit="x")


def _require_reuse(verdict: Path, said: str) -> None:
    evidence = json.loads(verdict.read_bytes())["evidence"] if verdict.is_file() else []
    fresh = [exhibit["check"] for exhibit in evidence if not exhibit["reused"]]
    if fresh or not evidence:
        raise SpoiltError(f"not reused: {', '.join(fresh) or 'anything'} (did the tree change?):\n{said[-2000:]}")
