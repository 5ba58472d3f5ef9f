"""Whether a check is truly required on a branch, by rulesets or by classic protection, and of the right app.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/branches/branch-protection. Who may pass
by a rule all the same, neither tells whoever may only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clearance.github.client import Client, GitHubError

ACTIONS = 15368  # GitHub Actions itself, as an app: https://api.github.com/apps/github-actions
_UNSEEN, _ABSENT = 403, 404
_UNPROTECTED = "Branch not protected"  # whoever may not look is told "Not Found", with the same status
_CLASSIC = "classic protection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One required check: by which rule, of which app (None: of anyone), on a head that must be up to date or not."""

    source: str
    context: str
    app: int | None
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What a branch demands; `unseen` is what this token could not see, `reviews` that a code owner must approve.

    `queue` says that changes merge by a queue, in which what is judged is what merges; `exempt` that classic protection
    does not hold administrators.
    """

    demands: tuple[Demand, ...]
    unseen: tuple[str, ...] = ()
    reviews: bool = False
    queue: bool = False
    exempt: bool = False


def look(client: Client, branch: str) -> Protection:
    """Read both kinds of protection. Raises GitHubError where there is no answer."""
    rules = [rule for rule in client.pages(f"/rules/branches/{quote(branch, safe='')}") if isinstance(rule, dict)]
    demands = [demand for rule in rules for demand in _of_ruleset(rule)]
    reviews = any(_parameters(rule).get("require_code_owner_review") is True for rule in rules)
    unseen, exempt = [], False
    try:
        classic = client.get(f"/branches/{quote(branch, safe='')}/protection")
    except GitHubError as error:
        if error.status not in {_UNSEEN, _ABSENT}:
            raise
        if _UNPROTECTED not in str(error):
            unseen.append("classic branch protection (it needs Administration: read)")
    else:
        demands += _of_protection(classic)
        exempt = classic.get("enforce_admins", {}).get("enabled") is False
        asked = classic.get("required_pull_request_reviews") if isinstance(classic, dict) else None
        reviews |= isinstance(asked, dict) and asked.get("require_code_owner_reviews") is True
    queue = any(rule.get("type") == "merge_queue" for rule in rules)
    return Protection(demands=tuple(demands), unseen=tuple(unseen), reviews=reviews, queue=queue, exempt=exempt)


def doubts(protection: Protection, name: str, app: int = ACTIONS) -> tuple[str, ...]:
    """Say what lets a change merge without this check; nothing where it is required and of this app."""
    mine = [one for one in protection.demands if one.context == name]
    if not mine:
        others = ", ".join(sorted({one.context for one in protection.demands})) or "no check at all"
        return (f"{name} is not required; required is {others}",)
    pinned = [one for one in mine if one.app == app]
    if not pinned:
        whose = ", ".join(f"app {one.app}" if one.app is not None else f"any app ({one.source})" for one in mine)
        return (f"{name} is required of {whose}: anyone with write access could say it passed; pin it to app {app}",)
    return ()


def remarks(protection: Protection, name: str) -> tuple[str, ...]:
    """Say what is weaker than it could be, and what was not seen."""
    mine = [one for one in protection.demands if one.context == name]
    current = protection.queue or any(one.strict for one in mine)
    said = [f"not seen: {what}" for what in protection.unseen]
    if protection.exempt and mine and all(one.source == _CLASSIC for one in mine):
        said.append("administrators may merge without it: classic protection does not include them")
    said += [] if current else ["a change need not be up to date: what merges may be other than what was judged"]
    said += [] if protection.reviews else ["no code owner need approve, not even of clearance.toml"]
    return tuple(said)


def _parameters(rule: dict[str, Any]) -> dict[str, Any]:
    found = rule.get("parameters")
    return found if isinstance(found, dict) else {}


def _of_ruleset(rule: dict[str, Any]) -> Iterator[Demand]:
    if rule.get("type") != "required_status_checks":
        return
    parameters = _parameters(rule)
    for one in parameters.get("required_status_checks") or ():
        yield Demand(
            source=f"ruleset {rule.get('ruleset_id')} of {rule.get('ruleset_source')}",
            context=str(one.get("context")),
            app=_app(one.get("integration_id")),
            strict=parameters.get("strict_required_status_checks_policy") is True,
        )


def _of_protection(classic: Any) -> Iterator[Demand]:
    asked = classic.get("required_status_checks") if isinstance(classic, dict) else None
    if not isinstance(asked, dict):
        return
    checks = asked.get("checks") or [{"context": context} for context in asked.get("contexts") or ()]
    for one in checks:
        yield Demand(
            source=_CLASSIC,
            context=str(one.get("context")),
            app=_app(one.get("app_id")),
            strict=asked.get("strict") is True,
        )


def _app(number: Any) -> int | None:
    """An app's number; GitHub writes -1 for "any"."""
    return number if isinstance(number, int) and number > 0 else None
