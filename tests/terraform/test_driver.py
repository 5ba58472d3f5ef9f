"""The driver of Terraform, with the real one: what it leaves, what it refuses, and what nobody ever sees."""

import json
import shutil
import stat
import sys
from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import junit, sarif, terraform_plan, terraform_validate
from tests.terraform.driving import ROOTS, drive


@pytest.fixture
def root(tmp_path):
    """Copies a root that a test may change."""

    def copy(name):
        return Path(shutil.copytree(ROOTS / name, tmp_path / name))

    return copy


def test_check_leaves_three_reports(root, tmp_path):
    """Format, validity and tests of a root are each in a report, whatever they say."""
    driven = drive(tmp_path, root("failing"), "check")
    assert (0, ["format.sarif", "tests.xml", "validate.json"]) == (driven.code, driven.files)
    assert (2, 1) == _ran(junit.read(driven.read("tests.xml"), Materials()))
    assert () == terraform_validate.read(driven.read("validate.json"), Materials()).problems
    assert (2, 0) == _ran(sarif.read(driven.read("format.sarif"), Materials()))


def _ran(reading):
    return reading.reach, len(reading.findings)


def test_tests_in_several_files_are_all_in_the_report(root, tmp_path):
    """Shares run side by side, and their reports are joined without a loss."""
    failing = root("failing")
    for number in range(5):
        shutil.copy(failing / "tests" / "colour.tftest.hcl", failing / "tests" / f"again_{number}.tftest.hcl")
    driven = drive(tmp_path, failing, "check")
    assert (12, 6) == _ran(junit.read(driven.read("tests.xml"), Materials()))


def test_no_test_is_no_reach(root, tmp_path):
    """A root without tests has a report of none."""
    driven = drive(tmp_path, root("nothing"), "check")
    assert (0, 0) == _ran(junit.read(driven.read("tests.xml"), Materials()))


def test_a_root_that_does_not_parse_is_a_finding(root, tmp_path):
    """The error is in the validation, at its place in the repository; there are no tests."""
    broken = root("broken")
    driven = drive(tmp_path, broken, "check")
    reading = terraform_validate.read(driven.read("validate.json"), Materials(root=str(tmp_path)))
    assert [("invalid", "broken/main.tf", 2)] == [(each.rule, each.path, each.line) for each in reading.findings]
    assert "tests.xml" not in driven.files


def test_a_format_of_ones_own_is_a_finding(root, tmp_path):
    """What `terraform fmt` would change is named by its path."""
    failing = root("failing")
    (failing / "main.tf").write_text('resource "terraform_data" "x" {\n      input = "red"\n}\n')
    reading = sarif.read(drive(tmp_path, failing, "check").read("format.sarif"), Materials(root=str(tmp_path)))
    assert [("format", "failing/main.tf")] == [(each.rule, each.path) for each in reading.findings]


@pytest.mark.parametrize("step", ["check", "plan"])
def test_a_missing_module_leaves_no_report_to_believe(root, tmp_path, step):
    """Without its module a root cannot be looked at: Terraform's own words and the remedy are the last."""
    driven = drive(tmp_path, root("missing-module"), step)
    assert (1, []) == (driven.code, [file for file in driven.files if file != "format.sarif"])
    assert "Unreadable module directory" in driven.said
    assert "modules must be where the root says" in driven.said


def test_a_provider_that_is_nowhere_leaves_no_report_to_believe(root, tmp_path):
    """An empty mirror, and no registry: no report, and the variable that helps is named."""
    nothing = root("nothing")
    mirror = tmp_path / "mirror" / "registry.terraform.io" / "acme" / "nope"
    mirror.mkdir(parents=True)
    (nothing / "main.tf").write_text(
        'terraform {\n  required_providers {\n    nope = {\n      source = "acme/nope"\n    }\n  }\n}\n'
        'resource "nope_x" "y" {}\n'
    )
    driven = drive(tmp_path, nothing, "check", environ={"CLEARANCE_TERRAFORM_MIRROR": str(tmp_path / "mirror")})
    assert (1, ["format.sarif"]) == (driven.code, driven.files)
    assert "CLEARANCE_TERRAFORM_MIRROR" in driven.said


def test_without_terraform_there_is_no_report(root, tmp_path):
    """Neither on PATH nor in a wheel: no report, and what to install is said."""
    driven = drive(tmp_path, root("nothing"), "plan", environ={"PATH": str(tmp_path)}, flags=["-S"])
    assert (1, []) == (driven.code, driven.files)
    assert "install Terraform" in driven.said


def test_an_errored_plan_says_so(root, tmp_path):
    """The part of a plan that Terraform saves is left, with its problem, and never kept."""
    driven = drive(tmp_path, root("errored"), "plan")
    assert any("met errors" in each for each in terraform_plan.read(driven.read("plan.json"), Materials()).problems)
    assert [] == list(driven.kept.glob("*/plan.json"))


def test_a_sensitive_value_is_nowhere(root, tmp_path):
    """Secrets of variables, defaults, arguments and resources are in no report, no kept plan, no log and no tool."""
    show = (sys.executable, "-c", "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())", "{plan}")
    secret = root("secret")
    driven = [drive(tmp_path, secret, "plan"), drive(tmp_path, secret, "plan", *show), drive(tmp_path, secret, "check")]
    left = [path.read_text() for each in driven for path in (*each.reports.rglob("*"), *each.kept.rglob("*.json"))]
    told = "".join([each.said for each in driven] + left)
    assert "terraform_data.this" in told
    assert [] == [word for word in ("canary", "271828") if word in told]


def test_the_plan_is_for_its_owner_alone(root, tmp_path):
    """Folders are 0700 and files 0600, and nothing of Terraform's own plan file remains."""
    driven = drive(tmp_path, root("secret"), "plan")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (driven.kept, *driven.kept.rglob("*"))}
    assert {0o700, 0o600} == modes
    assert [] == list(tmp_path.rglob("plan.bin"))


def test_a_plan_is_made_once_for_the_same_files(root, tmp_path):
    """A second asker gets the same plan without Terraform planning again; a changed file is planned anew."""
    condition = root("condition")
    first, second = (drive(tmp_path, condition, "plan") for _ in range(2))
    assert ("terraform plan: exit code 0" in first.said, "is there already" in second.said) == (True, True)
    assert "terraform plan" not in second.said
    (condition / "main.tf").write_text('resource "terraform_data" "y" {}\n')
    third = drive(tmp_path, condition, "plan")
    assert ["terraform_data.y"] == [each["address"] for each in json.loads(third.read("plan.json"))["resource_changes"]]
    assert 1 == len(list(third.kept.glob("*/plan.json")))


def test_a_tool_is_given_the_plan(root, tmp_path):
    """The command after `--` gets the plan's path, and its exit code is the driver's."""
    look = "import json, sys; sys.exit(len(json.load(open(sys.argv[1]))['resource_changes']) + 40)"
    driven = drive(tmp_path, root("secret"), "plan", sys.executable, "-c", look, "{plan}")
    assert 42 == driven.code


def test_values_that_lie_about_are_not_used(root, tmp_path):
    """Values and variables of the person at the terminal reach no plan, nor does a state of theirs."""
    secret = root("secret")
    (secret / "terraform.tfvars").write_text("pin = 31415\n")
    (secret / "terraform.tfstate").write_text("no state at all")
    driven = drive(tmp_path, secret, "plan", environ={"TF_VAR_pin": "no number", "TF_CLI_ARGS_plan": "-nonsense"})
    assert 0 == driven.code
    assert 2 == len(json.loads(driven.read("plan.json"))["resource_changes"])
