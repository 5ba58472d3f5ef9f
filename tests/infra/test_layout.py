"""The manner of the Terraform code, which `validate` does not ask for."""

import re

import pytest

from tests.infra.hcl_values import GATE, INFRA, ROOT, ROOTS, blocks, parse

FOLDERS = [folder for root in ROOTS for folder in (root, *sorted(root.glob("modules/*")))]
NAMES = [folder.relative_to(INFRA).as_posix() for folder in FOLDERS]
# Computed by the provider; any other data source would ask AWS while planning.
LOCAL_DATA = {"aws_iam_policy_document", "aws_partition"}
# What holds data or opens it.
KEPT = {
    ROOT: {"aws_db_instance", "aws_kms_key", "aws_secretsmanager_secret"},
    GATE: {"aws_dynamodb_table", "aws_kms_key", "aws_s3_bucket", "aws_secretsmanager_secret"},
}


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_variables_say_what_they_are(folder):
    """Every variable has a type and a description of a sentence, and they stand in alphabetical order."""
    variables = parse(folder / "variables.tf")["variable"]
    bodies = {name: body for block in variables for name, body in block.items()}
    assert sorted(bodies) == list(bodies)
    assert [] == [name for name, body in bodies.items() if "type" not in body or not _sentence(body)]


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_outputs_say_what_they_are(folder):
    """Every output has a description of a sentence, and they stand in alphabetical order."""
    bodies = {name: body for block in parse(folder / "outputs.tf")["output"] for name, body in block.items()}
    assert sorted(bodies) == list(bodies)
    assert [] == [name for name, body in bodies.items() if not _sentence(body)]


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_every_variable_is_used(folder):
    """No variable is declared that nobody reads."""
    text = "\n".join(path.read_text() for path in folder.glob("*.tf") if path.name != "variables.tf")
    names = [name for block in parse(folder / "variables.tf")["variable"] for name in block]
    assert [] == [name for name in names if not re.search(rf"\bvar\.{name}\b", text)]


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_versions_are_the_same_everywhere(folder):
    """Roots and modules ask for the same Terraform, and for the same version of each provider that they use."""
    wanted = {
        name: provider
        for root in ROOTS
        for name, provider in parse(root / "terraform.tf")["terraform"][0]["required_providers"][0].items()
    }
    [here] = parse(folder / "terraform.tf")["terraform"]
    assert "~> 1.11" == here["required_version"]
    assert [] == [name for name, provider in here["required_providers"][0].items() if wanted[name] != provider]


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_no_data_source_asks_aws(root):
    """A root can be planned without an account."""
    assert set() == {label.split(".")[0] for _, label, _ in blocks("data", root)} - LOCAL_DATA


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_variables_of_a_root_are_validated(root):
    """Whatever a workspace can set is checked."""
    unchecked = [
        name for path, name, body in blocks("variable", root) if path.parent == root and "validation" not in body
    ]
    assert [] == unchecked


@pytest.mark.parametrize("root", KEPT, ids=lambda root: root.name)
def test_what_is_kept_cannot_be_destroyed(root):
    """Terraform itself refuses to destroy what holds data or opens it, whatever the plan says."""
    kept = {label: body for _, label, body in blocks("resource", root) if label.split(".")[0] in KEPT[root]}
    assert KEPT[root] == {label.split(".")[0] for label in kept}
    assert [] == [label for label, body in kept.items() if body.get("lifecycle") != [{"prevent_destroy": True}]]


def test_the_overrides_stay_out_of_the_roots():
    """Nothing in a root would silently replace the cloud block or the provider; both overrides are the same."""
    overrides = [INFRA / "offline" / "offline_override.tf", INFRA / "offline-gate" / "offline_override.tf"]
    assert sorted(overrides) == sorted(INFRA.rglob("*override.tf"))
    assert 1 == len({path.read_text() for path in overrides})


def test_nothing_is_silenced_in_the_code():
    """A finding is waived in the policy, where it has an owner and an end, or fixed."""
    marks = re.compile(r"checkov:skip|tfsec:ignore|trivy:ignore|tflint-ignore")
    assert [] == [path for path in INFRA.rglob("*.tf*") if path.is_file() and marks.search(path.read_text())]


def _sentence(body: dict[str, object]) -> bool:
    return bool(re.fullmatch(r"[A-Z`].{8,}\.", str(body.get("description", ""))))
