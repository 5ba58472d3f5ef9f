"""Puts each finding of a check into one place, spends the waivers on them, and says how many count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clearance.model import Decision, Evidence, Finding, Policy, Requirement, Ruling, Severity, Waived, Waiver

_NAMED = 5  # so many rules are named in a reason; the rest is counted
_RANK = {severity: -rank for rank, severity in enumerate(Severity)}

Grounds = list[tuple[Decision, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Every finding in one place, worst first; `new_rules` are the rules that the accepted list lacks."""

    blocking: tuple[Finding, ...]
    tolerated: tuple[Finding, ...]
    new: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    new_rules: tuple[str, ...]


class _Stock:
    """What is left of the waivers of one check: a number for each, or each of its fingerprints once."""

    def __init__(self, check: str, waivers: Iterable[Waiver]) -> None:
        self.check = check
        self.left: dict[int, int] = {}
        self.by_pattern: list[Waiver] = []
        self.by_print: dict[str, list[Waiver]] = {}
        self.shown: dict[int, Waiver] = {}
        for waiver in sorted(waivers, key=_narrowest_first):
            if check not in waiver.checks:
                continue
            self.left[id(waiver)] = waiver.at_most
            for each in waiver.fingerprints:
                self.by_print.setdefault(each, []).append(waiver)
            if not waiver.fingerprints:
                self.by_pattern.append(waiver)

    def spend(self, finding: Finding) -> Waiver | None:
        """The narrowest waiver that covers a finding and is not spent, one less of it being left."""
        exact = self.by_print.get(finding.fingerprint, [])
        for waiver in exact:
            if waiver.names(self.check, finding):
                exact.remove(waiver)
                return self.shown.setdefault(id(waiver), replace(waiver, fingerprints=()))
        for waiver in self.by_pattern:
            if self.left[id(waiver)] > 0 and waiver.names(self.check, finding):
                self.left[id(waiver)] -= 1
                return waiver
        return None


def _narrowest_first(waiver: Waiver) -> tuple[int, str, str, str]:
    """An order of its own: where a waiver stands in the file must not decide what the others are left for."""
    texts = (waiver.rule, waiver.path or "**", waiver.resource or "**")
    return (sum(text.count("*") + text.count("?") + text.count("[") for text in texts), *texts)


def sort(requirement: Requirement, evidence: Evidence, policy: Policy, live: Iterable[Waiver]) -> Places:
    """Put every finding into one place, those that count first, so that waivers are spent on what blocks."""
    rated = [f if (s := _severity(f, policy)) is f.severity else replace(f, severity=s) for f in evidence.findings]
    rated.sort(key=_worst_first)
    accepted = requirement.rules
    outdated = accepted is not None and accepted.is_outdated(evidence.tool)
    known = accepted.rules | policy.severities.keys() if accepted is not None and outdated else None
    lacking = {f.rule for f in rated if f.rule not in known} if known is not None else set()
    shown = lacking if requirement.show_new else set()
    if shown:
        rated.sort(key=lambda finding: finding.rule in shown)
    # A hundred thousand comparisons of severities would take longer than all the rest.
    blocks = tuple(severity for severity in Severity if severity >= requirement.block_at)
    stock = _Stock(requirement.check, live)
    blocking, tolerated, new, waived = [], [], [], []
    for finding in rated:
        waiver = stock.spend(finding) if stock.left else None
        if waiver is not None:
            waived.append(Waived(finding=finding, waiver=waiver))
        elif finding.rule in shown:
            new.append(finding)
        elif finding.severity in blocks:
            blocking.append(finding)
        else:
            tolerated.append(finding)
    return Places(
        blocking=tuple(blocking),
        tolerated=tuple(tolerated),
        new=tuple(new),
        waived=tuple(waived),
        new_rules=tuple(sorted(lacking & {f.rule for f in (*blocking, *tolerated, *new)} if lacking else ())),
    )


def _worst_first(finding: Finding) -> tuple[int, str, int, str]:
    return _RANK[finding.severity or Severity.HIGH], finding.path or "", finding.line or 0, finding.rule


def _severity(finding: Finding, policy: Policy) -> Severity:
    """The policy's word, else the tool's, else high: an unknown severity must not slip below the line."""
    return policy.severities.get(finding.rule) or finding.severity or Severity.HIGH


