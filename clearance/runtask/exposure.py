"""Which resources of a plan make data reachable for the world, by their own attributes; pure.

What is not known before the apply may be public: it counts, where the harmless value would have been written down.
Attributes are those of the AWS provider 5 (https://registry.terraform.io/providers/hashicorp/aws/latest/docs); those of
other clouds are in `exposure_elsewhere`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clearance.runtask import exposure_elsewhere
from clearance.runtask.attributes import LISTS, UNKNOWN, Attributes, is_public, listed

PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    2049: "NFS",
    3306: "MySQL",
    5432: "Postgres",
    5439: "Redshift",
    6379: "Redis",
    9042: "Cassandra",
    9092: "Kafka",
    9094: "Kafka",
    9096: "Kafka",
    9098: "Kafka",
    9200: "OpenSearch",
    11211: "Memcached",
    27017: "MongoDB",
}
_ADDRESSES = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
_WITH_PORTS = ("tcp", "udp", "6", "17")
_WITHOUT_PORTS = ("icmp", "icmpv6", "1", "58")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_EVERYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_POLICIES = ("policy", "access_policies", "resource_policy")
_WITH_POLICY = (
    *("aws_s3_bucket_policy", "aws_sqs_queue", "aws_sqs_queue_policy", "aws_sns_topic", "aws_sns_topic_policy"),
    *("aws_kms_key", "aws_kms_key_policy", "aws_secretsmanager_secret", "aws_secretsmanager_secret_policy"),
    *("aws_dynamodb_resource_policy", "aws_kinesis_resource_policy", "aws_ecr_repository_policy"),
    *("aws_efs_file_system_policy", "aws_backup_vault_policy", "aws_glacier_vault", "aws_opensearch_domain_policy"),
    *("aws_elasticsearch_domain_policy", "aws_glue_resource_policy"),
)
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def find(kind: str, attributes: Attributes) -> Iterator[str]:
    """Say in which ways a resource of this type is public; never with a value of it."""
    for rule in _RULES.get(kind) or exposure_elsewhere.RULES.get(kind, ()):
        yield from rule(attributes)


def _public_address(attributes: Attributes) -> Iterator[str]:
    if attributes["publicly_accessible"] not in (False, None):
        yield "publicly_accessible must be false: what it keeps would have a public address"


def _ingress_rule(attributes: Attributes) -> Iterator[str]:
    kind = attributes["type"]
    if kind is UNKNOWN or kind in (None, "ingress"):
        names = (*_ADDRESSES, *LISTS, "from_port", "to_port", "ip_protocol", "protocol")
        yield from _open({name: attributes[name] for name in names})


def _inline_rules(attributes: Attributes) -> Iterator[str]:
    """A group's own list may be unknown as a whole where other resources keep it, and those are looked at."""
    inline = attributes.after.get("ingress")
    marks = attributes.unknown.get("ingress")
    for number, rule in enumerate(inline if isinstance(inline, list) else []):
        mark = marks[number] if isinstance(marks, list) and number < len(marks) else {}
        seen = Attributes(rule if isinstance(rule, dict) else {}, mark if isinstance(mark, dict) else {})
        yield from _ingress_rule(seen)


def _open(rule: Mapping[str, Any]) -> Iterator[str]:
    named = [(name, each) for name in (*_ADDRESSES, *LISTS) for each in listed(rule.get(name))]
    if not any(is_public(name, address) for name, address in named):
        return
    open_to = [f"{port} ({of})" for port, of in PORTS.items() if _includes(rule, port)]
    if open_to:
        shown = f"{', '.join(open_to[:4])}{' and more' if len(open_to) > 4 else ''}"
        yield f"lets public addresses, or what is not known yet, in to data ports: {shown}"


