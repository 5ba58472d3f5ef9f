"""`clearance init` as a person meets it: what it says, what it writes, and what it leaves alone; no tool is run."""

import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

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
OTHERS = ("features", "load", "tests", "the lambda")
EVERYTHING = {
    "pyproject.toml": "",
    "src/sums/__init__.py": MODULE,
    "tests/test_sums.py": TEST,
    "tests/bdd/test_steps.py": "from pytest_bdd import scenarios\n\nscenarios('../../features')\n",
    "features/sums.feature": """
        Feature: Sums
          Scenario: None
            Given nothing
          Scenario Outline: Some
            Given <some>
            Examples:
              | some |
              | 1    |
              | 2    |
        """,
    "the lambda/setup.py": "",
    "the lambda/handler.py": "",
    "the lambda/pytest.ini": "[pytest]\n",
    "the lambda/test_handler.py": "def test_it(): ...\n",
    "infra/main.tf": 'resource "aws_s3_bucket" "a" {\n}\n',
    "infra/variables.tf": 'variable "a" {\n}\n',
    "db/migrations/1.sql": "select 1;\n",
    "old/migrations/more/1.sql": "select 1;\n",
    "old/query.sql": "select 1;\n",
    ".github/workflows/ci.yml": WORKFLOW,
    ".github/dependabot.yml": "version: 2\n",
    ".github/other.yml": "",
    "load/locustfile.py": "from clearance.load import HttpUser\n",
}


class Repository:
    """A folder without a policy, and the names of some tools on PATH: init looks for them and runs none."""

    def __init__(self, path):
        self.path = path / "a repository"
        self.path.mkdir()
        self.tools = path / "bin"
        self.tools.mkdir()
        for name in ("bandit", "squawk", "zizmor"):
            (self.tools / name).touch(mode=0o755)

    def write(self, files):
        for name, text in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(text)

    def clearance(self, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
        env |= {"PATH": f"{self.tools}:/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "clearance", *words]
        done = subprocess.run(command, cwd=self.path, env=env, capture_output=True, text=True, check=False, timeout=60)
        return done.stderr, done.stdout, done.returncode


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def checks(repository):
    return tomllib.loads((repository.path / "clearance.toml").read_text())["check"]


def test_in_a_repository_it_sees_what_git_would_take(repository):
    """Untracked files count, ignored ones do not, nor does an environment."""
    subprocess.run(["git", "init", "-q"], cwd=repository.path, check=True)
    repository.write(
        {".gitignore": "out/\n", "sums.py": MODULE, "out/other.py": "", "env/pyvenv.cfg": "", "env/a.py": ""}
    )
    assert "Python code: 1 file in sums.py" in repository.clearance("init")[0]


def test_a_repository_with_everything(repository):
    """Each kind of thing becomes a check of its own, and what was counted its reach; projects are told apart."""
    repository.write(EVERYTHING)
    said, printed, code = repository.clearance("init", "--dry-run")
    checks = tomllib.loads(printed)["check"]
    assert code == 0, said
    assert {name: check["reach"] for name, check in checks.items()} == {
        "unit": 2,
        "behaviour": 3,
        "unit-the-lambda": 1,
        "bandit": 5,
        "migrations": 2,
        "workflows": 2,
        "load": 1000,
    }
    assert checks["unit"]["run"][1:4] == ["tests", "--ignore=tests/bdd", "-q"]
    assert checks["unit"]["inputs"] == ["src/sums/**", *(f"{each}/**" for each in OTHERS), "pyproject.toml"]
    assert (checks["behaviour"]["run"][1], checks["behaviour"]["reader"]) == ("tests/bdd", "scenarios")
    assert checks["unit-the-lambda"]["env"] == {"PYTHONPATH": "the lambda"}
    assert checks["unit-the-lambda"]["config"] == ["the lambda/pytest.ini"]
    assert checks["migrations"]["inputs"] == ["db/migrations/*.sql", "old/migrations/more/*.sql"]
    assert "! Checkov    Terraform: 1 file in infra; not here" in said


def test_a_place_that_cannot_be_written(repository):
    """A policy that cannot be written is said, and is no traceback."""
    repository.write({"sums.py": MODULE})
    (repository.path / "clearance.toml").symlink_to("/nowhere/at/all")
    said, _, code = repository.clearance("init")
    assert (code, "clearance.toml cannot be written" in said) == (2, True)


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
    assert (code, load["slo"], load["stage"], load["cache"]) == (0, "load/slo.yaml", "live", False)
    assert "add one line to load/locustfile.py:  import clearance.load" in said
    assert "kind: SLO" in (repository.path / "load/slo.yaml").read_text()


def test_what_belongs_into_gitignore(repository):
    """What a run leaves in the tree is named, of setuptools too, unless git ignores it already."""
    files = {"pyproject.toml": PROJECT.replace("hatchling", "setuptools"), "uv.lock": LOCK, "test_sums.py": TEST}
    repository.write(files | {".gitignore": "/build/\n"})
    said, _, code = repository.clearance("init")
    assert (code, "put .clearance/ and *.egg-info/ into .gitignore" in said) == (0, True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\npython_files = spec_*.py\n"),
        ("pytest.ini", "\ufeff[pytest]\r\npython_files =\r\n  nothing.py\r\n  checks/*.py\r\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\npython_files = ['spec_*.py']\n"),
        ("pyproject.toml", "[tool.pytest]\npython_files = 'spec_*.py'\n"),
        ("tox.ini", "[tox]\n[pytest]\npython_files: spec_*.py\n"),
        ("setup.cfg", "[tool:pytest]\npython_files = spec_*.py\n"),
    ],
)
def test_tests_of_another_name(repository, file, text):
    """What the project's settings say is a test module is one, whichever file says it."""
    repository.write({"sums.py": MODULE, "checks/spec_sums.py": TEST, "checks/test_other.py": TEST, file: text})
    assert repository.clearance("init")[2] == 0
    unit = checks(repository)["unit"]
    assert (unit["config"], unit["reach"] >= 2) == ([file], True)
    assert ("checks/**" in unit["inputs"], unit["run"][1].startswith("checks")) == (True, True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "no section\n"),
        ("setup.cfg", "[tool:pytest]\n[broken"),
        ("pyproject.toml", "[tool.pytest"),
        ("pyproject.toml", "[tool]\npytest = 1\n"),
        ("pyproject.toml", "[tool.pytest]\nini_options = 1\n"),
        ("tox.ini", "[pytest]\npython_files = %(home)s\xff\n"),
    ],
)
def test_settings_that_cannot_be_read(repository, file, text):
    """Where a project's settings are no settings, its tests are those of the usual names."""
    repository.write({"sums.py": MODULE, "tests/test_sums.py": TEST})
    (repository.path / file).write_bytes(text.encode("latin-1"))
    assert (repository.clearance("init")[2], checks(repository)["unit"]["reach"]) == (0, 2)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "features/sums.feature",
            "Feature: Sums\n",
            "! features/sums.feature: scenarios that no pytest-bdd",
        ),
        ("sums/tests.py", TEST, "! sums/tests.py: tests, but pytest looks for no module of this name"),
        ("test_later.py", "import pytest\npytestmark = pytest.mark.skip\n" + TEST, "! test_later.py: no test in it"),
    ],
)
def test_what_looks_like_tests_and_is_not_asked_for(repository, file, text, said):
    """Behave's features, tests of another name, tests that may be skipped: init says that no check has them."""
    repository.write({"sums/__init__.py": MODULE, file: text})
    assert said in repository.clearance("init")[0]


