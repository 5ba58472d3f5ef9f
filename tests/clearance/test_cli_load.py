"""A check with an SLO file, from policy to exit code: real processes, recordings of runs that never happened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.slo import schema

ROOT = Path(__file__).parents[2]
TOOL = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path

from clearance.recording import dumps
from tests.clearance.load_runs import run

options = json.loads(sys.argv[2])
slow = options.pop("slow", [])

def rows(requests):
    for route, ms in slow:
        requests["ended"][requests["route"] == route] += int(ms * 1e6)

made = run(rows=rows, started_at=datetime.now(UTC).isoformat(), **options)
Path(sys.argv[1]).write_bytes(dumps(made))
Path("../ran.log").open("a").write("ran")
"""
POLICY = """
[check.load]
run = [{python}, "tool.py", "{{report}}", {options}]
report = "load.zip"
reader = "load"
slo = "slo.yaml"
inputs = ["tool.py"]
env = {{ PYTHONPATH = {root} }}
"""


class Project:
    """A project whose one check is a load run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "tool.py").write_text(TOOL)
        (path / "slo.yaml").write_bytes((ROOT / "load/slo.yaml").read_bytes())
        self.policy()

    def policy(self, **options) -> None:
        made = POLICY.format(
            python=json.dumps(sys.executable), options=json.dumps(json.dumps(options)), root=json.dumps(str(ROOT))
        )
        (self.path / "clearance.toml").write_text(made)

    def clearance(self, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
        return subprocess.run(
            [sys.executable, "-m", "clearance", *words],
            cwd=self.path,
            env=env | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.path.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def runs(self) -> int:
        log = self.path.parent / "ran.log"
        return len(log.read_text()) // len("ran") if log.exists() else 0

    def reasons(self) -> str:
        verdict = json.loads((self.path / "build/clearance/verdict.json").read_text())
        return "\n".join(verdict["rulings"][0]["reasons"])


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    return Project(path)


RUNS = {
    "all is well": ({}, 0, ["availability 0", "reads: 2 of 2 parts, at most 0.01 asked for"]),
    "reads take 400 ms longer": (
        {"slow": [[0, 400], [2, 400]]},
        1,
        ["reads 1 (95 % interval", "reads/GET /v1/flights 1"],
    ),
    "one route of the reads does": ({"slow": [[2, 400]]}, 1, ["reads/GET /v1/stats/delays 1", "reads: 1 of 2 parts"]),
    "writes take as long, which they may": ({"slow": [[1, 400]]}, 0, ["writes 0"]),
    "the clock was set": ({"clock_step_s": 2.5}, 3, ["the machine's clock was set by +2.500 s during the run"]),
    "a worker died": (
        {"workers": [{"name": "a", "requests": 5000, "finished": False}]},
        3,
        ["did not live to the end"],
    ),
    "too few requests to tell": (
        {"rate": 100},
        3,
        ["3,000 samples, 3,688 needed: run about 7 seconds longer (1.2 times the 30 s that it ran)"],
    ),
}


@pytest.mark.parametrize(("options", "code", "said"), RUNS.values(), ids=RUNS)
def test_a_load_run_is_decided_by_the_slo_file(project, options, code, said):
    """The levels of the SLO file decide, as a whole and by route; the policy itself holds no number."""
    project.policy(**options)
    done = project.clearance("run")
    assert (done.returncode, [text for text in said if text not in project.reasons()]) == (code, [])


def test_a_level_of_a_route_that_was_never_called_is_unknown(project):
    """Nothing passes on requests that were not made, and the reason names the route and those that were called."""
    file = project.path / "slo.yaml"
    file.write_text(file.read_text().replace("metric: requests, op: write", "metric: requests, route: GET /v1/nothing"))
    done = project.clearance("run")
    assert (3, True) == (done.returncode, "which was never called (GET /v1/flights, " in project.reasons())


def test_a_disk_that_is_full_is_unknown(project):
    """A recording that could not be written is none, whatever the run was like."""
    file = project.path / "clearance.toml"
    file.write_text(file.read_text().replace("run = [", 'run = ["prlimit", "--fsize=64", '))
    done = project.clearance("run")
    assert (3, True) == (done.returncode, "load.zip" in project.reasons())


def test_another_slo_file_is_another_policy_and_other_evidence(project):
    """Evidence is kept while the SLO file stays as it is, and made anew once it says something else."""
    assert (project.clearance("run").returncode, project.clearance("run").returncode) == (0, 0)
    digest = json.loads((project.path / "build/clearance/verdict.json").read_text())["policy_digest"]
    assert project.runs() == 1
    file = project.path / "slo.yaml"
    file.write_text(file.read_text().replace("atMost: 300", "atMost: 1"))
    assert project.clearance("run").returncode == 1
    assert project.runs() == 2
    assert json.loads((project.path / "build/clearance/verdict.json").read_text())["policy_digest"] != digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "the policy names the file slo.yaml, which can't be read"),
        (lambda file: file.write_text("[]"), "slo.yaml holds no SLO"),
        (
            lambda file: file.write_text(file.read_text().replace("targetPercent: 99.9", "target: 99.9")),
            "slo.yaml: document 2 (SLO availability), objective 1: target is 99.9",
        ),
    ],
)
def test_an_slo_file_that_cannot_be_used_is_2(project, change, message):
    """What is wrong with the SLO file is a policy error with its place, before anything runs."""
    change(project.path / "slo.yaml")
    done = project.clearance("run")
    assert (done.returncode, project.runs()) == (2, 0)
    assert message in done.stderr


def test_read_measures_a_recording_against_an_slo_file(project):
    """`clearance read load FILE --slo FILE` prints the levels' measures; without it, those that need no level."""
    project.clearance("run")
    file = "build/clearance/reports/load/load.zip"
    with_levels, without = (
        json.loads(project.clearance("read", "load", file, *more).stdout) for more in (["--slo", "slo.yaml"], [])
    )
    names = [{measure["name"] for measure in read["measures"]} for read in (with_levels, without)]
    assert {"availability", "reads", "writes", "reads/GET /v1/flights"} <= names[0]
    assert names[0] - names[1] >= {"availability", "reads", "writes"}


@pytest.mark.parametrize(("file", "message"), [("gone.yaml", "can't be read"), ("tool.py", "tool.py")])
def test_read_says_what_is_wrong_with_the_slo_file(project, file, message):
    """An SLO file that cannot be used is a usage error, not a fault of the report."""
    project.clearance("run")
    done = project.clearance("read", "load", "build/clearance/reports/load/load.zip", "--slo", file)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr


def test_the_schema_of_an_slo_file_is_printed(project):
    """`clearance schema slo` prints the JSON Schema of an SLO file's objects."""
    assert json.loads(project.clearance("schema", "slo").stdout) == schema()
