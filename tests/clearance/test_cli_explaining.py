"""`clearance explain`: complete for what was raised here, offline, in words that tell what to do."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from clearance.cli.explaining import explanations, find
from clearance.model import Check, Report
from clearance.policy import rule_list
from tests.clearance.corpus import ROOT, load, read

CORPUS = load()
OURS = {each.rule: each.source for each in explanations() if each.source}


def run(*words, cwd=ROOT):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))}
    return subprocess.run(
        [sys.executable, "-m", "clearance", "explain", *words],
        cwd=cwd,
        env=env | {"PYTHONPATH": str(ROOT), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("folder", sorted({case.folder for case in CORPUS.every()}))
def test_every_rule_that_a_kept_report_raises_is_explained(folder):
    """Whatever the tools found in the reports of tests/readings, somebody has written down why and what to do."""
    rules = {
        finding.rule
        for case in CORPUS.every()
        if case.folder == folder and case.reports
        for finding in read(case, check_of(case), {}).findings
    }

    assert sorted(rule for rule in rules if not find(rule)) == []


def check_of(case):
    return Check(name="it", run=("it",), reports=tuple(Report(file=f, reader=r) for f, r in case.reports.items()))


def test_every_rule_that_the_policy_names_is_explained():
    """A rule that clearance.toml rates or waives is one that was raised here."""
    policy = tomllib.loads((ROOT / "clearance.toml").read_text())
    rules = {*policy["severity"], *(waiver["rule"] for waiver in policy["waiver"] if "rule" in waiver)}

    assert sorted(rule for rule in rules if not find(rule)) == []


def test_every_rule_of_bandit_is_explained():
    """Each rule in the list of Bandit's accepted rules, which are all that it has, is explained."""
    listed = rule_list.loads("bandit.txt", (ROOT / "security/rules/bandit.txt").read_bytes()).rules

    assert len(listed) > 70
    assert sorted(rule for rule in listed if not find(rule)) == []


def test_every_rule_of_a_reader_is_explained():
    """Each rule that a reader's own code names is explained."""
    rules = {
        keyword.value.value
        for file in (ROOT / "clearance/readers").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding"
        for keyword in call.keywords
        if keyword.arg == "rule" and isinstance(keyword.value, ast.Constant)
    }

    assert {"destroy-run", "drift", "condition"} <= rules
    assert sorted(rule for rule in rules if not find(rule)) == []


def test_every_check_of_our_own_is_explained_beside_its_source():
    """Each check in security/checkov and each scenario in security/plan is explained, and names its file."""
    folders = [*(ROOT / "security/checkov").glob("[!_]*.*"), *(ROOT / "security/plan").glob("*.feature")]
    written = {
        rule: file.relative_to(ROOT).as_posix()
        for file in folders
        for rule in re.findall(r"\bid(?:=|: )\"(CKV\w+)\"|^  Scenario: (.*)$", file.read_text(), re.MULTILINE)
        for rule in rule
        if rule
    }

    assert written == OURS


@pytest.mark.parametrize("tool", sorted({one.tool for one in explanations()}))
def test_an_explanation_says_why_and_what_to_do(tool):
    """Whole sentences, and an address that opens a page."""
    for one in (one for one in explanations() if one.tool == tool):
        assert re.fullmatch(r"[A-Z`].{28,}[.]", one.why), one
        assert re.fullmatch(r"[A-Z`].{6,}[.]", one.remedy), one
        assert one.url == "" or re.fullmatch(r"https://[\w./#%-]+", one.url), one


def test_a_rule_is_explained_with_what_the_policy_makes_of_it():
    """Why, what to do, the policy's rating, and where more is to be read."""
    done = run("CKV_CLEARANCE_1")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "CKV_CLEARANCE_1 (checkov, a rule of our own: security/checkov/database_port.py)",
        "  why    A rule of a security group lets traffic from public addresses, or from a range wider than",
        "         any private network, reach the port of a database.",
        "  do     Let in the security group of whoever needs the database, or the network's own range, and",
        "         nothing wider.",
        "  here   rated critical by the policy",
    ]


def test_a_waived_rule_names_its_waivers():
    """Whoever asks for a rule sees who has accepted it where."""
    assert "  waived N818 in service/problems.py, for lint, until 2027-05-31 by platform\n" in run("N818").stdout


def test_a_name_that_two_tools_have_is_explained_for_both():
    """`warning` is a rule of JUnit's and of Terraform's."""
    assert re.findall(r"^warning \((.*)\)$", run("warning").stdout, re.MULTILINE) == ["junit", "terraform-validate"]


@pytest.mark.parametrize(
    "rule", ["b602", "zizmor/artipacked", " B602 ", "aws access key", "pysec-2026-1", "CVE-2026-1"]
)
def test_a_rule_is_found_however_it_is_written(rule):
    """Case, a tool's name before it and blanks around it do not matter; an advisory is found by its kind."""
    assert len(find(rule)) == 1


def test_it_needs_no_project(tmp_path):
    """Where there is no policy, the rule is explained all the same; one that is named and missing is an error."""
    assert run("B602", cwd=tmp_path).returncode == 0
    assert run("B602", "--policy", "no.toml", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("CKV_CLEARANCE_9", "did you mean CKV_CLEARANCE_2 or CKV_CLEARANCE_1 or CKV_CLEARANCE_0?"),
        ("dropcolumn", "did you mean ban-drop-column?"),
        ("nothing like it", "`clearance explain` lists those that are"),
        ("\x1b[2J", "`clearance explain` lists those that are"),
    ],
)
def test_an_unknown_rule_is_2_with_what_is_near(rule, hint):
    """A rule that nobody has explained is no success, and the nearest ones are named."""
    done = run(rule)

    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr
    assert "\x1b" not in done.stderr


def test_without_a_rule_it_lists_those_it_knows():
    """A line a rule, with its tool."""
    lines = run().stdout.splitlines()

    assert len(lines) == len(explanations())
    assert "CKV_AWS_16 (checkov)" in lines


def test_a_source_is_a_file():
    """What an explanation names as the source of a rule is there."""
    assert [source for source in OURS.values() if not Path(ROOT, source).is_file()] == []
