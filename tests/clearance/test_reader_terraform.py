"""The readers of Terraform's reports: what they see in real ones, and what they refuse to believe."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Severity, UnreadableError
from clearance.readers import junit, terraform_plan, terraform_validate

READINGS = Path(__file__).parents[1] / "readings" / "terraform"
SOURCES = Materials(files={"infra/service/main.tf": b"a = 1\nb = \n", "infra/README.md": b""})


def plan_of(name):
    return terraform_plan.read((READINGS / f"{name}.json").read_bytes(), Materials())


def changed(name, **members):
    """A real report with some members of it replaced, or taken out where they are None."""
    document = json.loads((READINGS / f"{name}.json").read_bytes()) | members
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("plan", []),
        ("plan-of-nothing", []),
        ("plan-destroyed-database", [("data-destroyed", Severity.CRITICAL)]),
        ("plan-replaced-database", [("data-replaced", Severity.CRITICAL)]),
        ("plan-forgotten-database", [("data-forgotten", Severity.HIGH)]),
        ("plan-destroy-run", [("data-destroyed", Severity.CRITICAL), ("destroy-run", Severity.CRITICAL)]),
        ("plan-condition", [("condition", Severity.MEDIUM)]),
    ],
)
def test_findings_of_a_plan(name, rules):
    """A database that would go is critical, however it would go, and a condition that fails is told."""
    assert rules == [(finding.rule, finding.severity) for finding in plan_of(name).findings]


@pytest.mark.parametrize(("name", "reach"), [("plan", 10), ("plan-of-nothing", 0), ("plan-destroyed-database", 2)])
def test_reach_of_a_plan(name, reach):
    """Reach counts managed resources, and a plan of nothing has none."""
    assert (reach, "resources") == (plan_of(name).reach, plan_of(name).unit)


@pytest.mark.parametrize(
    ("name", "words"), [("plan-errored", "met errors"), ("plan-targeted", "incomplete"), ("plan", None)]
)
def test_problems_of_a_plan(name, words):
    """A plan that is a part of one is a problem, whatever Terraform's exit code was."""
    problems = plan_of(name).problems
    assert not problems if words is None else any(words in problem for problem in problems)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"errored": None}, "does not say"),
        ({"errored": True}, "met errors"),
        ({"complete": False}, "incomplete"),
        ({"deferred_changes": [{"reason": "instance_count_unknown"}]}, "incomplete"),
        ({"resource_changes": []}, "does not say what happens to 10"),
        (
            {"resource_changes": [{"address": "a.b", "type": "a", "change": {"actions": ["explode"]}}]},
            "an action that nobody knows here: explode",
        ),
        ({"resource_changes": [{"address": "a.b", "type": "a", "change": {"actions": []}}]}, "nobody knows here: none"),
    ],
)
def test_a_doctored_plan_is_a_problem(members, words):
    """What was cut out of a plan, or is new in it, is missed rather than taken for harmless."""
    problems = terraform_plan.read(changed("plan", **members), Materials()).problems
    assert any(words in problem for problem in problems)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (changed("plan", format_version="2.0"), "format version '2.0'"),
        (changed("plan", format_version="9"), "format version '9'"),
        ((READINGS / "state.json").read_bytes(), "planned_values"),
        (b"", "empty"),
        (b'{"format_version":"1.2"', "JSON"),
        (changed("plan", planned_values={"root_module": {"child_modules": [7]}}), "modules are none"),
    ],
)
def test_no_plan_is_refused(report, words):
    """A state, another format and a torn file are refused by name."""
    with pytest.raises(UnreadableError, match=words):
        terraform_plan.read(report, Materials())