def account(requirement: Requirement, evidence: Evidence, policy: Policy, places: Places, now: datetime) -> Grounds:
    """Count what blocks against what is allowed, and say what became of the rest."""
    too_many = len(places.blocking) > requirement.at_most
    silenced = sum(finding.suppressed for finding in evidence.findings)
    text = (
        f"{_count(len(places.blocking), 'finding')} at or above {requirement.block_at}, {requirement.at_most:,} allowed"
        + (f"; {len(places.tolerated):,} below" if places.tolerated else "")
        + (f"; {len(places.new):,} new" if places.new else "")
        + (f"; {len(places.waived):,} waived" if places.waived else "")
        + (f"; {silenced:,} silenced in the code and counted all the same" if silenced else "")
    )
    decision = Decision.FAIL if too_many else Decision.PASS
    grounds: Grounds = [(decision, text), *_about_new(requirement, evidence, places, decision)]
    left_over = (*places.blocking, *places.tolerated, *places.new)
    for waiver in policy.waivers:
        number = _matching(waiver, requirement.check, left_over)
        name, matches = f"the waiver of {waiver.rule} by {waiver.owner}", _count(number, "finding")
        if number and waiver.expired(now):
            grounds.append((decision, f"{name} expired on {waiver.expires} and no longer covers {matches}"))
        elif number:
            grounds.append((decision, f"{name} covers {waiver.at_most:,} and no more; {matches} beyond it"))
        elif not waiver.expired(now) and (gone := _gone(waiver, {requirement.check: evidence})):
            kept = f"{len(gone):,} of {len(waiver.fingerprints):,} findings that {waiver.owner} has accepted"
            again = f"run `clearance baseline {requirement.check}` again to drop them"
            grounds.append((Decision.PASS, f"{kept} no longer occur; {again}"))
    return grounds


def _about_new(requirement: Requirement, evidence: Evidence, places: Places, decision: Decision) -> Grounds:
    """Say which rules the accepted list lacks, and what is to be done about them."""
    if requirement.rules is None or not places.new_rules:
        return []
    lacking = set(places.new_rules)
    number = sum(finding.rule in lacking for finding in (*places.blocking, *places.tolerated, *places.new))
    rules = ", ".join(places.new_rules[:_NAMED])
    more = f" and {len(lacking) - _NAMED:,} more" if len(lacking) > _NAMED else ""
    counted = "shown, not counted" if requirement.show_new else "counted as any other"
    before = f"{requirement.rules.tool} did not have" if requirement.rules.tool else f"{requirement.rules.file} lacks"
    what = f"{_count(number, 'finding')} of {_count(len(lacking), 'rule')} that {before} ({rules}{more})"
    step = f"look at them, then `clearance rules {requirement.check} --accept`"
    return [(decision, f"{what}, made by {evidence.tool or 'a tool without a version'}: {counted}; {step}")]


def _matching(waiver: Waiver, check: str, findings: Sequence[Finding]) -> int:
    if check not in waiver.checks:
        return 0
    prints = frozenset(waiver.fingerprints)
    return sum((not prints or f.fingerprint in prints) and waiver.names(check, f) for f in findings)


def _gone(waiver: Waiver, evidence: Mapping[str, Evidence]) -> tuple[str, ...]:
    """The fingerprints of a waiver that no longer occur, where all of its checks were seen clearly enough to know."""
    seen = [evidence[check] for check in waiver.checks if check in evidence and not evidence[check].problems]
    if len(seen) < len(waiver.checks) or not waiver.fingerprints:
        return ()
    prints = frozenset(waiver.fingerprints)
    there = {
        f.fingerprint for one in seen for f in one.findings if f.fingerprint in prints and waiver.names(one.check, f)
    }
    return tuple(each for each in waiver.fingerprints if each not in there)


def idle(live: Iterable[Waiver], rulings: Sequence[Ruling], evidence: Mapping[str, Evidence]) -> tuple[Waiver, ...]:
    """Waivers that cover nothing, and what no longer occurs of the others, where that was seen clearly enough."""
    used = {id(waived.waiver) for ruling in rulings for waived in ruling.waived}
    seen = {r.check: evidence[r.check] for r in rulings if r.check in evidence and not evidence[r.check].problems}
    out = []
    for waiver in live:
        gone = _gone(waiver, seen)
        if gone:
            out.append(replace(waiver, fingerprints=gone, at_most=len(gone)))
        elif not waiver.fingerprints and id(waiver) not in used and set(waiver.checks) <= set(seen):
            out.append(waiver)
    return tuple(out)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
