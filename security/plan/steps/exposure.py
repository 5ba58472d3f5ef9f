"""What must be true of the ways to the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from pytest_bdd import then

from security.plan.document import UNKNOWN, Plan, Resource
from security.plan.steps.verdict import nobody

ROUTES = ("aws_route", "aws_route_table", "aws_default_route_table")
GATEWAYS = ("aws_internet_gateway.", "data.aws_internet_gateway.", "aws_egress_only_internet_gateway.")
_ADDRESSES = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_id", "prefix_list_ids")
_WITH_PORTS = ("tcp", "udp", "6", "17")
_WITHOUT_PORTS = ("icmp", "icmpv6", "1", "58")


@then("none of them is publicly accessible")
def not_public(chosen: tuple[Resource, ...]) -> None:
    """Left out it is false; not known yet, it is not known to be false."""
    nobody(
        f"{each.address}: publicly_accessible must be false"
        for each in chosen
        if each.get("publicly_accessible") not in (False, None)
    )


@then("none of them opens a data port to public addresses")
def no_data_port(chosen: tuple[Resource, ...], datatable: list[list[str]]) -> None:
    ports = {int(port): of for port, of in datatable[1:]}
    nobody(line for each in chosen for rule in _rules(each) for line in _open(each, rule, ports))


@then("none of them hands out public addresses")
def no_public_addresses(chosen: tuple[Resource, ...]) -> None:
    for attribute in ("map_public_ip_on_launch", "assign_ipv6_address_on_creation"):
        nobody(f"{each.address}: {attribute} must be false" for each in chosen if each.get(attribute) is not False)


@then("no route leads to an internet gateway")
def no_route_out(plan: Plan) -> None:
    """Which gateway a route leads to is known only after the apply, so the configuration's own references tell."""
    nobody(
        f"{address}: it leads to an internet gateway"
        for address, referred in plan.references.items()
        if address.rpartition(".")[0].rpartition(".")[2] in ROUTES
        and any(reference.startswith(GATEWAYS) for reference in referred)
    )


def _rules(each: Resource) -> Iterator[Mapping[str, Any]]:
    """Yield what lets traffic in, with UNKNOWN where that is not known; a group's own list may be left to others."""
    if each.type in {"aws_security_group", "aws_default_security_group"}:
        inline = each.after.get("ingress")
        yield from inline if isinstance(inline, list) else []
        return
    rule = {name: each.get(name) for name in (*_ADDRESSES, "from_port", "to_port", "ip_protocol", "protocol", "type")}
    if rule["type"] in {None, "ingress"} or rule["type"] is UNKNOWN:
        yield rule


def _open(each: Resource, rule: Mapping[str, Any], ports: Mapping[int, str]) -> Iterator[str]:
    if not any(_is_public(address) for name in _ADDRESSES for address in _listed(rule.get(name))):
        return
    for port, of in ports.items():
        if _includes(rule, port):
            yield f"{each.address}: port {port} ({of}) is open to public addresses, or to what is not known yet"


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _is_public(address: Any) -> bool:
    """Whether it is no network of private addresses: what is unknown, hidden or a list of AWS's may be public."""
    try:
        return not ip_network(address, strict=False).is_private
    except (ValueError, TypeError):
        return True


def _includes(rule: Mapping[str, Any], port: int) -> bool:
    """Whether a rule lets a port in: by its range, and where protocol or range are open or not known, in any case."""
    protocol = rule.get("ip_protocol") or rule.get("protocol")
    first, last = rule.get("from_port"), rule.get("to_port")
    if protocol in _WITHOUT_PORTS:
        return False
    if protocol not in _WITH_PORTS or not isinstance(first, int) or not isinstance(last, int):
        return True
    return first <= port <= last
