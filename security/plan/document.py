"""A plan's JSON as the rules see it: resources, what they will be, and what is not known of that before the apply."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class Unknown:
    """Stands for a value that is decided only when the plan is applied."""

    def __repr__(self) -> str:
        return "not known before the apply"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A managed resource: its address, its type, what happens to it, and its attributes afterwards."""

    address: str
    type: str
    actions: frozenset[str]
    after: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def get(self, attribute: str) -> Any:
        """Return an attribute's value; UNKNOWN where it, or a part of it, is; None where it has none."""
        if _is_unknown(self.unknown.get(attribute)):
            return UNKNOWN
        return self.after.get(attribute)

    def has(self, attribute: str) -> bool:
        """Whether the type has such an attribute at all."""
        return attribute in self.after or attribute in self.unknown

    @property
    def stays(self) -> bool:
        """Whether there is such a resource after the apply."""
        return not self.actions <= {"delete", "forget"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan: its resources, and for each address in the configuration what its expressions refer to."""

    resources: tuple[Resource, ...]
    references: Mapping[str, frozenset[str]]


def parse(text: bytes) -> Plan:
    """Read a plan. Raises ValueError for what is no plan of a known format, or a plan with errors."""
    document = json.loads(text)
    if not isinstance(document, dict) or str(document.get("format_version", "")).partition(".")[0] != "1":
        raise ValueError("this is no plan of format version 1: see what `terraform show -json` printed")
    if "planned_values" not in document or document.get("errored") is not False:
        raise ValueError("this is no whole plan: terraform met errors, or printed something else")
    changes = [each for each in document.get("resource_changes", []) if each["mode"] == "managed"]
    return Plan(
        resources=tuple(_resource(each) for each in changes),
        references=dict(_references(document.get("configuration", {}).get("root_module", {}), "")),
    )


def _resource(change: dict[str, Any]) -> Resource:
    return Resource(
        address=change["address"],
        type=change["type"],
        actions=frozenset(change["change"]["actions"]),
        after=change["change"].get("after") or {},
        unknown=change["change"].get("after_unknown") or {},
    )


def _is_unknown(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(map(_is_unknown, mark.values()))
    if isinstance(mark, list):
        return any(map(_is_unknown, mark))
    return mark is True


def _references(module: dict[str, Any], prefix: str) -> Iterator[tuple[str, frozenset[str]]]:
    for each in module.get("resources", []):
        yield prefix + each["address"], frozenset(_referred(each.get("expressions", {})))
    for name, call in module.get("module_calls", {}).items():
        yield f"{prefix}module.{name}", frozenset(_referred(call.get("expressions", {})))
        yield from _references(call.get("module", {}), f"{prefix}module.{name}.")


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("references", [])
        for each in node.values():
            yield from _referred(each)
    elif isinstance(node, list):
        for each in node:
            yield from _referred(each)
