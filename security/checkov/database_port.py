"""CKV_CLEARANCE_1: no database port is open to the world. Checkov's own checks know 22, 80 and 3389 alone.

Written in Python because a YAML check cannot ask whether a range of ports holds one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "Postgres",
    5439: "Redshift",
    6379: "Redis",
    9042: "Cassandra",
    9200: "OpenSearch",
    11211: "Memcached",
    27017: "MongoDB",
}
# The widest private network of IPv4 is a /8, so that what is wider holds strangers; likewise an IPv6 /16.
NARROW = {4: 8, 6: 16}
_TCP = {"tcp", "6"}
_ANY = {"-1", "all"}


class DatabasePort(BaseResourceCheck):
    """Judges the rules for incoming traffic, wherever Terraform lets one write them."""

    def __init__(self) -> None:
        super().__init__(
            name="Ensure no database port is open to the world",
            id="CKV_CLEARANCE_1",
            categories=[CheckCategories.NETWORKING],
            supported_resources=[
                "aws_default_security_group",
                "aws_security_group",
                "aws_security_group_rule",
                "aws_vpc_security_group_ingress_rule",
            ],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Fail on a rule that lets the world in to a database, or to ports that cannot be told."""
        return CheckResult.FAILED if any(map(_exposes, _rules(self.entity_type, conf))) else CheckResult.PASSED


def _rules(kind: str, conf: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the rules for incoming traffic in a resource."""
    if kind == "aws_security_group_rule":
        if _one(conf.get("type")) != "egress":
            yield conf
    elif kind == "aws_vpc_security_group_ingress_rule":
        yield conf
    else:
        yield from (rule for rule in _flat(conf.get("ingress")) if isinstance(rule, Mapping))


def _exposes(rule: Mapping[str, Any]) -> bool:
    sources = [rule.get(name) for name in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")]
    return any(map(_is_world, _flat(sources))) and _holds_database(rule)


def _holds_database(rule: Mapping[str, Any]) -> bool:
    protocol = str(_one(rule.get("protocol", rule.get("ip_protocol")))).lower()
    if protocol in _ANY:
        return True
    first, last = _port(rule.get("from_port")), _port(rule.get("to_port"))
    if first is None or last is None:
        return protocol not in {"icmp", "icmpv6", "1", "58"}
    known = protocol in _TCP or protocol.isalnum()
    return (protocol in _TCP or not known) and any(first <= port <= last for port in PORTS)


def _is_world(source: object) -> bool:
    try:
        network = ipaddress.ip_network(str(source), strict=False)
    except ValueError:
        return False  # a reference, such as the network's own range
    return network.prefixlen < NARROW[network.version] and not (network.prefixlen and network.is_private)


def _port(value: object) -> int | None:
    """Read a port; None where it is a reference that nobody could resolve."""
    try:
        return int(str(_one(value)))
    except ValueError:
        return None


def _one(value: object) -> object:
    """Take what Checkov wraps in lists."""
    return next(_flat(value), None)


def _flat(value: object) -> Iterator[Any]:
    if isinstance(value, list | tuple | set):
        for each in value:
            yield from _flat(each)
    elif value is not None:
        yield value


check = DatabasePort()
