"""What must be true of resources that keep data."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_bdd import then

from security.plan.document import Resource
from security.plan.steps.verdict import nobody

Row = tuple[str, str]


@then("none of them is destroyed, replaced or forgotten")
def nothing_lost(chosen: tuple[Resource, ...]) -> None:
    nobody(f"{each.address}: {_loss(each)}" for each in chosen if _loss(each))


@then("each of them has the protection of its type")
def protected(chosen: tuple[Resource, ...], datatable: list[list[str]]) -> None:
    rows: dict[str, list[Row]] = {}
    for kind, attribute, wanted in datatable[1:]:
        rows.setdefault(kind, []).append((attribute, wanted))
    nobody(line for each in chosen for line in _unprotected(each, rows.get(each.type, [])))


def _loss(each: Resource) -> str:
    if "delete" in each.actions:
        return "replaced" if "create" in each.actions else "destroyed"
    return "forgotten" if "forget" in each.actions else ""


def _unprotected(each: Resource, rows: list[Row]) -> Iterator[str]:
    if not rows:
        yield f"{each.address}: the rule does not say how a {each.type} is protected; add a row for it"
    for attribute, wanted in rows:
        if not _meets(each.get(attribute), wanted):
            yield f"{each.address}: {attribute} must be {wanted}"


def _meets(value: object, wanted: str) -> bool:
    """Whether a value is what the table says: `true`, `false`, a word, or `at least` a number."""
    if wanted in {"true", "false"}:
        return value is (wanted == "true")
    if wanted.startswith("at least "):
        return isinstance(value, int | float) and value >= float(wanted.removeprefix("at least "))
    return value == wanted
