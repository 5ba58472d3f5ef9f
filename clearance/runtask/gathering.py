"""Fetches what a decision on one stage is made from; what can't be fetched is a problem among the materials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from clearance.model import ClearanceError
from clearance.runtask.nouns import Materials
from clearance.runtask.ports import Ports
from clearance.runtask.request import Request, RunStage
from clearance.runtask.trouble import TroubleError
from clearance.subject import configuration

_Thing = TypeVar("_Thing")
_WITH_PLAN = (RunStage.POST_PLAN, RunStage.PRE_APPLY)
_WITH_EVIDENCE = (RunStage.PRE_PLAN, RunStage.POST_PLAN, RunStage.PRE_APPLY)  # in between, for whose commit it is


def gather(request: Request, ports: Ports, *, waited: bool) -> Materials:
    """Return the materials of a request's stage. Raises ClearanceError where policy or trust can't be used."""
    problems: list[str] = []
    facts: dict[str, Any] = {
        "policy": ports.library.policy(),
        "trust": ports.library.trust(),
        "kept": ports.memory.kept(request.run_id),
        "hold": ports.memory.hold(request.workspace_id),
        "applied": ports.memory.applied(request.workspace_id),
        "plan_key": ports.plan_key,
        "fetch": ports.library.fetch,
        "overrides": ports.library.overrides,
        "waited": waited,
    }
    digest = facts["config_digest"] = config_digest(request, ports, problems)
    if digest is not None and request.stage in _WITH_EVIDENCE:
        facts["envelopes"] = _had(lambda: ports.library.envelopes(digest), problems) or ()
    if request.stage in _WITH_PLAN:
        plan = facts["plan"] = _had(lambda: ports.terraform.plan(request), problems)
        facts["scan"] = None if plan is None else ports.inspection.scan(plan)
    if request.stage is RunStage.POST_APPLY:
        facts["canary"] = ports.inspection.canary(request)
    return Materials(now=ports.clock.now(), problems=tuple(problems), **facts)


def config_digest(request: Request, ports: Ports, problems: list[str]) -> str | None:
    """Digest the run's configuration: what an earlier stage found, but before an apply what is there now."""
    kept = ports.memory.kept(request.run_id).config_digest
    if kept is not None and request.stage is not RunStage.PRE_APPLY:
        return kept
    return _had(lambda: _of_archive(request, ports), problems)


def _of_archive(request: Request, ports: Ports) -> str:
    with ports.terraform.configuration(request) as file:
        return configuration.of_archive(file)


def _had(fetch: Callable[[], _Thing], problems: list[str]) -> _Thing | None:
    try:
        return fetch()
    except (TroubleError, ClearanceError) as error:
        problems.append(str(error))
        return None
