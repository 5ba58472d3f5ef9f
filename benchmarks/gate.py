"""How near the gate's wall comes to the least that its checks allow: the longest of them, or all of their work."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.measure import ROOT, Figure, SpoiltError, announce, ordinary, run, scratch

GATE = (sys.executable, "-m", "clearance", "run")


def measure() -> Iterator[Figure]:
    """Run every check of stage `change` afresh, but for exclusive ones, in environments that are there already.

    What a process spent that nobody waited for, such as a database that a test started, is missing from the sum; that
    can only make the ratio worse.
    """
    checks, cores = _checks(), os.cpu_count() or 1
    with scratch() as folder:
        env, out = ordinary(folder / "bytecode"), folder / "out"
        for check in checks:  # its tool stops at once, but its environment is made
            run([*GATE, "--only", check, "--out", str(out), "--", "--version"], env=env)
        command = [*GATE, "--no-cache", "--out", str(out), "--only", *checks]
        announce(command)
        used = run(command, env=env)
        if used.code not in (0, 1, 3):
            raise SpoiltError(f"the gate does not run here:\n{used.output[-2000:]}")
        verdict = json.loads((out / "verdict.json").read_bytes())
    seconds = {exhibit["check"]: exhibit["seconds"] for exhibit in verdict["evidence"]}
    if absent := [check for check in checks if not seconds.get(check)]:
        raise SpoiltError(f"these checks did not run: {', '.join(absent)}:\n{used.output[-2000:]}")
    longest = max(seconds, key=lambda check: seconds[check])
    yield Figure(name="wall", value=used.wall, unit="s")
    yield Figure(name=f"the longest check, {longest}", value=seconds[longest], unit="s")
    yield Figure(name=f"processor time, on {cores} cores", value=used.cpu / cores, unit="s")
    bound = max(seconds[longest], used.cpu / cores)
    yield Figure(name="wall / the larger of the two", value=used.wall / bound, unit="x", at_most=1.2)


def _checks() -> list[str]:
    policy = tomllib.loads((ROOT / "clearance.toml").read_text("utf-8"))
    checks: Mapping[str, Mapping[str, Any]] = policy["check"]
    return [name for name, one in checks.items() if one.get("stage", "change") == "change" and not one.get("exclusive")]