@pytest.mark.parametrize(
    ("kind", "actions", "rule", "severity"),
    [
        ("aws_s3_bucket", ["delete", "create"], "data-replaced", Severity.CRITICAL),
        ("aws_fsx_lustre_file_system", ["create", "delete"], "data-replaced", Severity.CRITICAL),
        ("aws_kms_key", ["delete"], "data-destroyed", Severity.CRITICAL),
        ("aws_secretsmanager_secret", ["create", "forget"], "data-forgotten", Severity.HIGH),
        ("aws_iam_role", ["delete"], "destroyed", Severity.INFO),
        ("aws_lambda_permission", ["delete", "create"], "replaced", Severity.INFO),
    ],
)
def test_what_is_lost(kind, actions, rule, severity):
    """What keeps data is told from what can be made anew."""
    whole = json.loads((READINGS / "plan.json").read_bytes())["resource_changes"]
    lost = {"address": f"{kind}.x", "type": kind, "mode": "managed", "change": {"actions": actions}}
    [finding] = terraform_plan.read(changed("plan", resource_changes=[*whole, lost]), Materials()).findings
    assert (rule, severity, f"{kind}.x") == (finding.rule, finding.severity, finding.resource)


def test_drift_is_told():
    """What was changed behind Terraform's back is a finding, and worse where data is gone."""
    drift = [
        {"address": "aws_db_instance.x", "type": "aws_db_instance", "change": {"actions": ["delete"]}},
        {"address": "aws_iam_role.x", "type": "aws_iam_role", "change": {"actions": ["update"]}},
    ]
    findings = terraform_plan.read(changed("plan", resource_drift=drift), Materials()).findings
    assert [("drift", Severity.HIGH), ("drift", Severity.MEDIUM)] == [(each.rule, each.severity) for each in findings]


@pytest.mark.parametrize("name", ["plan-secret", "plan-destroyed-database", "plan-replaced-database"])
def test_no_value_reaches_the_reading(name):
    """Values, marked sensitive or not, stay in the plan: neither findings nor problems show one."""
    assert "canary" in (READINGS / f"{name}.json").read_text()
    assert "canary" not in str(asdict(plan_of(name)))


@given(st.lists(st.sampled_from(["no-op", "create", "read", "update", "delete", "forget"]), min_size=1, max_size=3))
def test_a_deletion_is_never_silent(actions):
    """Whatever actions stand beside it, deleting what keeps data is a finding."""
    change = {"address": "aws_s3_bucket.x", "type": "aws_s3_bucket", "change": {"actions": actions}}
    reading = terraform_plan.read(changed("plan-of-nothing", resource_changes=[change]), Materials())
    told = {finding.rule for finding in reading.findings} & {"data-destroyed", "data-replaced"}
    assert ("delete" in actions) == bool(told)


@pytest.mark.parametrize(
    ("name", "findings", "problems"),
    [
        ("valid", {}, 0),
        ("empty-folder", {}, 0),
        ("broken", {"invalid": 1}, 0),
        ("invalid", {"invalid": 1}, 0),
        ("missing-module", {}, 1),
        ("no-provider", {}, 1),
    ],
)
def test_validations(name, findings, problems):
    """An error in the source is a finding; what is not installed is a problem."""
    reading = terraform_validate.read((READINGS / f"validate-{name}.json").read_bytes(), SOURCES)
    assert findings == Counter(finding.rule for finding in reading.findings)
    assert problems == len(reading.problems)


def test_an_empty_folder_has_no_reach():
    """Terraform calls it valid; without a source among the inputs that is about nothing."""
    report = (READINGS / "validate-empty-folder.json").read_bytes()
    assert 0 == terraform_validate.read(report, Materials()).reach
    assert 1 == terraform_validate.read(report, SOURCES).reach


@pytest.mark.parametrize(("valid", "errors"), [(False, 0), (True, 3), (True, 1)])
def test_a_validation_that_contradicts_itself_is_a_problem(valid, errors):
    """The word, the count and the list must say the same."""
    report = changed("validate-valid", valid=valid, error_count=errors)
    assert any("terraform calls the root" in each for each in terraform_validate.read(report, SOURCES).problems)


def test_a_validation_of_another_format_is_refused():
    """Of a format version 2 nothing is known."""
    with pytest.raises(UnreadableError, match=r"format version '2\.0'"):
        terraform_validate.read(changed("validate-valid", format_version="2.0"), SOURCES)


@pytest.mark.parametrize(("name", "reach", "failures"), [("none", 0, 0), ("failing", 2, 1)])
def test_terraforms_own_tests(name, reach, failures):
    """Terraform exits 0 where there is no test; the report has no reach."""
    reading = junit.read((READINGS / f"tests-{name}.xml").read_bytes(), Materials())
    assert (reach, failures) == (reading.reach, len(reading.findings))
