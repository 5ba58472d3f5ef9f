"""A plan as `terraform show -json` prints it, of Terraform 1.1 or newer: what it would destroy, whether it is whole.

Only addresses, types and actions are taken in, never a value: a plan holds secrets in clear, sensitive or not.
Format: https://developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from clearance.model import Finding, Materials, Measure, Reading, Severity, UnreadableError
from clearance.readers.decoding import decode
from clearance.readers.identity import identified
from clearance.readers.stateful_types import keeps_data

UNSAID = "the plan does not say whether it was made without errors; plan with Terraform 1.5 or newer"
_ACTIONS = frozenset({"no-op", "create", "read", "update", "delete", "forget"})
_DEEPEST = 64
_SHOWN = 20
_LONGEST = 300


class _Change(msgspec.Struct, frozen=True, gc=False):
    actions: list[str]


class _Resource(msgspec.Struct, frozen=True, gc=False):
    address: str
    type: str
    change: _Change
    mode: str = "managed"
    deposed: str = ""

    def does(self, *actions: str) -> bool:
        return set(self.change.actions) == set(actions)


class _Planned(msgspec.Struct, frozen=True, gc=False):
    address: str
    mode: str = "managed"


class _Module(msgspec.Struct, frozen=True, gc=False):
    resources: list[_Planned] = []
    child_modules: list[Any] = []


class _Values(msgspec.Struct, frozen=True, gc=False):
    root_module: _Module = _Module()


class _Checked(msgspec.Struct, frozen=True, gc=False):
    to_display: str = "a check"


class _Condition(msgspec.Struct, frozen=True, gc=False):
    status: str
    address: _Checked = _Checked()


class _Plan(msgspec.Struct, frozen=True, gc=False):
    format_version: str
    planned_values: _Values
    terraform_version: str = ""
    errored: bool | None = None
    complete: bool = True
    resource_changes: list[_Resource] = []
    resource_drift: list[_Resource] = []
    deferred_changes: list[Any] = []
    checks: list[_Condition] = []


class _Head(msgspec.Struct, frozen=True, gc=False):
    format_version: str


def read(report: bytes, _: Materials) -> Reading:
    """Read a plan. Reach is the number of managed resources that it decided about, changed or not, in resources.

    Findings, each with the resource's address: `data-destroyed` and `data-replaced` (critical) and `data-forgotten`
    (high) for types that keep data, `destroyed`, `replaced` and `forgotten` (info) for others, `destroy-run` (critical)
    where nothing else is planned, `drift` (medium; high where data is gone) and `condition` (medium) for a check of
    the configuration that fails. Measures: how many resources it would create, update, replace and destroy. Problems: a
    plan that errored, is incomplete or defers changes, an action that nobody knows, resources of which it does not say
    what happens. The plan's own time is no measure of its age: a plan of the same files may be kept. Raises
    `UnreadableError` for what is no plan, and for a format of another major version.
    """
    head = decode(report, _Head, "a plan's JSON, as `terraform show -json` prints it")
    if head.format_version.partition(".")[0] != "1":
        raise UnreadableError(
            f"The plan is of format version {head.format_version[:40]!r}, of which nothing is known.",
            "Use a Terraform 1.1 or newer of version 1, or a Clearance that knows this format.",
        )
    plan = decode(report, _Plan, "a plan's JSON, as `terraform show -json` prints it")
    changes = [each for each in plan.resource_changes if each.mode == "managed"]
    return Reading(
        reach=len({each.address for each in changes}),
        unit="resources",
        findings=identified("terraform-plan", ((finding, "") for finding in _findings(plan, changes))),
        measures=tuple(_measures(changes)),
        problems=tuple(_problems(plan)),
        tool=f"terraform {plan.terraform_version[:40]}".strip(),
    )


def _findings(plan: _Plan, changes: list[_Resource]) -> Iterator[Finding]:
    for each in changes:
        yield from _loss(each)
    if changes and all(each.does("delete") for each in changes):
        yield Finding(
            rule="destroy-run",
            message=f"the plan does nothing but destroy: {len(changes)} resources",
            severity=Severity.CRITICAL,
            resource="*",
        )
    for each in plan.resource_drift:
        gone = each.does("delete") and keeps_data(each.type)
        yield Finding(
            rule="drift",
            message=f"it was {'deleted' if each.does('delete') else 'changed'} outside of Terraform",
            severity=Severity.HIGH if gone else Severity.MEDIUM,
            resource=each.address,
        )
    for condition in plan.checks:
        if condition.status in {"fail", "error"}:
            yield Finding(
                rule="condition",
                message="a condition that the configuration states does not hold",
                severity=Severity.MEDIUM,
                resource=condition.address.to_display,
            )


def _loss(each: _Resource) -> Iterator[Finding]:
    """Yield the finding for a resource that will not be what it was."""
    actions = each.change.actions
    if "delete" in actions:
        word, severity = ("replaced" if "create" in actions else "destroyed"), Severity.CRITICAL
    elif "forget" in actions:
        word, severity = "forgotten", Severity.HIGH
    else:
        return
    data = keeps_data(each.type)
    leftover = f" (what an earlier apply left behind: {each.deposed})" if each.deposed else ""
    yield Finding(
        rule=f"data-{word}" if data else word,
        message=f"{each.type}{', which keeps data,' if data else ''} would be {word}{leftover}"[:_LONGEST],
        severity=severity if data else Severity.INFO,
        resource=each.address,
    )


def _measures(changes: list[_Resource]) -> Iterator[Measure]:
    kinds = {"create": ("create",), "update": ("update",), "replace": ("create", "delete"), "destroy": ("delete",)}
    for name, actions in kinds.items():
        number = float(sum(each.does(*actions) for each in changes))
        yield Measure(name=name, value=number, low=number, high=number, unit="resources")


def _problems(plan: _Plan) -> Iterator[str]:
    if plan.errored is None:
        yield UNSAID
    if plan.errored:
        yield "terraform met errors while it planned, so the plan is a part of one; mend the root and plan again"
    if not plan.complete or plan.deferred_changes:
        yield "the plan is incomplete (a target, or deferred changes): plan all of the root, without -target"
    everything = [*plan.resource_changes, *plan.resource_drift]
    odd = {action for each in everything for action in each.change.actions} - _ACTIONS
    if odd or any(not each.change.actions for each in everything):
        named = ", ".join(sorted(odd))[:_LONGEST] or "none"
        yield f"the plan names an action that nobody knows here: {named}; use a Clearance that knows it"
    decided = {each.address for each in plan.resource_changes}
    absent = [each for each in _planned(plan.planned_values.root_module) if each not in decided]
    if absent:
        shown = ", ".join(absent[:_SHOWN])[:_LONGEST]
        yield f"the plan does not say what happens to {len(absent)} of its resources ({shown}); plan again"


def _planned(module: _Module, depth: int = 0) -> Iterable[str]:
    yield from (each.address for each in module.resources if each.mode == "managed")
    if depth >= _DEEPEST:
        raise UnreadableError("The plan's modules are nested too deeply.", "Plan again, and look at its JSON.")
    try:
        children = msgspec.convert(module.child_modules, list[_Module])
    except msgspec.ValidationError as error:
        raise UnreadableError(f"The plan's modules are none: {error}.", "Plan again, and look at its JSON.") from error
    for child in children:
        yield from _planned(child, depth + 1)
