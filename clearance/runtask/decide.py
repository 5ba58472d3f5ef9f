"""A request and its materials in, an answer out: may this run go on? Pure; `work` fetches, asks and calls back.

Each stage has its grounds: what was tested (`cleared`), what is planned (`planned`), what is live. All must pass, or
two people must have overridden the commit. What nobody can override: a plan that is not the one that was judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from clearance import __version__
from clearance.judge import judge
from clearance.model import (
    ClearanceError,
    Decision,
    Inputs,
    Override,
    Policy,
    Requirement,
    Stage,
    Subject,
    Verdict,
)
from clearance.render import outcomes, words
from clearance.render.outcomes import MESSAGE, Outcome, escaped, note
from clearance.runtask.cleared import Clearing, clear, commits, overridden
from clearance.runtask.nouns import Decided, Hold, Kept, Materials, Waiting
from clearance.runtask.planned import exhibit, judge_plan
from clearance.runtask.request import Request, RunStage

CANARY = "canary"
_REASON = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """One thing that must be so: what it is called, the answer, why, and the verdict where there was one.

    A `binding` ground is about what the run is, and no override changes that.
    """

    name: str
    decision: Decision
    said: str
    verdict: Verdict | None = None
    binding: bool = False
    digest: str | None = None


def decide(request: Request, materials: Materials) -> Decided | Waiting:
    """Decide one stage of one run; Waiting where evidence may still come. Raises ClearanceError for a fault of ours."""
    return _STAGES[request.stage](request, materials)


def _pre_plan(request: Request, materials: Materials) -> Decided | Waiting:
    clearing = clear(request, materials)
    if clearing.absent and request.speculative and overridden(clearing, materials) is None:
        return _advised(clearing)
    return _settled(request, materials, clearing, [_evidence(clearing), *_live_hold(request, materials)])


def _post_plan(request: Request, materials: Materials) -> Decided | Waiting:
    known = Clearing(decision=Decision.UNKNOWN, commits=commits(request, materials))
    return _conclude(request, materials, known, [_plan(request, materials), *_signed_plan(request, materials)])


def _pre_apply(request: Request, materials: Materials) -> Decided | Waiting:
    """A run that has come here applies next, whatever else it says of itself."""
    clearing, plan = clear(request, materials), _plan(request, materials)
    grounds = [_evidence(clearing), *_same_plan(plan, materials.kept), plan, *_signed_plan(request, materials)]
    grounds += _held(materials)
    return _settled(request, materials, clearing, grounds)


def _post_apply(request: Request, materials: Materials) -> Decided:
    """Advice, since the apply is over; but what fails now holds the workspace's next run."""
    verdict = _live(request, materials)
    answer = _ground("live", verdict)
    made = _decided(answer.decision is Decision.PASS, [answer])
    if answer.decision is Decision.FAIL:
        hold = Hold(
            workspace_id=request.workspace_id,
            reason=words.clean(answer.said, _REASON),
            config_digest=materials.config_digest,
            run_id=request.run_id,
            since=materials.now,
        )
        return replace(made, hold=hold)
    return replace(made, release=answer.decision is Decision.PASS and materials.hold is not None)


def _settled(request: Request, materials: Materials, clearing: Clearing, grounds: list[_Ground]) -> Decided | Waiting:
    """Conclude, or wait while nothing but absent evidence stands in the way."""
    others = [one for one in grounds if one.name != "evidence" and one.decision is not Decision.PASS]
    if clearing.absent and not materials.waited and not others and overridden(clearing, materials) is None:
        wait = words.duration(materials.policy.runtask.wait.total_seconds())
        return Waiting(message=f"Waiting for signed evidence of this configuration, {wait} in all.")
    return _conclude(request, materials, clearing, grounds)


def _conclude(request: Request, materials: Materials, clearing: Clearing, grounds: list[_Ground]) -> Decided:
    held = [one for one in grounds if one.decision is not Decision.PASS]
    override = overridden(clearing, materials) if held and not any(one.binding for one in held) else None
    passed = not held or override is not None
    made = _decided(passed, grounds, override)
    digest = next((one.digest for one in grounds if one.digest), None)
    # the plan's digest is kept where it may go on: before the apply, no digest means that no plan was let through
    if passed and digest is not None and request.stage is RunStage.POST_PLAN:
        return replace(made, kept=Kept(config_digest=materials.config_digest, plan_digest=digest))
    return made


def _evidence(clearing: Clearing) -> _Ground:
    if clearing.decision is not Decision.PASS or clearing.verdict is None:
        said = "; ".join(clearing.reasons) or "no reason is known"
        return _Ground(
            name="evidence", decision=max(clearing.decision, Decision.UNKNOWN), said=said, verdict=clearing.verdict
        )
    subject = clearing.verdict.subject
    said = f"commit {words.short(subject.commit)} was cleared, signed by {' and '.join(clearing.signed_by)}"
    return _Ground(name="evidence", decision=Decision.PASS, said=said, verdict=clearing.verdict)


