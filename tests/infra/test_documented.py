"""Roots whose providers can't be had: what is held against the documentation, and that it is."""

import tomllib

import pytest

from infra.stage.documented import faults
from tests.infra.hcl_values import GITHUB, INFRA, TERRAFORM_CLOUD, blocks, parse_text

DOCUMENTED = tomllib.loads((INFRA / "documented.toml").read_text())
PROJECT = 'resource "tfe_project" "x" {\n  %s\n}\n'
RULESET = """
resource "github_repository_ruleset" "x" {
  name = "x"
  repository = "x"
  target = "branch"
  enforcement = "active"
  %s
}
"""


@pytest.mark.parametrize("root", [TERRAFORM_CLOUD, GITHUB], ids=lambda root: root.name)
def test_our_roots_are_as_documented(root):
    """No file has a fault, and each type of a provider that can't be had is documented."""
    found = [fault for path in sorted(root.glob("*.tf")) for fault in faults(path.read_text(), DOCUMENTED, parse_text)]
    assert [] == found
    ours = {label.split(".")[0] for _, label, _ in blocks("resource", root) if not label.startswith("aws_")}
    assert set() == ours - DOCUMENTED["resource"].keys()


@pytest.mark.parametrize("entry", [*DOCUMENTED["resource"].values(), *DOCUMENTED["provider"].values()])
def test_each_entry_says_where_it_is_from(entry):
    """The documentation is named, at the registry."""
    assert entry["source"].startswith("https://registry.terraform.io/providers/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROJECT % 'name = "x"', []),
        (PROJECT % 'name = "x"\n  count = 1\n  lifecycle {\n    prevent_destroy = true\n  }', []),
        (PROJECT % 'nome = "x"', ["there is no argument nome", "the argument name is missing"]),
        ('resource "tfe_team" "x" {\n  name = "x"\n}\n', ["infra/documented.toml has no tfe_team"]),
        ('resource "aws_anything" "x" {\n  nome = "x"\n}\n', []),
        ('provider "tfe" {\n  organisation = "x"\n}\n', ["there is no argument organisation"]),
        ('provider "aws" {\n  organisation = "x"\n}\n', []),
        (RULESET % "conditions {\n ref_name {\n include = []\n }\n }", ["the argument exclude is missing"]),
        (RULESET % "rules {\n deletions = true\n }", ["there is no argument deletions"]),
        (RULESET % "rule {\n deletion = true\n }", ["there is no argument rule"]),
        (
            RULESET
            % 'rules {\n dynamic "merge_cue" {\n for_each = []\n content {\n merge_method = "MERGE"\n }\n }\n }',
            ["there is no block merge_cue"],
        ),
        (
            RULESET
            % 'rules {\n dynamic "merge_queue" {\n for_each = []\n content {\n merge_methods = "MERGE"\n }\n }\n }',
            ["there is no argument merge_methods"],
        ),
    ],
)
def test_arguments_are_held_against_the_documentation(text, expected):
    """What is misspelt, missing, or in a block of another name is told, and what another check looks at is not."""
    assert expected == [fault.message.rpartition(": ")[2] for fault in faults(text, DOCUMENTED, parse_text)]


def test_what_is_no_hcl_is_a_fault():
    """A file that the parser refuses is one fault, in the parser's words."""

    def refuse(_):
        raise ValueError("in line 2")

    [fault] = faults("resource {", DOCUMENTED, refuse)
    assert ("syntax", "the HCL parser refuses it: in line 2") == (fault.rule, fault.message)
