"""A planned resource's attributes, as far as they are known; and which addresses may hold strangers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

LISTS = ("prefix_list_id", "prefix_list_ids")


class Unknown:
    """Stands for what is decided only while the plan is applied."""


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Attributes:
    """A resource's attributes after the apply, and the same shape with `true` for whatever is not known yet."""

    after: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """UNKNOWN where it, or a part of it, is; None where there is none."""
        return UNKNOWN if _has_true(self.unknown.get(name)) else self.after.get(name)


def is_public(name: str, address: Any) -> bool:
    """Whether it may hold strangers: a network that is not for private or shared use, a list of AWS's, or unknown."""
    if name in LISTS:
        return True
    try:
        return ip_network(address, strict=False).is_global
    except (ValueError, TypeError):
        return True


def listed(value: Any) -> list[Any]:
    """Return a list of what may be one, or nothing, or the only member of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _has_true(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(map(_has_true, mark.values()))
    if isinstance(mark, list):
        return any(map(_has_true, mark))
    return mark is True
