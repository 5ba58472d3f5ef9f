"""A run's own plan judged as the policy's checks of stage plan: what only a plan shows, and what Checkov finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clearance import __version__
from clearance.judge import judge
from clearance.model import (
    ClearanceError,
    Evidence,
    Exhibit,
    Inputs,
    Policy,
    PolicyError,
    Reading,
    Requirement,
    Stage,
    Subject,
    Verdict,
)
from clearance.runtask import plan as plans
from clearance.runtask.nouns import Materials
from clearance.runtask.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The verdict on a plan, the plan's digest, and the checks of its stage that need a checkout."""

    verdict: Verdict
    digest: str
    elsewhere: tuple[str, ...]


def judge_plan(request: Request, materials: Materials) -> Planned:
    """Judge a run's plan. Raises ClearanceError where there is none, none that can be read, or no check to judge it as.

    The reach that the policy asks for is that of the whole root; a run must show that of its own plan: each resource
    that will be there, looked at by Checkov.
    """
    if materials.plan is None or materials.scan is None:
        raise ClearanceError("; ".join(materials.problems) or "the plan cannot be had")
    policy, held = materials.policy, materials.policy.runtask
    if held.plan is None or held.checkov is None:
        raise PolicyError(
            "the policy does not say as which checks a run's plan is judged", "[runtask] plan and checkov"
        )
    digest = plans.digest(materials.plan, materials.plan_key)
    seen = plans.read(materials.plan, held.stateful)
    subject = Subject(
        dirty=False,
        config_digest=materials.config_digest,
        plan_digest=digest,
        run_id=request.run_id,
        workspace=request.workspace_id,
    )
    pieces = {
        held.plan: _evidence(held.plan, seen.reading, subject, digest, materials),
        held.checkov: replace(materials.scan, check=held.checkov, inputs_digest=digest, subject=subject),
    }
    reaches = {held.plan: 0, held.checkov: seen.staying}
    verdict = judge(
        replace(policy, checks={}, requirements=tuple(_bounds(policy, reaches))),
        pieces,
        stage=Stage.PLAN,
        subject=subject,
        inputs={name: Inputs(digest=digest) for name in pieces},
        now=materials.now,
        version=__version__,
        exhibits=tuple(map(exhibit, pieces.values())),
    )
    named = {r.check for r in policy.requirements if r.stage is Stage.PLAN}
    return Planned(verdict=verdict, digest=digest, elsewhere=tuple(sorted(named - set(pieces))))


def exhibit(one: Evidence) -> Exhibit:
    """Name evidence that was made a moment ago and is kept nowhere: by what it was made from."""
    return Exhibit(
        check=one.check,
        digest="",
        inputs_digest=one.inputs_digest,
        tool=one.tool,
        reach=one.reach,
        unit=one.unit,
        reused=False,
        seconds=one.seconds,
    )


def _evidence(check: str, reading: Reading, subject: Subject, digest: str, materials: Materials) -> Evidence:
    return Evidence(
        check=check,
        subject=subject,
        inputs_digest=digest,
        started=materials.now,
        seconds=0.0,
        **{name: getattr(reading, name) for name in Reading.__slots__},
    )


def _bounds(policy: Policy, reaches: Mapping[str, int]) -> Iterable[Requirement]:
    """Give what stage plan asks of these checks, with the reach of this plan; what is about a repository falls away."""
    for one in policy.requirements:
        if one.stage is Stage.PLAN and one.check in reaches:
            yield replace(one, reach=reaches[one.check], covers_inputs=False, max_age=None, exclusive=False)
