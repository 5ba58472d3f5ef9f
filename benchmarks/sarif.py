"""A SARIF report of 100,000 results, from the file to `verdict.json`, each time in a fresh process."""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import MEBI, Figure, SpoiltError, Usage, announce, ordinary, run, scratch, take_turns

RESULTS, RULES, FILES, SEED = 100_000, 300, 2_000, 20_261_124
ROUNDS = 5
POLICY = """
[check.big]
run = ["cp", {report}, "{{report}}"]
report = "big.sarif"
reader = "sarif"
inputs = ["clearance.toml"]
"""
LEVELS = ("error", "warning", "note")


def measure() -> Iterator[Figure]:
    """Let `clearance run` judge the report, beside `json.load` of the same file.

    The check's command copies the report to where it belongs; what that takes is subtracted, for the clock starts when
    the file is there.
    """
    with scratch() as folder:
        report, project = folder / "report.sarif", folder / "project"
        write(report)
        project.mkdir()
        (project / "clearance.toml").write_text(POLICY.format(report=json.dumps(str(report))), "utf-8")
        print(f"  {report.stat().st_size / 1e6:.0f} MB, {RESULTS:,} results, seed {SEED}")
        gate = [sys.executable, "-m", "clearance", "run", "--no-cache", "--only", "big"]
        load = [sys.executable, "-c", "import json, sys; json.load(open(sys.argv[1], 'rb'))", str(report)]
        announce(gate)
        announce(load)
        env = ordinary(folder / "bytecode")
        env["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
        taken: dict[str, list[Usage]] = {"gate": [], "load": []}

        def judge() -> float:
            used = run(gate, cwd=project, env=env)
            taken["gate"].append(used)
            return used.wall - _copying(project / "build" / "clearance" / "verdict.json", used)

        def decode() -> float:
            taken["load"].append(run(load, env=env))
            return taken["load"][-1].wall

        judge()  # once for the bytecode
        taken["gate"].clear()
        walls = take_turns(ROUNDS, {"gate": judge, "load": decode})
    gate_s, load_s = (statistics.median(walls[name]) for name in ("gate", "load"))
    yield Figure(name="json.load", value=load_s, unit="s")
    yield Figure(name="json.load, peak", value=_peak(taken["load"]), unit="MB")
    yield Figure(name="report to verdict.json and the pages", value=gate_s, unit="s", at_most=1.2)
    yield Figure(name="the same, processor time", value=statistics.median(u.cpu for u in taken["gate"]), unit="s")
    yield Figure(name="the same, peak", value=_peak(taken["gate"]), unit="MB", at_most=340)
    yield Figure(name="the same / json.load", value=gate_s / load_s, unit="x")


def _peak(used: list[Usage]) -> float:
    return max(one.peak for one in used) / MEBI


def _copying(verdict: Path, used: Usage) -> float:
    """Return how long the check's own command took; SpoiltError where the verdict does not hold every finding."""
    if used.code != 1:
        raise SpoiltError(f"exit code {used.code}, though 1 was due:\n{used.output[-2000:]}")
    found = json.loads(verdict.read_bytes())
    ruling = found["rulings"][0]
    kept = sum(len(ruling[place]) for place in ("blocking", "tolerated", "waived"))
    if kept != RESULTS:
        raise SpoiltError(f"the verdict holds {kept:,} of {RESULTS:,} findings")
    return float(found["evidence"][0]["seconds"])


def write(path: Path) -> None:
    """Write a report as the larger scanners do: snippets, context, fingerprints and properties with each result."""
    rng = random.Random(SEED)
    rules = [f"R{number:04d}" for number in range(RULES)]
    files = [f"src/package_{number % 40}/module_{number}/source_{number}.py" for number in range(FILES)]
    described = [
        {
            "id": rule,
            "name": f"Rule{rule}",
            "shortDescription": {"text": f"What {rule} is about"},
            "helpUri": f"https://rules.example/{rule}",
            "defaultConfiguration": {"level": LEVELS[number % 3]},
        }
        for number, rule in enumerate(rules)
    ]
    driver = {"name": "Big", "version": "1.0", "rules": described}
    artifacts = [{"location": {"uri": file}} for file in files]
    with path.open("w", encoding="utf-8") as out:
        head = json.dumps({"tool": {"driver": driver}, "artifacts": artifacts})
        out.write(f'{{"version": "2.1.0", "runs": [{head[:-1]}, "results": [')
        for number in range(RESULTS):
            out.write((",\n" if number else "\n") + json.dumps(_result(rng, rules, files)))
        out.write("]}]}\n")


def _result(rng: random.Random, rules: list[str], files: list[str]) -> dict[str, Any]:
    rule, file, line = rng.randrange(len(rules)), rng.randrange(len(files)), rng.randrange(1, 3000)
    text = f"The value of parameter {rng.randrange(10**9)} reaches a sink in column {rng.randrange(120)} unchecked; "
    snippet = f"    value_{rng.randrange(10**6)} = compute(first, second, third)  # {rng.randrange(10**6)}"
    region = {"startLine": line, "startColumn": 5, "endLine": line, "endColumn": 60, "snippet": {"text": snippet}}
    physical = {
        "artifactLocation": {"uri": files[file], "index": file},
        "region": region,
        "contextRegion": {"startLine": max(1, line - 2), "endLine": line + 2, "snippet": {"text": snippet}},
    }
    return {
        "ruleId": rules[rule],
        "ruleIndex": rule,
        "level": LEVELS[rng.randrange(3)],
        "message": {"text": text + "validate it before it is used. " * 2},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"primaryLocationLineHash": f"{rng.randrange(16**16):016x}:1"},
        "properties": {"confidence": "medium", "tags": ["security", "injection"]},
    }
