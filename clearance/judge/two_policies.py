"""A change that brings its own policy is judged under the base's and its own, and the worse answer counts; pure.

Each loosening is a finding of its own. Once someone whom the repository trusts with the policy has accepted the
loosenings, what they loosened can no longer be held against the change: its own policy alone decides then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from clearance.model import POLICY_RULING, Decision, Finding, Policy, Ruling, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Where a change comes from: `name` is the commit, `verdict` what its policy says, `accepted_by` who let it go."""

    name: str
    verdict: Verdict
    loosenings: tuple[Finding, ...]
    accepted_by: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the base's policy still has a say: it has none in what it was knowingly changed for."""
        return not (self.loosenings and self.accepted_by)


def before(base: Policy, head: Policy) -> Policy:
    """Make the policy that judges a change's evidence as the base would: its bounds, but the change's own commands.

    Evidence of another command would count as made from other inputs; that the command changed is a loosening already.
    """
    return replace(base, checks={**base.checks, **head.checks})


def combine(head: Verdict, base: Base) -> Verdict:
    """Let the worse of two verdicts count, check by check, and rule on the policy itself."""
    policy = _policy(base)
    rulings = (policy, *(_worse(head, base) if base.counts else head.rulings))
    missing = (*head.missing, *base.verdict.missing) if base.counts else head.missing
    return replace(
        head,
        decision=max([head.decision, *(ruling.decision for ruling in rulings)]),
        rulings=rulings,
        missing=tuple(dict.fromkeys(missing)),
        complete=head.complete and (base.verdict.complete or not base.counts),
        base_policy_digest=base.verdict.policy_digest,
    )


def _policy(base: Base) -> Ruling:
    if not base.loosenings:
        return Ruling(
            check=POLICY_RULING, decision=Decision.PASS, reasons=(f"it asks for no less than that of {base.name}",)
        )
    number = f"{len(base.loosenings)} loosening{'s' if len(base.loosenings) > 1 else ''} since {base.name}"
    if base.accepted_by:
        reason = f"{number}, accepted by {', '.join(base.accepted_by)}"
        return Ruling(check=POLICY_RULING, decision=Decision.PASS, reasons=(reason,), tolerated=base.loosenings)
    reason = f"{number}, 0 allowed: a code owner of the policy must accept them"
    return Ruling(check=POLICY_RULING, decision=Decision.FAIL, reasons=(reason,), blocking=base.loosenings)


def _worse(head: Verdict, base: Base) -> Iterator[Ruling]:
    """Each check's worse ruling; one that only the base asks for stands as well."""
    was = {ruling.check: ruling for ruling in base.verdict.rulings}
    for ruling in head.rulings:
        other = was.pop(ruling.check, ruling)
        yield _said(other, base) if other.decision > ruling.decision else ruling
    yield from (_said(ruling, base) for ruling in was.values())


def _said(ruling: Ruling, base: Base) -> Ruling:
    def said(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"under the policy of {base.name}: {text}" for text in texts)

    return replace(ruling, reasons=said(ruling.reasons), problems=said(ruling.problems))
