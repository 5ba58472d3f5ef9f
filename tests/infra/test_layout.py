"""The manner of the Terraform code, which `validate` does not ask for."""

import re

import pytest

from tests.infra.hcl_values import INFRA, ROOT, blocks, parse

FOLDERS = [ROOT, *sorted((ROOT / "modules").iterdir())]
# Computed by the provider; any other data source would ask AWS while planning.
LOCAL_DATA = {"aws_iam_policy_document", "aws_partition"}
# What holds data or opens it.
KEPT = {"aws_db_instance", "aws_kms_key", "aws_secretsmanager_secret"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_variables_say_what_they_are(folder):
    """Every variable has a type and a description of a sentence, and they stand in alphabetical order."""
    variables = parse(folder / "variables.tf")["variable"]
    bodies = {name: body for block in variables for name, body in block.items()}
    assert sorted(bodies) == list(bodies)
    assert [] == [name for name, body in bodies.items() if "type" not in body or not _sentence(body)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_outputs_say_what_they_are(folder):
    """Every output has a description of a sentence, and they stand in alphabetical order."""
    bodies = {name: body for block in parse(folder / "outputs.tf")["output"] for name, body in block.items()}
    assert sorted(bodies) == list(bodies)
    assert [] == [name for name, body in bodies.items() if not _sentence(body)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_variable_is_used(folder):
    """No variable is declared that nobody reads."""
    text = "\n".join(path.read_text() for path in folder.glob("*.tf") if path.name != "variables.tf")
    names = [name for block in parse(folder / "variables.tf")["variable"] for name in block]
    assert [] == [name for name in names if not re.search(rf"\bvar\.{name}\b", text)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_versions_are_the_same_everywhere(folder):
    """Root and modules ask for the same Terraform and the same provider."""
    [root], [here] = parse(ROOT / "terraform.tf")["terraform"], parse(folder / "terraform.tf")["terraform"]
    assert root["required_version"] == here["required_version"]
    assert root["required_providers"] == here["required_providers"]


def test_no_data_source_asks_aws():
    """The root can be planned without an account."""
    used = {label.split(".")[0] for _, label, _ in blocks("data")}
    assert LOCAL_DATA == used


def test_variables_of_the_root_are_validated():
    """Whatever a workspace can set is checked."""
    unchecked = [name for path, name, body in blocks("variable") if path.parent == ROOT and "validation" not in body]
    assert [] == unchecked


def test_what_is_kept_cannot_be_destroyed(resources):
    """Terraform itself refuses to destroy databases, keys and secrets, whatever the plan says."""
    kept = {name: body for name, body in resources.items() if name.split(":")[1].split(".")[0] in KEPT}
    assert KEPT == {name.split(":")[1].split(".")[0] for name in kept}
    assert [] == [name for name, body in kept.items() if body.get("lifecycle") != [{"prevent_destroy": True}]]


def test_the_override_stays_out_of_the_root():
    """Nothing in the root would silently replace the cloud block or the provider."""
    assert [] == list(ROOT.rglob("*override.tf"))
    assert [INFRA / "offline" / "offline_override.tf"] == list(INFRA.rglob("*override.tf"))


def test_nothing_is_silenced_in_the_code():
    """A finding is waived in the policy, where it has an owner and an end, or fixed."""
    marks = re.compile(r"checkov:skip|tfsec:ignore|trivy:ignore|tflint-ignore")
    assert [] == [path for path in INFRA.rglob("*.tf*") if path.is_file() and marks.search(path.read_text())]


def _sentence(body: dict[str, object]) -> bool:
    return bool(re.fullmatch(r"[A-Z`].{8,}\.", str(body.get("description", ""))))
