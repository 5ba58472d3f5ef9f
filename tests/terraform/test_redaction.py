"""What is taken out of a plan before anything else sees it, and what must not be taken out of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.stage.redaction import REDACTED, redact

READINGS = Path(__file__).parents[1] / "readings" / "terraform"
STRUCTURE = ("address", "type", "name", "mode", "actions", "index", "provider_name")
secrets = st.text(st.characters(min_codepoint=48, max_codepoint=122), min_size=8, max_size=20).map("canary-{}".format)


def structure(node):
    """Everything that says what a plan does, in order."""
    if isinstance(node, dict):
        kept = [(key, node[key]) for key in STRUCTURE if key in node and "address" in node]
        return kept + [each for value in node.values() for each in structure(value)]
    return [each for value in node for each in structure(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("name", ["plan-secret", "plan"])
def test_a_real_plan_keeps_its_structure(name):
    """Addresses, types and actions are as they were, and no secret is left."""
    plan = json.loads((READINGS / f"{name}.json").read_bytes())
    redacted = redact(plan)
    assert structure(plan) == structure(redacted)
    assert [] == [word for word in ("canary", "271828") if word in json.dumps(redacted)]


def test_a_plan_without_secrets_is_as_it_was():
    """What nobody calls sensitive stays."""
    plan = json.loads((READINGS / "plan.json").read_bytes())
    assert plan == redact(plan)


@given(secret=secrets, before=secrets)
def test_no_marked_value_is_left(secret, before):
    """A marked value is gone from its place and from wherever else it stands, alone or within other text."""
    change = {
        "actions": ["update"],
        "before": {"list": [{"password": before}]},
        "before_sensitive": {"list": [{"password": True}]},
        "after": {"password": secret, "dsn": f"postgres://x:{secret}@db", "port": 5432},
        "after_sensitive": {"password": True},
    }
    configured = {"address": "a.b", "expressions": {"password": {"constant_value": secret}, "n": {"constant_value": 1}}}
    plan = {
        "resource_changes": [{"address": "a.b", "type": "a", "change": change}],
        "configuration": {"root_module": {"resources": [configured]}},
    }
    left = json.dumps(redact(plan))
    assert json.dumps(secret)[1:-1] not in left
    assert json.dumps(before)[1:-1] not in left
    assert "5432" in left


@pytest.mark.parametrize("word", ["delete", "aws_db_instance", "aws_db_instance.this", "managed"])
def test_calling_a_word_sensitive_hides_no_action(word):
    """Who calls `delete` or a type's name a secret does not hide that a database would be deleted."""
    plan = json.loads((READINGS / "plan-destroyed-database.json").read_bytes())
    plan["variables"] = {"x": {"value": word}}
    plan["configuration"]["root_module"]["variables"] = {"x": {"sensitive": True, "default": word}}
    redacted = redact(plan)
    assert structure(plan) == structure(redacted)
    assert {"value": REDACTED} == redacted["variables"]["x"]