def _plan(request: Request, materials: Materials) -> _Ground:
    try:
        planned = judge_plan(request, materials)
    except ClearanceError as error:
        said = f"{error}; {error.hint}" if error.hint else str(error)
        return _Ground(name="plan", decision=Decision.UNKNOWN, said=said)
    ground = _ground("plan", planned.verdict)
    elsewhere = f"; {', '.join(planned.elsewhere)} need a checkout and are not judged here" if planned.elsewhere else ""
    return replace(ground, said=ground.said + elsewhere, digest=planned.digest)


def _signed_plan(request: Request, materials: Materials) -> Iterator[_Ground]:
    """What was signed for stage plan where there was a checkout: nobody asks for it, but its no is a no."""
    clearing = clear(request, materials, Stage.PLAN)
    if clearing.decision is not Decision.UNKNOWN:
        yield replace(_evidence(clearing), name="signed plan")


def _same_plan(plan: _Ground, kept: Kept) -> Iterator[_Ground]:
    if kept.plan_digest is None:
        said = "no plan of this run was let through after it was planned"
        yield _Ground(name="same plan", decision=Decision.FAIL, said=said, binding=True)
    elif plan.digest is None:
        yield _Ground(name="same plan", decision=Decision.UNKNOWN, said="the plan cannot be compared", binding=True)
    elif plan.digest != kept.plan_digest:
        said = "the plan is not the one that was judged after it was planned"
        yield _Ground(name="same plan", decision=Decision.FAIL, said=said, binding=True)


def _live_hold(request: Request, materials: Materials) -> Iterator[_Ground]:
    return iter(()) if request.speculative else _held(materials)


def _held(materials: Materials) -> Iterator[_Ground]:
    """The workspace is held since an apply went wrong, but for what was applied before that: a rollback."""
    hold = materials.hold
    if hold is None:
        return
    digest = materials.config_digest
    if digest is not None and digest in materials.applied and digest != hold.config_digest:
        yield _Ground(name="hold", decision=Decision.PASS, said=f"a rollback, while {hold.run_id} holds the workspace")
    else:
        said = f"run {hold.run_id} left the API broken ({hold.reason}): roll back to what was applied before it"
        yield _Ground(name="hold", decision=Decision.FAIL, said=said)


def _live(request: Request, materials: Materials) -> Verdict:
    """Judge the canary's answer: one request, no finding allowed."""
    asked = Requirement(check=CANARY, stage=Stage.LIVE)
    seen = materials.canary
    subject = Subject(
        dirty=False, config_digest=materials.config_digest, run_id=request.run_id, workspace=request.workspace_id
    )
    found = {} if seen is None else {CANARY: replace(seen, check=CANARY)}
    return judge(
        Policy(
            checks={},
            requirements=(asked,),
            severities=materials.policy.severities,
            digest=materials.policy.digest,
        ),
        found,
        stage=Stage.LIVE,
        subject=subject,
        inputs={name: Inputs(digest=one.inputs_digest) for name, one in found.items()},
        now=materials.now,
        version=__version__,
        exhibits=tuple(map(exhibit, found.values())),
    )


def _ground(name: str, verdict: Verdict) -> _Ground:
    worst = [ruling for ruling in verdict.rulings if ruling.decision is verdict.decision]
    said = "; ".join((*verdict.reasons, *(f"{ruling.check}: {'; '.join(ruling.reasons[:2])}" for ruling in worst)))
    return _Ground(name=name, decision=verdict.decision, said=said, verdict=verdict)


def _advised(clearing: Clearing) -> Decided:
    """Let a run that can never apply be planned; what it is told is that nobody has cleared it."""
    said = f"Not cleared, cannot apply: {escaped('; '.join(clearing.reasons), _REASON)}."
    row = note("evidence", "; ".join(clearing.reasons), label="Not cleared", level="warning")
    return Decided(status="passed", message=said, outcomes=(row,))


def _decided(passed: bool, grounds: list[_Ground], override: Override | None = None) -> Decided:
    ordered = sorted(grounds, key=lambda one: one.decision, reverse=True)
    answer = "Overridden" if override else "Cleared" if passed else "Held"
    said = f"{words.overridden(override)}; though " if override else ""
    said += " · ".join(f"{one.name} {str(one.decision).upper()}: {one.said}" for one in ordered)
    message = f"**{answer}.** {escaped(said, MESSAGE - 50)}"
    total = (override is not None) + len(grounds) + sum(outcomes.number(one.verdict) for one in grounds if one.verdict)
    shown = outcomes.within(_rows(ordered, override), total)
    return Decided(status="passed" if passed else "failed", message=message, outcomes=shown)


def _rows(ordered: list[_Ground], override: Override | None) -> Iterator[Outcome]:
    """Each ground, the worst first, and below them what its verdict says in detail."""
    if override is not None:
        yield note("override", words.overridden(override), label="Overridden", level="warning")
    for one in ordered:
        label, level = outcomes.ANSWERS[one.decision]
        yield note(one.name, one.said, label=label, level=level)
    for one in ordered:
        if one.verdict is not None:
            yield from outcomes.each(one.verdict)


_STAGES: Mapping[RunStage, Callable[[Request, Materials], Decided | Waiting]] = {
    RunStage.PRE_PLAN: _pre_plan,
    RunStage.POST_PLAN: _post_plan,
    RunStage.PRE_APPLY: _pre_apply,
    RunStage.POST_APPLY: _post_apply,
}
