"""The plainest ways in which resources of other clouds than AWS make data reachable for the world; pure.

Attributes are those of the providers azurerm 4 and google 6 (under https://registry.terraform.io/providers/hashicorp).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address, summarize_address_range
from typing import Any

from clearance.runtask.attributes import Attributes, is_public, listed

_AZURE_FIREWALLS = (
    *("azurerm_mssql_firewall_rule", "azurerm_postgresql_firewall_rule", "azurerm_mysql_flexible_server_firewall_rule"),
    *("azurerm_postgresql_flexible_server_firewall_rule", "azurerm_mariadb_firewall_rule"),
    *("azurerm_redis_firewall_rule", "azurerm_synapse_firewall_rule"),
)
_GOOGLE_GRANTS = (
    *("google_storage_bucket_iam_member", "google_storage_bucket_iam_binding", "google_bigquery_dataset_iam_member"),
    *("google_bigquery_dataset_iam_binding", "google_bigquery_table_iam_member", "google_pubsub_topic_iam_member"),
    *("google_kms_crypto_key_iam_member", "google_secret_manager_secret_iam_member"),
)


def _azure_firewall(attributes: Attributes) -> Iterator[str]:
    """Azure takes 0.0.0.0 alone for all that runs in it, everybody's."""
    try:
        first, last = (ip_address(attributes[name]) for name in ("start_ip_address", "end_ip_address"))
        inside = not first.is_unspecified and not any(one.is_global for one in summarize_address_range(first, last))
    except (ValueError, TypeError):  # not known yet, or no addresses
        inside = False
    if not inside:
        yield "lets public addresses, or what is not known yet, in to a database"


def _anonymous(attributes: Attributes) -> Iterator[str]:
    if attributes["container_access_type"] in ("blob", "container"):
        yield "container_access_type lets everybody read"


def _google_database(attributes: Attributes) -> Iterator[str]:
    for settings in listed(attributes.after.get("settings")):
        for network in _inner(_inner([settings], "ip_configuration"), "authorized_networks"):
            if is_public("value", network.get("value")):
                yield "authorized_networks lets public addresses, or what is not known yet, in to a database"
                return


def _inner(blocks: Iterable[Any], name: str) -> list[dict[str, Any]]:
    found = (inner for block in blocks if isinstance(block, dict) for inner in listed(block.get(name)))
    return [inner for inner in found if isinstance(inner, dict)]


def _google_members(attributes: Attributes) -> Iterator[str]:
    named = [*listed(attributes.after.get("member")), *listed(attributes.after.get("members"))]
    if any(one in ("allUsers", "allAuthenticatedUsers") for one in named):
        yield "grants something to everybody"


RULES: Mapping[str, tuple[Callable[[Attributes], Iterator[str]], ...]] = {
    **dict.fromkeys(_AZURE_FIREWALLS, (_azure_firewall,)),
    "azurerm_storage_container": (_anonymous,),
    "google_sql_database_instance": (_google_database,),
    **dict.fromkeys(_GOOGLE_GRANTS, (_google_members,)),
}
