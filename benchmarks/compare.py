"""Two verdicts of 100,000 findings each, compared; beside what sarif-tools says of the same results as SARIF."""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.installed import uv
from benchmarks.measure import MEBI, ROOT, Figure, SpoiltError, Usage, announce, ordinary, run, scratch
from clearance.model import Decision, Finding, Ruling, Severity, Stage, Subject, Verdict
from clearance.render import verdict_json

RESULTS, CHANGED, SEED = 100_000, 1_000, 20_261_124
ROUNDS = 5
PEER = "sarif-tools==3.0.5"
Rows = Sequence[tuple[str, str, int, str]]


def measure() -> Iterator[Figure]:
    """Compare verdicts of which one finding in a hundred is another, then all; the peer once, for it takes its time."""
    with scratch() as folder:
        env = ordinary(folder / "bytecode")
        sarif = _installed(folder, env)
        for changed in (CHANGED, RESULTS):
            for name, rows in zip(("before", "after"), _rows(changed), strict=True):
                (folder / f"{name}.json").write_bytes(verdict_json.render_bytes(_verdict(rows)))
                (folder / f"{name}.sarif").write_text(json.dumps(_sarif(rows)), "utf-8")
            ours, theirs = _ours(folder, env, changed), _theirs(sarif, folder, env)
            about = f"{changed / RESULTS:.0%} changed"
            wall = statistics.median(one.wall for one in ours)
            yield Figure(name=f"clearance compare, {about}", value=wall, unit="s", at_most=3)
            yield Figure(name="the same, peak", value=max(one.peak for one in ours) / MEBI, unit="MB")
            yield Figure(name=f"sarif diff, {about}, a single run", value=theirs.wall, unit="s")
            yield Figure(name="the same, peak", value=theirs.peak / MEBI, unit="MB")
            yield Figure(name="clearance compare / sarif diff", value=wall / theirs.wall, unit="x")


def _ours(folder: Path, env: Mapping[str, str], changed: int) -> list[Usage]:
    command = [sys.executable, "-m", "clearance", "compare", "before.json", "after.json", "--format", "json"]
    announce(command)
    used = [run(command, cwd=folder, env={**env, "PYTHONPATH": str(ROOT)}) for _ in range(ROUNDS + 1)][1:]
    for one in used:
        _require_all(one, changed)
    return used


def _rows(changed: int) -> tuple[Rows, Rows]:
    rng = random.Random(SEED)
    rows = [
        (
            f"R{rng.randrange(300):04d}",
            f"src/package_{rng.randrange(40)}/source_{rng.randrange(2000)}.py",
            rng.randrange(1, 3000),
            f"The value of parameter {number} reaches a sink unchecked; validate it before it is used.",
        )
        for number in range(RESULTS + changed)
    ]
    return rows[:RESULTS], rows[changed:]


def _verdict(rows: Rows) -> Verdict:
    findings = tuple(
        Finding(
            rule=rule,
            message=text,
            severity=(Severity.HIGH, Severity.MEDIUM, Severity.LOW)[line % 3],
            path=path,
            line=line,
            fingerprint=f"{hash((rule, path, line, text)) % 16**16:016x}" * 4,
        )
        for rule, path, line, text in rows
    )
    return Verdict(
        decision=Decision.FAIL,
        complete=True,
        missing=(),
        stage=Stage.CHANGE,
        subject=Subject(),
        rulings=(Ruling(check="big", decision=Decision.FAIL, reasons=(), blocking=findings),),
        idle_waivers=(),
        expired_waivers=(),
        policy_digest="",
        evidence=(),
        judged_at=datetime(2026, 11, 24, tzinfo=UTC),
        now_overridden=False,
        subject_overridden=False,
        version="0",
    )


def _sarif(rows: Rows) -> dict[str, Any]:
    results = [
        {
            "ruleId": rule,
            "level": ("error", "warning", "note")[line % 3],
            "message": {"text": text},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}},
            ],
        }
        for rule, path, line, text in rows
    ]
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Big"}}, "results": results}]}


def _require_all(used: Usage, changed: int) -> None:
    if used.code != 0:
        raise SpoiltError(f"exit code {used.code}:\n{used.output[-2000:]}")
    check = json.loads(used.output)["checks"][0]
    if (len(check["new"]), len(check["gone"]), check["same"]) != (changed, changed, RESULTS - changed):
        raise SpoiltError("not every finding was counted")


def _installed(folder: Path, env: Mapping[str, str]) -> Path:
    tools = folder / "env"
    uv("venv", "--quiet", "--python", sys.executable, str(tools), env=env)
    uv("pip", "install", "--quiet", "--python", str(tools / "bin" / "python"), PEER, env=env)
    return tools / "bin" / "sarif"


def _theirs(sarif: Path, folder: Path, env: Mapping[str, str]) -> Usage:
    command = [str(sarif), "diff", "before.sarif", "after.sarif", "--output", "diff.json"]
    announce(["sarif", *command[1:]])
    used = run(command, cwd=folder, env=env)
    if used.code not in (0, 1) or not (folder / "diff.json").is_file():
        raise SpoiltError(f"sarif diff ended with {used.code}:\n{used.output[-2000:]}")
    return used
