"""`clearance init` in repositories of many shapes: what it writes must hold, run, and say no more than is true."""

import json
import os
import re
import tomllib
from itertools import pairwise

import pytest

from clearance.cli.counting import look
from clearance.policy.starter import slo

MODULE = "def twice(number):\n    return 2 * number\n"
TEST = """\
from sums import twice


def test_twice():
    assert twice(2) == 4


def test_none():
    assert twice(0) == 0
"""
WORKFLOW = """\
name: tests
on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""
PROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "sums"
version = "1"

[dependency-groups]
test = ["pytest"]
all = ["pytest", "bandit", "zest"]
security-scan = ["bandit"]
"""
LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "sums"
version = "1"
source = { editable = "." }

[package.dev-dependencies]
all = [{ name = "pytest" }, { name = "bandit" }, { name = "zest" }]
security-scan = [{ name = "bandit" }]
test = [{ name = "pytest" }]

[[package]]
name = "bandit"
version = "1"
source = { registry = "https://example.org/simple" }

[[package]]
name = "pytest"
version = "1"
source = { registry = "https://example.org/simple" }

[[package]]
name = "zest"
version = "1"
source = { registry = "https://example.org/simple" }
"""
BUCKET = 'resource "aws_s3_bucket" "parcels" {\n  bucket = "parcels"\n}\n'


def checks(repository):
    return tomllib.loads((repository.path / "clearance.toml").read_text())["check"]


def rulings(repository):
    out = repository.path / "build/clearance"
    verdict = json.loads((out / "verdict.json").read_text())
    named = {ruling["check"]: ruling["decision"] for ruling in verdict["rulings"]}
    return {
        name: (said, json.loads((out / f"evidence/{name}.json").read_text())["reach"]) for name, said in named.items()
    }


def begin(repository, files):
    """Write the files, run init and then the gate; give what init said, and the gate's exit code."""
    repository.write(files)
    said, printed, code = repository.clearance("init")
    assert (printed, code) == ("", 0), said
    return said, repository.clearance("run")[2]


SHAPES = {
    "flat": ({"sums/__init__.py": MODULE, "tests/test_sums.py": TEST}, {"unit": 2, "bandit": 1}),
    "src": (
        {"src/sums/__init__.py": MODULE, "src/sums/data.json": "{}", "tests/test_sums.py": TEST},
        {"unit": 2, "bandit": 1},
    ),
    "tests inside": ({"sums/__init__.py": MODULE, "sums/tests/test_sums.py": TEST}, {"unit": 2, "bandit": 2}),
    "scripts": ({"sums.py": MODULE, "test_sums.py": TEST}, {"unit": 2, "bandit": 1}),
    "names with spaces": (
        {"the sums (old)/sums.py": MODULE, "the sums (old)/test_sums.py": TEST},
        {"unit": 2, "bandit": 2},
    ),
    "two projects": (
        {
            "services/the sums/pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p no:randomly"\n',
            "services/the sums/src/sums/__init__.py": MODULE,
            "services/the sums/tests/test_sums.py": TEST,
            "services/more/setup.py": "",
            "services/more/sums.py": MODULE,
            "services/more/tests/test_more.py": TEST,
        },
        {"unit-services-more": 2, "unit-services-the-sums": 2, "bandit": 5},
    ),
    "no tests": ({"[old]/sums.py": MODULE, "[old]/$(more).py": MODULE}, {"bandit": 2}),
    "workflows": ({".github/workflows/ci.yml": WORKFLOW, "notes.md": "#"}, {"workflows": 1}),
    "migrations": (
        {"db/migrations/0001 parcels.sql": "set lock_timeout = '1s';\nselect 1;\n"},
        {"migrations": 1},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape(repository, shape):
    """The policy names what there is, asks for as much as was counted, and the first run passes by having seen it."""
    files, counted = SHAPES[shape]
    said, code = begin(repository, files)
    assert {name: check["reach"] for name, check in checks(repository).items()} == counted
    assert {name: ("pass", count) for name, count in counted.items()} == rulings(repository), said
    assert code == 0


def test_in_a_repository_it_sees_what_git_would_take(repository):
    """Untracked files count, ignored ones do not; the gate binds what it says to the commit."""
    repository.write({".gitignore": "venv/\n", "sums.py": MODULE, "venv/other.py": "", "test_sums.py": TEST})
    repository.shell("git init -q -b main . && git add . && git commit -qm first")
    repository.write({"more.py": ""})
    said, code = begin(repository, {})
    assert ("3 files" in said, "2 files in more.py, sums.py" in said, code) == (False, True, 0)


def test_nothing_is_overwritten(repository):
    """Where there is a policy already init ends with 2, says what next, and leaves it as it was."""
    repository.write({"sums.py": MODULE, "clearance.toml": "# mine\n"})
    said, printed, code = repository.clearance("init")
    assert (printed, code, (repository.path / "clearance.toml").read_text()) == ("", 2, "# mine\n")
    assert "`clearance init --dry-run` prints what init would write" in said


def test_a_dry_run_prints_and_writes_nothing(repository):
    """What it prints is what init then writes, to the letter."""
    repository.write({"sums.py": MODULE, "test_sums.py": TEST, "locustfile.py": "from locust import HttpUser\n"})
    before = sorted(repository.path.rglob("*"))
    _, printed, code = repository.clearance("init", "--dry-run")
    assert (code, sorted(repository.path.rglob("*"))) == (0, before)
    repository.clearance("init")
    assert (repository.path / "clearance.toml").read_text() == printed


def test_nothing_to_check(repository):
    """An empty folder gets no policy: one without checks would be UNKNOWN for ever."""
    said, _, code = repository.clearance("init")
    assert ("there is nothing here" in said, code, list(repository.path.iterdir())) == (True, 2, [])


def test_a_tool_that_is_not_here(repository):
    """The check stands there as a comment that becomes a check with its #s gone; until then nothing passes."""
    said, code = begin(repository, {"main.tf": BUCKET})
    assert ("checkov stands there as a comment" in said, "pip install checkov" in said, code) == (True, True, 3)
    lines = (repository.path / "clearance.toml").read_text().split("take a # from each line below.\n")[1].splitlines()
    check = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))["check"]["checkov"]
    assert (check["run"][-1], check["inputs"], check["reach"]) == (".", ["**/*.tf", "**/*.tfvars"], 1)


