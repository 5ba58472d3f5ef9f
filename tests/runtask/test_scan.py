"""Checkov in a warm child: it says what the program says of the same plan, and whatever becomes of it is evidence."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from clearance.model import Check, Materials
from clearance.readers import checkov
from clearance.runner import environment
from clearance.runner.inputs import lock_text, locked
from clearance.runtask.scan import Installed, Scanner

ROOT = Path(__file__).parents[2]
OWN = ROOT / "security" / "checkov"
PLANS = (ROOT / "tests/readings/checkov/roots/bad.json", ROOT / "tests/readings/terraform/plan.json")
GROUP = Check(name="checkov", run=("checkov",), reports=(), group="checkov")

# What stands in Checkov's place where it matters how it ends: it does what the plan says.
STANDS_IN = """
import json, os, pathlib, signal, sys, time
class Checkov:
    def __init__(self, words):
        self.words = dict(word.split("=", 1) for word in words if "=" in word)
    def run(self):
        does = json.loads(pathlib.Path(self.words["--file"]).read_text())["does"]
        if does == "hang":
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(600)
        if does == "wait":
            folder = pathlib.Path(self.words["--output-file-path"])
            (folder / "begun").touch()
            while not (folder / "go").exists():
                time.sleep(0.01)
        if does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if does == "kill the child":
            os.kill(os.getppid(), signal.SIGKILL)
        if does == "exit":
            sys.exit(2)
        if does == "raise":
            raise ValueError("a value of the plan")
        counts = dict(passed=0, failed=0, skipped=0, parsing_errors=0, resource_count=1, checkov_version="0")
        environ = " ".join(sorted(os.environ)) + " " + os.getcwd()
        report = dict(check_type="terraform_plan", summary=counts | {"failed": 1}, results={"failed_checks": [
            dict(check_id="X", check_name=environ, resource="a.b", file_path="/plan.json", entity_tags=does)]})
        pathlib.Path(self.words["--output-file-path"], "results_json.json").write_text(json.dumps(report))
        return 1
"""


@pytest.fixture(scope="module")
def bin_folder():
    """Checkov's own locked environment, made on first use."""
    place = environment.Workplace(root=ROOT, environ=os.environ)
    with environment.of(GROUP, locked(GROUP, lock_text(ROOT)), place) as folder:
        yield folder


@pytest.fixture(scope="module")
def scanner(bin_folder):
    with Scanner(Installed(python=bin_folder / "python", checks=OWN)) as made:
        yield made


@pytest.fixture
def standing_in(tmp_path):
    """A Python that finds our stand-in under Checkov's name, and a folder of checks with none in it."""
    for name in ("checkov", "checkov/common", "checkov/common/checks", "checkov/common/checks_infra", "own"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "checkov/main.py").write_text(STANDS_IN)
    (tmp_path / "checkov/common/checks/base_check_registry.py").write_text(
        "class BaseCheckRegistry:\n    get_all_registered_checks = staticmethod(list)\n"
    )
    (tmp_path / "checkov/common/checks_infra/registry.py").write_text(
        "def get_graph_checks_registry(kind):\n    return type('Registry', (), {'checks': []})\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return Installed(python=python, checks=tmp_path / "own")


def does(what):
    return json.dumps({"does": what}).encode()


def answers(findings):
    return Counter((finding.rule, finding.resource, finding.message) for finding in findings)


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.parts[-2])
def test_the_child_says_what_the_program_says(scanner, bin_folder, tmp_path, plan):
    """Of the same plan, with our own checks, also after it has seen others; values of the plan are in none of it."""
    subprocess.run(
        [
            *(bin_folder / "python", bin_folder / "checkov", "--framework=terraform_plan", f"--file={plan}"),
            f"--external-checks-dir={OWN}",
            *("--skip-download", "--output=json", f"--output-file-path={tmp_path}"),
        ],
        cwd=tmp_path,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    expected = checkov.read((tmp_path / "results_json.json").read_bytes(), Materials(root=str(tmp_path)))
    made = [scanner.scan(path.read_bytes()) for path in (*PLANS, plan)][-1]
    assert (expected.reach, expected.tool, ()) == (made.reach, made.tool, made.problems)
    assert answers(expected.findings) == answers(made.findings)
    assert "planted" not in repr(made)


def test_what_is_no_plan_has_no_reach(scanner):
    """Checkov ends well over it, having seen nothing: the reach that is asked for tells."""
    made = scanner.scan(b"no plan")
    assert (0, ()) == (made.reach, made.findings)


def test_own_checks_that_are_not_loaded_are_named(bin_folder, tmp_path):
    """Without an __init__.py, Checkov passes those in Python over and says nothing."""
    for file in OWN.glob("[!_]*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with Scanner(Installed(python=bin_folder / "python", checks=tmp_path)) as made:
        problems = made.scan(PLANS[0].read_bytes()).problems
    assert {"CKV_CLEARANCE_0", "CKV_CLEARANCE_1", "CKV_CLEARANCE_2"} == {
        word for problem in problems for word in problem.split() if word.startswith("CKV")
    }


def test_the_child_knows_nothing_of_ours(standing_in):
    """No variable of this process but what Checkov needs, and an empty folder to be in."""
    with Scanner(standing_in) as made:
        (found,) = made.scan(does("report")).findings
        *names, place = found.message.split()
    assert set() == set(names) - {
        *("PATH", "HOME", "TMPDIR", "LANG", "LOG_LEVEL", "PYTHONWARNINGS", "PYTHONDONTWRITEBYTECODE"),
        *("PYTHONPATH", "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"),
    }
    assert place.endswith("/home")


def awaited(look):
    """What is there once it is there."""
    for _ in range(6000):
        if found := look():
            return found
        time.sleep(0.01)
    raise TimeoutError


def left_of(group):
    """The processes of a group that do not end; one that nobody has buried yet has ended."""
    for _ in range(1000):
        listed = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
        left = [line for line in map(str.split, listed.splitlines()) if line[0] == str(group) and "Z" not in line[1]]
        if not left:
            break
    return left


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("hang", "took longer than"),
        ("die", "the scan ended with -9"),
        ("kill the child", "its child process ended"),
        ("exit", "left no report"),
        ("raise", "left no report"),
    ],
)
def test_a_scan_that_goes_wrong_is_a_problem_and_the_next_one_goes_well(standing_in, what, said):
    """The child and all that it started are gone, and nothing of the plan is in what is said."""
    with Scanner(standing_in, timeout_s=2) as made:
        made.warm()
        before = made.pid
        wrong, right = made.scan(does(what)), made.scan(does("report"))
        assert (0, True, False) == (wrong.reach, said in wrong.problems[0], "a value of the plan" in repr(wrong))
        assert (1, ()) == (len(right.findings), right.problems)
        assert [] == left_of(before)