def _includes(rule: Mapping[str, Any], port: int) -> bool:
    protocol = rule.get("ip_protocol") or rule.get("protocol")
    first, last = rule.get("from_port"), rule.get("to_port")
    if protocol in _WITHOUT_PORTS:
        return False
    if protocol in _WITH_PORTS and isinstance(first, int | float) and isinstance(last, int | float):
        return first <= port <= last
    return True  # all protocols, or what is not known yet


def _acl(attributes: Attributes) -> Iterator[str]:
    if attributes["acl"] in _PUBLIC_ACLS:
        yield "acl lets everybody read"
    grants = _texts(attributes.after.get("access_control_policy"))
    if any(group in grants for group in _EVERYBODY):
        yield "access_control_policy grants something to everybody"


def _access_block(attributes: Attributes) -> Iterator[str]:
    open_ones = [name for name in _BLOCKS if attributes[name] is not True]
    if open_ones:
        yield f"{', '.join(open_ones)} must be true: the bucket could be made public"


def _shared_snapshot(attributes: Attributes) -> Iterator[str]:
    if "all" in listed(attributes["shared_accounts"]):
        yield "shared_accounts lets every account restore the snapshot"


def _function_url(attributes: Attributes) -> Iterator[str]:
    if attributes["authorization_type"] != "AWS_IAM":
        yield "authorization_type must be AWS_IAM: everybody could call the function"


def _endpoint(attributes: Attributes) -> Iterator[str]:
    inside = _has_something(attributes["vpc_options"])
    if not inside:
        yield "vpc_options must be there: the domain would have a public endpoint"


def _policy(attributes: Attributes) -> Iterator[str]:
    """A policy that lets everybody in without a condition; one that is not known yet, as most are, is no such."""
    texts = (attributes.after.get(name) for name in _POLICIES)
    if any(_lets_everybody(statement) for text in texts for statement in _statements(text)):
        yield "a policy lets everybody in, without a condition"


def _statements(text: Any) -> list[Any]:
    try:
        said = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        said = None
    return listed(said.get("Statement")) if isinstance(said, dict) else []


def _lets_everybody(statement: Any) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal")
    named = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
    return "*" in named or "NotPrincipal" in statement


def _texts(value: Any) -> str:
    """Write whatever texts stand in a value, one a line: to look for a word among them."""
    if isinstance(value, dict):
        return "\n".join(map(_texts, value.values()))
    if isinstance(value, list):
        return "\n".join(map(_texts, value))
    return value if isinstance(value, str) else ""


def _has_something(value: Any) -> bool:
    return value is UNKNOWN or bool(value)


_RULES: Mapping[str, tuple[Callable[[Attributes], Iterator[str]], ...]] = {
    "aws_db_instance": (_public_address,),
    "aws_rds_cluster_instance": (_public_address,),
    "aws_docdb_cluster_instance": (_public_address,),
    "aws_neptune_cluster_instance": (_public_address,),
    "aws_redshift_cluster": (_public_address,),
    "aws_redshiftserverless_workgroup": (_public_address,),
    "aws_dms_replication_instance": (_public_address,),
    "aws_mq_broker": (_public_address,),
    "aws_vpc_security_group_ingress_rule": (_ingress_rule,),
    "aws_security_group_rule": (_ingress_rule,),
    "aws_security_group": (_inline_rules,),
    "aws_default_security_group": (_inline_rules,),
    "aws_s3_bucket": (_acl, _policy),
    "aws_s3_bucket_acl": (_acl,),
    "aws_s3_bucket_public_access_block": (_access_block,),
    "aws_s3_account_public_access_block": (_access_block,),
    "aws_db_snapshot": (_shared_snapshot,),
    "aws_db_snapshot_copy": (_shared_snapshot,),
    "aws_db_cluster_snapshot": (_shared_snapshot,),
    "aws_lambda_function_url": (_function_url,),
    "aws_opensearch_domain": (_endpoint, _policy),
    "aws_elasticsearch_domain": (_endpoint, _policy),
    **dict.fromkeys(_WITH_POLICY, (_policy,)),
}
