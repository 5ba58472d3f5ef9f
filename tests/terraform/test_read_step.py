"""The driver over roots whose providers can't be had: what it leaves, and that it says what it did not do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import sarif
from tests.terraform.driving import REPOSITORY


@pytest.fixture
def read(tmp_path):
    """Runs the step over a copy of a root that may be spoilt first; returns what is said, and the report's reading."""
    root = Path(shutil.copytree(REPOSITORY / "infra" / "github", tmp_path / "github"))

    def run(text=None):
        if text is not None:
            (root / "planted.tf").write_text(text)
        words = [sys.executable, "-m", "infra.stage", "read", f"--reports={tmp_path}", f"--root={root}"]
        done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        report = (tmp_path / "roots.sarif").read_bytes()
        return done.stderr, sarif.read(report, Materials(root=str(tmp_path)))

    return run


def test_it_says_that_nothing_was_validated(read):
    """A sound root has one finding: that it was not validated, tested or planned; a person is told so too."""
    said, reading = read()
    assert ["not-validated"] == [finding.rule for finding in reading.findings]
    assert "NOT validated, tested or planned" in said
    assert ((), 6) == (reading.problems, reading.reach)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('resource "github_actions_variable" "x" {\n', "syntax"),
        ('resource "github_actions_variable" "x" {\n  repository = "x"\n}\n', "argument"),
        ("locals {\n     here = 1\n}\n", "format"),
    ],
)
def test_what_is_wrong_is_a_finding(read, text, rule):
    """What does not parse, is not documented or not formatted is a finding in its file."""
    _, reading = read(text)
    assert (rule, "planted.tf") in {(finding.rule, Path(finding.path).name) for finding in reading.findings}
