"""What a reader left to be drawn comes through to the page, whichever way the evidence came."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.clearance import load_details

POLICY = """
[check.load]
run = ["cp", "nothing.sarif", "{report}"]
report = "nothing.sarif"
reader = "sarif"
inputs = ["nothing.sarif"]
"""
SARIF = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "tool"}}, "results": []}]}


def clearance(folder, *words):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
    return subprocess.run(
        [sys.executable, "-m", "clearance", *words],
        cwd=folder,
        env=env | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_details_of_evidence_are_drawn(tmp_path):
    """Evidence with details of a load run, judged from its folder, has its section in report.html; without, none."""
    (tmp_path / "clearance.toml").write_text(POLICY)
    (tmp_path / "nothing.sarif").write_text(json.dumps(SARIF))
    out = tmp_path / "build/clearance"
    clearance(tmp_path, "run")
    before = (out / "report.html").read_text()
    kept = tmp_path / "kept"
    (out / "evidence").rename(kept)
    evidence = json.loads((kept / "load.json").read_text())
    (kept / "load.json").write_text(
        json.dumps(evidence | {"details": load_details.make(seconds=9)}, separators=(",", ":"))
    )
    clearance(tmp_path, "judge", "--evidence", "kept")
    after = (out / "report.html").read_text()

    assert (0, 1) == (before.count("data-load aria"), after.count("data-load aria"))
    assert "poisson:120" in after
