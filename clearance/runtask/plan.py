"""What only a plan shows: data lost, a path to it that is public, what was changed outside; and the plan's own name.

Nothing that a plan says beyond addresses, types, actions and the names of attributes is passed on: it holds secrets in
clear, sensitive or not. Format: https://developer.hashicorp.com/terraform/internals/json-format, major version 1.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError, glob
from clearance.readers import terraform_plan
from clearance.readers.decoding import decode
from clearance.readers.identity import identified
from clearance.runtask import exposure
from clearance.runtask.attributes import Attributes

_EXPECTED = "a plan's JSON, as `terraform show -json` prints it"
_AGAIN = "plan again, with a Terraform 1.x"
_LONGEST = 200
_CONTEXT = b"clearance plan 2\n"
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="sorted")


class _Change(msgspec.Struct, frozen=True, gc=False):
    actions: list[str]
    after: Any = None
    after_unknown: Any = None


class _Resource(msgspec.Struct, frozen=True, gc=False):
    address: str
    type: str
    change: _Change
    mode: str = "managed"
    deposed: str = ""


class _Action(msgspec.Struct, frozen=True, gc=False):
    address: str
    type: str = "an unknown type"


class _Plan(msgspec.Struct, frozen=True, gc=False):
    resource_changes: list[_Resource] = []
    action_invocations: list[_Action] = []
    deferred_action_invocations: list[Any] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A plan as it is judged: the reading, and at how many addresses something will be there once it is applied."""

    reading: Reading
    staying: int


def digest(plan: bytes, key: bytes) -> str:
    """Name a plan: the HMAC-SHA256 of its canonical JSON, `hmac-sha256:` and 64 hexadecimal digits.

    Canonical is: sorted keys, no white space, UTF-8, numbers to their last digit. Without the key nobody can try out
    what a secret in the plan may have been. Raises UnreadableError for what is no JSON, or could be read in two ways,
    and ValueError for an empty key.
    """
    if not key:
        raise ValueError("the key of the plans' digests is empty")
    try:
        value = json.loads(
            plan, object_pairs_hook=_unambiguous, parse_constant=_refuse, parse_float=Decimal, parse_int=Decimal
        )
        canonical = _CANONICAL.encode(value)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableError("the plan is no JSON that can be read in one way only", _AGAIN) from error
    return f"hmac-sha256:{hmac.new(key, _CONTEXT + canonical, hashlib.sha256).hexdigest()}"


def read(plan: bytes, stateful: Sequence[str] = ()) -> Seen:
    """Read a plan: what the reader `terraform-plan` finds, `public-data` where the world could reach it, `action`.

    An action (Terraform 1.14) does something beside the resources, and nobody here knows what. A plan that does not say
    whether it has errors, as before Terraform 1.5, is none that has: Terraform Cloud asks only once planning succeeded.
    `stateful` are patterns of further types that keep data. Raises UnreadableError for what is no plan.
    """
    reading, whole = terraform_plan.read(plan, Materials()), decode(plan, _Plan, _EXPECTED)
    resources = [each for each in whole.resource_changes if each.mode == "managed"]
    kinds = {each.address: each.type for each in resources}
    found = [_rated(finding, kinds, stateful) for finding in reading.findings]
    found += [finding for each in resources if _stays(each) for finding in _exposed(each)]
    found += [_invoked(each) for each in whole.action_invocations]
    problems = [problem for problem in reading.problems if problem != terraform_plan.UNSAID]
    if whole.deferred_action_invocations:
        problems.append("the plan defers actions, so that it does not say all that it does; plan all of the root")
    staying = {each.address for each in resources if _stays(each)}
    findings = identified("terraform-plan", ((finding, "") for finding in found))
    return Seen(reading=replace(reading, findings=findings, problems=tuple(problems)), staying=len(staying))


def _stays(each: _Resource) -> bool:
    """Whether there will be such a resource; what an earlier apply left behind is only ever destroyed."""
    return not each.deposed and not set(each.change.actions) <= {"delete", "forget"}


def _rated(finding: Finding, kinds: Mapping[str, str], stateful: Sequence[str]) -> Finding:
    """Let the loss of what the policy says keeps data weigh as much as that of what is known to."""
    severity = {"destroyed": Severity.CRITICAL, "replaced": Severity.CRITICAL, "forgotten": Severity.HIGH}
    kind = kinds.get(finding.resource or "", "")
    if finding.rule not in severity or not any(glob(pattern).match(kind) for pattern in stateful):
        return finding
    message = finding.message.replace(" would be", ", which the policy says keeps data, would be", 1)
    return replace(finding, rule=f"data-{finding.rule}", severity=severity[finding.rule], message=message)


def _exposed(each: _Resource) -> Iterator[Finding]:
    after = each.change.after if isinstance(each.change.after, dict) else {}
    unknown = each.change.after_unknown if isinstance(each.change.after_unknown, dict) else {}
    for said in exposure.find(each.type, Attributes(after, unknown)):
        yield Finding(rule="public-data", message=said, severity=Severity.CRITICAL, resource=each.address)


def _invoked(each: _Action) -> Finding:
    message = f"an action of {each.type[:_LONGEST]} would be invoked"
    return Finding(rule="action", message=message, severity=Severity.MEDIUM, resource=each.address)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refuse(_: str) -> None:
    raise ValueError("no number of JSON")
