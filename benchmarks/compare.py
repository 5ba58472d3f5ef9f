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
from benchmarks.measure import MEBI, ROOT, Figure, SpoiltError, Usage, announce, ordinary, run, scratch, take_turns
from clearance.model import Decision, Finding, Ruling, Severity, Stage, Subject, Verdict
from clearance.render import verdict_json

RESULTS, CHANGED, SEED = 100_000, 1_000, 20_261_124
ROUNDS = 5
PEER = "sarif-tools==3.0.5"
Rows = Sequence[tuple[str, str, int, str]]


def measure() -> Iterator[Figure]:
    """Compare verdicts of which one finding in a hundred is another; the peer once, for it takes minutes."""
    with scratch() as folder:
        env = ordinary(folder / "bytecode")
        before, after = _rows()
        for name, rows in (("before", before), ("after", after)):
            (folder / f"{name}.json").write_bytes(verdict_json.render_bytes(_verdict(rows)))
            (folder / f"{name}.sarif").write_text(json.dumps(_sarif(rows)), "utf-8")
        command = [sys.executable, "-m", "clearance", "compare", "before.json", "after.json", "--format", "json"]
        announce(command)
        used: list[Usage] = []

        def compare() -> float:
            used.append(run(command, cwd=folder, env={**env, "PYTHONPATH": str(ROOT)}))
            _require_all(used[-1])
            return used[-1].wall

        compare()  # once for the bytecode
        ours = statistics.median(take_turns(ROUNDS, {"compare": compare})["compare"])
        yield Figure(name="clearance compare", value=ours, unit="s", at_most=3)
        yield Figure(name="the same, peak", value=max(one.peak for one in used) / MEBI, unit="MB")
        theirs = _peer(folder, env)
        yield Figure(name="sarif diff (sarif-tools), a single run", value=theirs.wall, unit="s")
        yield Figure(name="the same, peak", value=theirs.peak / MEBI, unit="MB")
        yield Figure(name="clearance compare / sarif diff", value=ours / theirs.wall, unit="x")


def _rows() -> tuple[Rows, Rows]:
    rng = random.Random(SEED)
    rows = [
        (
            f"R{rng.randrange(300):04d}",
            f"src/package_{rng.randrange(40)}/source_{rng.randrange(2000)}.py",
            rng.randrange(1, 3000),
            f"The value of parameter {number} reaches a sink unchecked; validate it before it is used.",
        )
        for number in range(RESULTS + CHANGED)
    ]
    return rows[:RESULTS], rows[CHANGED:]


def _verdict(rows: Rows) -> Verdict:
    findings = tuple(
        Finding(
            rule=rule,
            message=text,
            severity=list(Severity)[number % 5],
            path=path,
            line=line,
            fingerprint=f"{hash((rule, path, line, text)) % 16**16:016x}" * 4,
        )
        for number, (rule, path, line, text) in enumerate(rows)
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
            "level": "warning",
            "message": {"text": text},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}},
            ],
        }
        for rule, path, line, text in rows
    ]
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Big"}}, "results": results}]}


def _require_all(used: Usage) -> None:
    if used.code != 0:
        raise SpoiltError(f"exit code {used.code}:\n{used.output[-2000:]}")
    check = json.loads(used.output)["checks"][0]
    if (len(check["new"]), len(check["gone"]), check["same"]) != (CHANGED, CHANGED, RESULTS - CHANGED):
        raise SpoiltError("not every finding was counted")


def _peer(folder: Path, env: Mapping[str, str]) -> Usage:
    tools = folder / "env"
    uv("venv", "--quiet", "--python", sys.executable, str(tools), env=env)
    uv("pip", "install", "--quiet", "--python", str(tools / "bin" / "python"), PEER, env=env)
    command = [str(tools / "bin" / "sarif"), "diff", "before.sarif", "after.sarif", "--output", "diff.json"]
    announce(["sarif", *command[1:]])
    used = run(command, cwd=folder, env=env)
    if used.code not in (0, 1) or not (folder / "diff.json").is_file():
        raise SpoiltError(f"sarif diff ended with {used.code}:\n{used.output[-2000:]}")
    return used
