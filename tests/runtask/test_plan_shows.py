"""What only a plan shows, in plans as Terraform prints them, and the name of a plan."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Severity, UnreadableError
from clearance.runtask import plan

READINGS = Path(__file__).parents[1] / "readings"
REAL = READINGS / "terraform"
KEY = b"the key of these plans"
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


def change(kind, after=None, unknown=None, actions=("create",), address=None, **more):
    return {
        "address": address or f"{kind}.this",
        "mode": "managed",
        "type": kind,
        "name": "this",
        "change": {"actions": list(actions), "before": None, "after": after or {}, "after_unknown": unknown or {}},
        **more,
    }


def document(*changes, **more):
    whole = {"format_version": "1.2", "planned_values": {"root_module": {}}, "errored": False}
    return json.dumps(whole | {"resource_changes": list(changes)} | more).encode()


def rules(reading):
    return sorted({finding.rule for finding in reading.findings})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plan", []),
        ("plan-destroy-run", ["data-destroyed", "destroy-run"]),
        ("plan-destroyed-database", ["data-destroyed"]),
        ("plan-replaced-database", ["data-replaced"]),
        ("plan-forgotten-database", ["data-forgotten"]),
        ("plan-condition", ["condition"]),
    ],
)
def test_real_plans_show_what_they_do(name, expected):
    """Plans that Terraform printed: what keeps data is lost in some of them."""
    assert set(expected) <= set(rules(plan.read((REAL / f"{name}.json").read_bytes()).reading))


def test_a_plan_of_every_way_to_open_a_database_shows_each():
    """The planted plan of our own Checkov checks: the same resources are found by both."""
    seen = plan.read((READINGS / "checkov/roots/bad.json").read_bytes()).reading
    assert {
        "aws_security_group.inline_postgres",
        "aws_security_group.second_of_two",
        "aws_security_group_rule.everything",
        "aws_security_group_rule.range",
        "aws_vpc_security_group_ingress_rule.four",
        "aws_vpc_security_group_ingress_rule.half",
        "aws_vpc_security_group_ingress_rule.six",
    } == {finding.resource for finding in seen.findings if finding.rule == "public-data"}


def test_the_nearest_harmless_things_are_left_alone():
    """The planted plan in which everything looks alike."""
    seen = plan.read((READINGS / "checkov/roots/good.json").read_bytes()).reading
    assert "public-data" not in rules(seen)


INGRESS = "aws_vpc_security_group_ingress_rule"
INSIDE = {"cidr_ipv4": "10.0.0.0/16", "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}
WORLD = INSIDE | {"cidr_ipv4": "0.0.0.0/0"}
AZURE = "azurerm_postgresql_flexible_server_firewall_rule"


def allow(principal, **more):
    """A policy of one statement, as AWS keeps it."""
    return json.dumps({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "*"} | more})


def google(network):
    return {"settings": [{"ip_configuration": [{"authorized_networks": [{"name": "n", "value": network}]}]}]}


@pytest.mark.parametrize(
    ("kind", "after", "unknown", "expected"),
    [
        ("aws_db_instance", {"publicly_accessible": True}, {}, True),
        ("aws_db_instance", {"publicly_accessible": False}, {}, False),
        ("aws_db_instance", {}, {"publicly_accessible": True}, True),
        ("aws_db_instance", {}, {}, False),
        (INGRESS, WORLD, {}, True),
        (INGRESS, INSIDE, {}, False),
        (INGRESS, INSIDE | {"cidr_ipv4": "100.64.0.0/10"}, {}, False),
        (INGRESS, INSIDE | {"cidr_ipv4": None, "cidr_ipv6": "fd00::/8"}, {}, False),
        (INGRESS, INSIDE | {"cidr_ipv4": None, "cidr_ipv6": "2000::/3"}, {}, True),
        (INGRESS, WORLD | {"from_port": 443, "to_port": 443}, {}, False),
        (INGRESS, WORLD | {"ip_protocol": "-1"}, {}, True),
        (INGRESS, WORLD | {"ip_protocol": "icmp"}, {}, False),
        (INGRESS, WORLD | {"from_port": None}, {"from_port": True}, True),
        (INGRESS, INSIDE | {"cidr_ipv4": None}, {"cidr_ipv4": True}, True),
        (INGRESS, INSIDE | {"cidr_ipv4": None, "prefix_list_id": "pl-1"}, {}, True),
        (INGRESS, INSIDE | {"cidr_ipv4": None, "referenced_security_group_id": "sg-1"}, {}, False),
        ("aws_security_group_rule", {"type": "egress", "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}, {}, False),
        ("aws_security_group", {"ingress": [{"cidr_blocks": ["::/0"], "protocol": "-1"}]}, {}, True),
        ("aws_security_group", {}, {"ingress": True}, False),
        ("aws_s3_bucket", {"acl": "public-read"}, {}, True),
        ("aws_s3_bucket", {"acl": None}, {"acl": True}, False),
        ("aws_s3_bucket_public_access_block", {"block_public_acls": True}, {}, True),
        ("aws_lambda_function_url", {"authorization_type": "NONE"}, {}, True),
        ("aws_lambda_function_url", {"authorization_type": "AWS_IAM"}, {}, False),
        ("aws_db_snapshot", {"shared_accounts": ["all"]}, {}, True),
        ("aws_opensearch_domain", {"vpc_options": []}, {}, True),
        ("aws_opensearch_domain", {"vpc_options": [{"subnet_ids": ["subnet-1"]}]}, {}, False),
        ("google_sql_database_instance", {"publicly_accessible": True}, {}, False),
        ("aws_s3_bucket_policy", {"policy": allow("*")}, {}, True),
        ("aws_s3_bucket_policy", {"policy": allow({"AWS": ["*"]})}, {}, True),
        ("aws_kms_key", {"policy": allow({"AWS": "arn:aws:iam::1:root"})}, {}, False),
        ("aws_sqs_queue_policy", {"policy": allow("*", Condition={"ArnEquals": {}})}, {}, False),
        ("aws_sns_topic_policy", {"policy": allow("*", Effect="Deny")}, {}, False),
        ("aws_ecr_repository_policy", {"policy": "no JSON"}, {}, False),
        ("aws_s3_bucket_policy", {}, {"policy": True}, False),
        (AZURE, {"start_ip_address": "0.0.0.0", "end_ip_address": "255.255.255.255"}, {}, True),
        (AZURE, {"start_ip_address": "0.0.0.0", "end_ip_address": "0.0.0.0"}, {}, True),
        (AZURE, {"start_ip_address": "10.0.0.1", "end_ip_address": "10.0.0.9"}, {}, False),
        (AZURE, {"start_ip_address": "10.0.0.1", "end_ip_address": "192.168.0.1"}, {}, True),
        (AZURE, {"start_ip_address": "10.0.0.1"}, {"end_ip_address": True}, True),
        ("azurerm_storage_container", {"container_access_type": "blob"}, {}, True),
        ("azurerm_storage_container", {"container_access_type": "private"}, {}, False),
        ("google_sql_database_instance", google("0.0.0.0/0"), {}, True),
        ("google_sql_database_instance", google("10.0.0.0/8"), {}, False),
        ("google_storage_bucket_iam_member", {"member": "allUsers"}, {}, True),
        ("google_storage_bucket_iam_binding", {"members": ["user:a@example.org"]}, {}, False),
    ],
)
def test_a_public_path_to_data_is_found(kind, after, unknown, expected):
    """Also where what is not known before the apply may be public."""
    seen = plan.read(document(change(kind, after, unknown))).reading
    assert ([("public-data", Severity.CRITICAL)] if expected else []) == [(f.rule, f.severity) for f in seen.findings]


def test_what_is_destroyed_is_no_path():
    """A public database that goes away is lost, and no longer public."""
    seen = plan.read(document(change("aws_db_instance", {"publicly_accessible": True}, actions=["delete"])))
    assert (["data-destroyed", "destroy-run"], 0) == (rules(seen.reading), seen.staying)


@pytest.mark.parametrize("kind", ["azurerm_mssql_database", "google_sql_database_instance", "kubernetes_secret_v1"])
def test_data_is_lost_elsewhere_too(kind):
    """The plainest types that keep data are known of other providers as well."""
    text = document(change(kind, actions=["delete", "create"]))
    assert ["data-replaced"] == rules(plan.read(text).reading)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["delete"], ("data-destroyed", Severity.CRITICAL)),
        (["create", "delete"], ("data-replaced", Severity.CRITICAL)),
        (["forget"], ("data-forgotten", Severity.HIGH)),
    ],
)
def test_the_policy_may_name_further_types_that_keep_data(actions, expected):
    """Whatever provider they are of; other types stay as they are."""
    text = document(change("snowflake_table", actions=actions), change("snowflake_role", actions=actions))
    before = rules(plan.read(text).reading)
    after = plan.read(text, ("snowflake_t*",)).reading
    loss = expected[0].removeprefix("data-")
    (found,) = (finding for finding in after.findings if finding.rule == expected[0])
    assert (True, *expected, "snowflake_table.this") == (
        loss in before and expected[0] not in before,
        found.rule,
        found.severity,
        found.resource,
    )
    assert "which the policy says keeps data" in found.message


def test_an_action_is_shown_since_nobody_knows_what_it_does():
    """Terraform 1.14 may invoke actions beside what it does to resources."""
    seen = plan.read(document(action_invocations=[{"address": "action.aws_x.this", "type": "aws_x"}])).reading
    assert [("action", "action.aws_x.this")] == [(f.rule, f.resource) for f in seen.findings]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (document(change("null_resource"), errored=True), 1),
        (document(change("null_resource"), complete=False), 1),
        (document(change("null_resource"), deferred_action_invocations=[{}]), 1),
        (document(change("null_resource", actions=["transmute"])), 1),
        (document(change("null_resource")).replace(b', "errored": false', b""), 0),
        (document(unheard_of={"a": 1}), 0),
    ],
)
def test_a_plan_that_is_not_whole_says_so(text, problems):
    """One from before Terraform 1.5 does not say whether it has errors, and a later format has keys unknown here."""
    assert problems == len(plan.read(text).reading.problems)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"format_version":"2.0","planned_values":{}}'])
def test_what_is_no_plan_of_this_format_is_refused(text):
    """Another major version is another format."""
    with pytest.raises(UnreadableError):
        plan.read(text)


def test_no_value_of_a_plan_is_passed_on():
    """A password in a resource that is public, destroyed or drifts stays where it is."""
    text = (REAL / "plan-secret.json").read_bytes()
    planted = document(
        change("aws_db_instance", {"username": "planted", "publicly_accessible": True}),
        change("aws_s3_bucket", {"acl": "public-read", "bucket": "planted"}),
        resource_drift=[change("aws_kms_key", {"policy": "planted"}, actions=["update"])],
    )
    said = f"{plan.read(text)} {plan.read(planted)} {plan.digest(planted, KEY)}"
    assert ("planted" in said, "drift" in said) == (False, True)


@given(documents)
def test_the_digest_is_of_what_a_plan_says_not_of_how_it_is_written(value):
    """Another order of keys, another white space and escapes are the same plan."""
    written = [
        json.dumps(value, **how).encode() for how in ({}, {"indent": 2, "sort_keys": True}, {"ensure_ascii": True})
    ]
    assert 1 == len({plan.digest(text, KEY) for text in written})


@given(documents, documents)
def test_different_plans_have_different_digests(one, other):
    """True is not 1, and the same plan has another digest under another key."""
    texts = [json.dumps(value, sort_keys=True).encode() for value in (one, other)]
    digests = [plan.digest(text, KEY) for text in texts]
    assert (texts[0] == texts[1]) == (digests[0] == digests[1])
    assert digests[0] != plan.digest(texts[0], KEY + b"!")


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e9999999999999999999}', b"[" * 100_000]
)
def test_what_could_be_read_in_two_ways_has_no_digest(text):
    """A key that stands twice, numbers that JSON does not have."""
    with pytest.raises(UnreadableError):
        plan.digest(text, KEY)


def test_numbers_count_to_their_last_digit():
    """Terraform's have more digits than a float, and a larger exponent."""
    texts = [b"[0.1]", b"[0.10000000000000000001]", b"[12345678901234567890123]", b"[12345678901234567890124]"]
    texts += [b"[1e999]", b"[1e998]", b"[1]", b"[true]", b'["1"]', b"[" + b"3" * 5000 + b"]"]
    assert len(texts) == len({plan.digest(text, KEY) for text in texts})


def test_without_a_key_there_is_no_digest():
    """Everybody could try out what a secret may have been."""
    with pytest.raises(ValueError, match="empty"):
        plan.digest(b"{}", b"")
