"""Evidence and a policy in, a verdict out; pure, and the only place where anything is decided.

Its laws, in the order in which they are applied to each requirement of the stage:

1. There is evidence, made from exactly the inputs that this subject has, young enough, alone where it must be.
2. Nothing stopped the tool from seeing, and it looked at enough: reach, and every input where the policy asks for it.
3. Few enough findings stand at or above the severity that blocks, after waivers, each of which covers a bounded
   number of findings of the checks that it names until it expires; a rule that only a newer version of the tool has
   counts as well, unless the policy says that it is shown for now (`findings`).
4. Each objective's whole interval lies inside its budget, of samples enough (`objectives`).

What fails 1 or 2 is UNKNOWN, what fails 3 is FAIL, what fails 4 is FAIL when the interval lies wholly outside and
UNKNOWN when it straddles the budget. No requirement at all is UNKNOWN. The worst answer wins, and every reason stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clearance.judge.findings import Grounds, account, idle, sort
from clearance.judge.objectives import weigh
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Exhibit,
    Inputs,
    Policy,
    Requirement,
    Ruling,
    Stage,
    Subject,
    Verdict,
    Waiver,
)

_SKEW = timedelta(minutes=5)  # two machines' clocks may differ by this much before evidence is "from the future"
_NAMED = 3  # so many paths are named in a reason; the rest is counted


def judge(
    policy: Policy,
    evidence: Mapping[str, Evidence],
    *,
    stage: Stage,
    subject: Subject,
    inputs: Mapping[str, Inputs],
    now: datetime,
    version: str,
    exhibits: Sequence[Exhibit] = (),
    only: Collection[str] | None = None,
    narrowed: bool = False,
    subject_after: Subject | None = None,
    now_overridden: bool = False,
    subject_overridden: bool = False,
) -> Verdict:
    """Judge a subject at a stage and a moment.

    `evidence` and `inputs` are by check; `inputs` is what the evidence must have been made from. `only` limits the
    verdict to some checks and `narrowed` says that they ran with further arguments: either makes it incomplete.
    `subject_after` is the subject as it was once the checks had ended.
    """
    now = now.astimezone(UTC)  # in which a waiver's last day ends
    required = [r for r in policy.requirements if r.stage is stage]
    asked = [r for r in required if only is None or r.check in only]
    if narrowed:  # the person left most of it out on purpose: the verdict is partial, and something must have run
        asked = [replace(r, reach=min(r.reach, 1)) for r in asked]
    live = [w for w in policy.waivers if not w.expired(now)]
    expired = tuple(w for w in policy.waivers if w.expired(now))
    rulings = tuple(_rule(r, evidence.get(r.check), inputs.get(r.check), subject, policy, live, now) for r in asked)
    missing = tuple(r.check for r in required if r.check not in evidence or (only is not None and r.check not in only))
    reasons = _about_the_whole(stage, asked, subject, subject_after)
    decision = max((r.decision for r in rulings), default=Decision.UNKNOWN)
    return Verdict(
        decision=max(decision, Decision.UNKNOWN) if reasons else decision,
        reasons=reasons,
        complete=not missing and not narrowed,
        missing=missing,
        stage=stage,
        subject=subject,
        rulings=rulings,
        idle_waivers=idle(live, rulings, evidence),
        expired_waivers=expired,
        policy_digest=policy.digest,
        evidence=tuple(exhibits),
        judged_at=now,
        now_overridden=now_overridden,
        subject_overridden=subject_overridden,
        version=version,
    )


def _about_the_whole(
    stage: Stage, asked: Sequence[Requirement], subject: Subject, after: Subject | None
) -> tuple[str, ...]:
    reasons = []
    if not asked:
        reasons.append(f"the policy asks for nothing at stage {stage}: nothing was judged")
    if after is not None and after != subject:
        reasons.append(
            f"the tree changed while it was judged ({_short(subject.tree)} became {_short(after.tree)}): "
            "run again and leave the files alone meanwhile"
        )
    return tuple(reasons)


def _short(digest: str | None) -> str:
    return (digest or "none").removeprefix("sha256:")[:12]


def _rule(
    requirement: Requirement,
    evidence: Evidence | None,
    inputs: Inputs | None,
    subject: Subject,
    policy: Policy,
    live: Sequence[Waiver],
    now: datetime,
) -> Ruling:
    if evidence is None:
        return Ruling(
            check=requirement.check,
            decision=Decision.UNKNOWN,
            reasons=(f"there is no evidence: run `clearance run --only {requirement.check}`",),
        )
    places = sort(requirement, evidence, policy, live)
    grounds: Grounds = [
        *_provenance(requirement, evidence, inputs, now),
        *_binding(policy.checks.get(requirement.check), evidence, inputs, subject),
        *((Decision.UNKNOWN, problem) for problem in evidence.problems),
        *_reach(requirement, evidence, inputs),
        *account(requirement, evidence, policy, places, now),
        *(ground for objective in requirement.objectives for ground in weigh(objective, evidence.measures)),
    ]
    return Ruling(
        check=requirement.check,
        decision=max((decision for decision, _ in grounds), default=Decision.UNKNOWN),
        reasons=tuple(reason for _, reason in sorted(grounds, key=lambda ground: ground[0], reverse=True)),
        blocking=places.blocking,
        tolerated=places.tolerated,
        new=places.new,
        new_rules=places.new_rules,
        waived=places.waived,
        measures=evidence.measures,
        problems=evidence.problems,
    )


def _provenance(requirement: Requirement, evidence: Evidence, inputs: Inputs | None, now: datetime) -> Grounds:
    age = now - evidence.started
    grounds: Grounds = []
    if evidence.check != requirement.check:
        grounds.append(_unknown(f"the evidence is of check {evidence.check}, not {requirement.check}"))
    if inputs is None or evidence.inputs_digest != inputs.digest:
        made, wanted = _short(evidence.inputs_digest), _short(inputs.digest if inputs else None)
        grounds.append(
            _unknown(
                f"the evidence was made from other inputs ({made}, not {wanted}): ",
                "files, command, tools or policy have changed since; run the check again",
            )
        )
    if age < -_SKEW:
        grounds.append(_unknown(f"the evidence says that it was made {-age} from now: set the clock right"))
    if requirement.max_age is not None and age > requirement.max_age:
        whole = timedelta(seconds=int(age.total_seconds()))
        grounds.append(_unknown(f"the evidence is {whole} old, {requirement.max_age} is allowed: run the check again"))
    if requirement.exclusive and not evidence.alone:
        grounds.append(_unknown("it must run alone on the machine and did not: run the check again"))
    return grounds


def _binding(check: Check | None, evidence: Evidence, inputs: Inputs | None, subject: Subject) -> Grounds:
    """Where its inputs do not say what evidence holds for, it holds for the tree that it was made from alone."""
    if check is None or inputs is None or check.is_bound(inputs.paths) or evidence.subject.tree == subject.tree:
        return []
    made, wanted = _short(evidence.subject.tree), _short(subject.tree)
    return [
        _unknown(
            f"the evidence was made from another tree ({made}, not {wanted}), and the check's inputs do not tell ",
            "whether that matters: give it patterns each of which matches a file, or run the check again",
        )
    ]


def _unknown(*text: str) -> tuple[Decision, str]:
    return Decision.UNKNOWN, "".join(text)


def _reach(requirement: Requirement, evidence: Evidence, inputs: Inputs | None) -> Grounds:
    looked = f"looked at {evidence.reach:,} {evidence.unit}, at least {requirement.reach:,} asked for"
    grounds: Grounds = [(Decision.PASS if evidence.reach >= requirement.reach else Decision.UNKNOWN, looked)]
    if requirement.covers_inputs and inputs is not None:
        grounds.append(_coverage(inputs.paths, evidence.covered))
    return grounds


def _coverage(paths: Collection[str], covered: Collection[str]) -> tuple[Decision, str]:
    unread = sorted(set(paths) - set(covered))
    if not paths:
        return _unknown("no file matches the check's inputs: put the patterns right")
    if unread:
        more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
        return _unknown(
            f"{len(unread):,} of {len(paths):,} inputs were not looked at: {', '.join(unread[:_NAMED])}{more}; ",
            "include them in the tool's scope or take them out of the check's inputs",
        )
    return Decision.PASS, f"each of {len(paths):,} inputs was looked at"