def test_services_of_one_repository(repository):
    """Each folder with its own requirements is a project, tested apart, and again when the code beside it changes."""
    repository.write(
        {
            **{f"services/{name}/requirements.txt": "requests\n" for name in "ab"},
            **{f"services/{name}/app/__init__.py": MODULE for name in "ab"},
            **{f"services/{name}/tests/test_app.py": TEST for name in "ab"},
            **{f"services/{name}/tests/requirements.txt": "pytest\n" for name in "ab"},
            "libs/common.py": MODULE,
        }
    )
    assert repository.clearance("init")[2] == 0
    found = {name: check["env"]["PYTHONPATH"] for name, check in checks(repository).items() if "unit" in name}
    assert found == {"unit-services-a": "services/a", "unit-services-b": "services/b"}
    assert checks(repository)["unit-services-a"]["inputs"] == ["services/a/**", "libs/**/*.py", "services/**/*.py"]


def test_what_is_installed_is_an_input(repository):
    """Another lock is another environment: evidence from before it is not used again."""
    repository.write({"test_sums.py": TEST, "poetry.lock": "", "requirements-dev.txt": "", "docs/requirements.txt": ""})
    assert repository.clearance("init")[2] == 0
    assert checks(repository)["unit"]["inputs"] == ["test_sums.py", "poetry.lock", "requirements-dev.txt"]


def test_actions_of_the_repository_are_workflows_too(repository):
    """An action in .github is looked at as the workflows are, and evidence of its older state is not used again."""
    repository.write({".github/workflows/ci.yml": WORKFLOW, ".github/actions/make/action.yml": "name: make\n"})
    assert repository.clearance("init")[2] == 0
    found = checks(repository)["workflows"]
    assert (found["reach"], ".github/**/action.y*ml" in found["inputs"]) == (2, True)


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
        ("class TestA:\n  __test__ = False\n  def test_a(self): ...", 0),
        ("import pytest\n@pytest.mark.xfail\ndef test_a(): ...", 0),
        ("def test_a(:", 0),
        ("\0", 0),
    ],
)
def test_counting(source, found):
    """Tests that are sure to run are counted, by the names that pytest collects; nothing is run for it."""
    assert look(source.encode()).tests == found
