"""`clearance init` in repositories of many shapes: what it writes must hold, run, and say no more than is true."""

import json
import tomllib

import pytest

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


def test_a_tool_that_is_not_here(repository):
    """The check stands there as a comment that becomes a check with its #s gone; until then nothing passes."""
    said, code = begin(repository, {"main.tf": BUCKET})
    assert ("checkov stands there as a comment" in said, "pip install checkov" in said, code) == (True, True, 3)
    lines = (repository.path / "clearance.toml").read_text().split("take a # from each line below.\n")[1].splitlines()
    check = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))["check"]["checkov"]
    assert (check["run"][-1], check["inputs"], check["reach"]) == (".", ["**/*.tf", "**/*.tfvars"], 1)


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
