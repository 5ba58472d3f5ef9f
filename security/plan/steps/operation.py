"""What must be true so that people can run it."""

from __future__ import annotations

from pytest_bdd import parsers, then

from security.plan.document import Resource
from security.plan.steps.verdict import nobody


@then("each of them has the tags project, stage and managed-by")
def tagged(chosen: tuple[Resource, ...]) -> None:
    """Tags by the provider's default count: `tags_all` holds both."""
    nobody(
        f"{each.address}: it lacks the tag {tag}, or its tags are not known before the apply"
        for each in chosen
        for tag in ("project", "stage", "managed-by")
        if not (each.after.get("tags_all") or {}).get(tag)
    )


@then("each of them has an action, and its actions are enabled")
def acts(chosen: tuple[Resource, ...]) -> None:
    """Actions that are not known yet are there: the attribute is never computed, so something was written for it."""
    nobody(f"{each.address}: alarm_actions must name somebody" for each in chosen if not each.get("alarm_actions"))
    nobody(
        f"{each.address}: actions_enabled must be true" for each in chosen if each.get("actions_enabled") is not True
    )


@then(parsers.parse("each of them keeps its entries for {least:d} to {most:d} days"))
def kept(chosen: tuple[Resource, ...], least: int, most: int) -> None:
    """A retention of 0 is for ever."""
    nobody(
        f"{each.address}: retention_in_days must be {least} to {most}"
        for each in chosen
        if not _is_between(each.get("retention_in_days"), least, most)
    )


def _is_between(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and least <= value <= most