def test_a_line_for_each_key(repository):
    """Each key has a comment, behind it or above it."""
    repository.write({"sums.py": MODULE, "test_sums.py": TEST, "locustfile.py": "import locust\n"})
    lines = repository.clearance("init", "--dry-run")[1].splitlines()
    keys = [(above, line) for above, line in pairwise(lines) if re.match(r"[a-z_]+ = ", line)]
    assert len(keys) > 20
    assert [line for above, line in keys if "  # " not in line and not above.startswith("# ")] == []


def test_locked_groups(repository):
    """With a uv.lock the tools come from the smallest dependency group that holds them, beside the project."""
    files = {
        "pyproject.toml": PROJECT,
        "uv.lock": LOCK,
        "sums/__init__.py": MODULE,
        "tests/test_sums.py": TEST,
        ".github/workflows/ci.yml": WORKFLOW,
    }
    repository.write(files)
    checks = tomllib.loads(repository.clearance("init", "--dry-run")[1])["check"]
    sources = {name: (check.get("group"), check.get("project")) for name, check in checks.items()}
    assert sources == {"unit": ("test", True), "bandit": ("security-scan", None), "workflows": (None, None)}
    assert checks["unit"]["run"][:3] == ["python", "-m", "pytest"]


def test_a_locustfile(repository):
    """A check of what is live, an SLO file to begin with, and the one line that the locustfile lacks."""
    repository.write({"load/locustfile.py": "from locust import HttpUser\n"})
    said, _, code = repository.clearance("init")
    load = checks(repository)["load"]
    assert (code, load["slo"], load["stage"]) == (0, "load/slo.yaml", "live")
    assert "add one line to load/locustfile.py:  import clearance.load" in said
    assert "kind: SLO" in (repository.path / "load/slo.yaml").read_text()


def test_what_belongs_into_gitignore(repository):
    """What a run leaves in the tree is named, of setuptools too, unless git ignores it already."""
    files = {"pyproject.toml": PROJECT.replace("hatchling", "setuptools"), "uv.lock": LOCK, "test_sums.py": TEST}
    repository.write(files | {".gitignore": "/build/\n"})
    said, _, code = repository.clearance("init")
    assert (code, "put .clearance/ and *.egg-info/ into .gitignore" in said) == (0, True)


@pytest.mark.parametrize("name", [b"caf\xe9.py", b"back\\slash.py", b"line\nbreak.py", b'quote".py', b"-x.py"])
def test_names_that_are_a_trial(repository, name):
    """Whatever files are called, init ends with a policy that holds, or without one and a reason."""
    repository.write({"sums.py": MODULE})
    (repository.path / os.fsdecode(name)).write_text(MODULE)
    said, _, code = repository.clearance("init")
    assert code == 0, said
    assert "sums.py" in checks(repository)["bandit"]["inputs"]


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [("kind: other\n", "load/clearance-slo.yaml", "wrote load/clearance-slo.yaml"), (slo(), "load/slo.yaml", "")],
)
def test_an_slo_file_that_is_there(repository, text, names, said):
    """It is used where the gate can read it, and left alone in either case."""
    repository.write({"load/locustfile.py": "import clearance.load\n", "load/slo.yaml": text})
    told, _, code = repository.clearance("init")
    assert (code, checks(repository)["load"]["slo"]) == (0, names)
    assert (said in told, "import clearance.load" in told) == (True, False)
    assert (repository.path / "load/slo.yaml").read_text() == text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("rm tests/test_sums.py", "unit"),
        ("echo 'def broken(' >> tests/test_sums.py", "unit"),
        ("rm sums/more.py", "bandit"),
    ],
)
def test_green_over_less(repository, change, reason):
    """From the first day on, fewer tests and fewer files than were counted are no pass."""
    files = {"sums/__init__.py": MODULE, "sums/more.py": MODULE, "tests/test_sums.py": TEST}
    assert begin(repository, files)[1] == 0
    repository.shell(change)
    assert repository.clearance("run")[2] in {1, 3}
    assert rulings(repository)[reason][0] in {"fail", "unknown"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def test_a(): ...\nasync def test_b(): ...\ndef helper(): ...", 2),
        ("def test_a(): ...\ndef test_a(): ...", 1),
        ("class TestA:\n  def test_a(self): ...\n  def a(self): ...\n  class TestB:\n    def test_b(self): ...", 2),
        ("class TestA:\n  def __init__(self): ...\n  def test_a(self): ...", 0),
        ("import unittest\nclass Sums(unittest.TestCase):\n  def test_a(self): ...", 1),
        (
            "from pytest import mark\n@mark.skip\ndef test_a(): ...\n@mark.skipif(True, reason='')\ndef test_b(): ...",
            0,
        ),
        ("import pytest\npytestmark = pytest.mark.skipif(True, reason='')\ndef test_a(): ...", 0),
        ("import pytest\npytest.importorskip('numpy')\ndef test_a(): ...", 0),
        ("def test_a(:", 0),
        ("\0", 0),
    ],
)
def test_counting(source, found):
    """Tests that are sure to run are counted, by the names that pytest collects; nothing is run for it."""
    assert look(source.encode()).tests == found