def test_a_child_is_replaced_after_some_plans(standing_in):
    """Whatever a child gathers, it does not gather for ever."""
    with Scanner(standing_in, plans=2) as made:
        pids = []
        for _ in range(4):
            made.warm()
            pids.append(made.pid)
            assert () == made.scan(does("report")).problems
    assert [True, False, True] == [one == other for one, other in itertools.pairwise(pids)]


def test_a_scanner_that_is_closed_leaves_nothing(standing_in, tmp_path):
    """No process, and nothing of a plan on the disk."""
    made = Scanner(standing_in)
    made.warm()
    pid = made.pid
    home = Path(os.readlink(f"/proc/{pid}/cwd")).parent if sys.platform == "linux" else tmp_path / "nowhere"
    made.scan(does("report"))
    assert [] == list(home.glob("plan-*"))
    made.close()
    assert ([], False) == (left_of(pid), home.exists())


def test_a_service_that_is_killed_leaves_no_plan_behind(standing_in, tmp_path):
    """Its child clears the plan away that it was given, and ends."""
    program = (
        "import sys; from pathlib import Path; from clearance.runtask.scan import Installed, Scanner\n"
        "scanner = Scanner(Installed(python=Path(sys.argv[1]), checks=Path(sys.argv[2]))); scanner.warm()\n"
        "print(scanner.pid, flush=True); scanner.scan(sys.argv[3].encode())"
    )
    words = [str(standing_in.python), str(standing_in.checks), does("wait").decode()]
    with subprocess.Popen(
        [sys.executable, "-c", program, *words], env={**os.environ, "TMPDIR": str(tmp_path)}, cwd=ROOT, text=True,
        stdout=subprocess.PIPE,
    ) as service:  # fmt: skip
        child = int(service.stdout.readline())
        (begun,) = awaited(lambda: list(tmp_path.glob("*/plan-*/begun")))
        service.kill()
    (begun.parent / "go").touch()
    assert ([], []) == (left_of(child), list(tmp_path.glob("*/plan-*")))


def test_where_there_is_no_checkov_that_is_said(tmp_path):
    """The environment was not made, or is another one."""
    (tmp_path / "own").mkdir()
    with Scanner(Installed(python=tmp_path / "python", checks=tmp_path / "own")) as made:
        assert "did not look at the plan" in made.scan(b"{}").problems[0]


def test_a_child_that_somebody_killed_is_started_again(standing_in):
    """Between two plans as well."""
    with Scanner(standing_in) as made:
        made.warm()
        os.kill(made.pid, signal.SIGKILL)
        assert [(), ()] == [made.scan(does("report")).problems[1:] for _ in range(2)]
        assert () == made.scan(does("report")).problems
