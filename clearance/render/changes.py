"""What changed from one verdict to another: decisions, findings, measures, waivers, digests. It judges nothing.

A finding is the same as another if both have the same fingerprint in the same check, each as often as it occurs; one
without a fingerprint by its rule, place and message. So findings stay the same when lines move or a tool is upgraded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from clearance.model import Decision, Finding, Measure, Ruling, Severity, Verdict, Waiver
from clearance.render import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a verdict says of itself, before and after, in words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A finding and what became of it: blocks, new (by a newer tool's rule), waived, tolerated."""

    state: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A finding that was there before, and of which something else became."""

    finding: Finding
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A measure before and after; None where it was not measured."""

    name: str
    before: Measure | None
    after: Measure | None

    @property
    def is_apart(self) -> bool:
        """Whether the two intervals have nothing in common, so that chance alone does not explain it."""
        one, other = self.before, self.after
        return one is None or other is None or one.high < other.low or other.high < one.low


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckChanges:
    """One check; a decision is None where nothing was ruled. `same` counts the findings that stay as they were."""

    check: str
    before: Decision | None
    after: Decision | None
    new: tuple[Placed, ...] = ()
    gone: tuple[Placed, ...] = ()
    moved: tuple[Moved, ...] = ()
    same: int = 0
    shifts: tuple[Shift, ...] = ()

    @property
    def is_judged_twice(self) -> bool:
        """Whether there is anything to compare: what a check found cannot be gone where nobody has looked."""
        return self.before is not None and self.after is not None

    @property
    def is_any(self) -> bool:
        return self.before != self.after or bool(self.new or self.gone or self.moved or self.shifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that changed; `facts` and `waivers` hold only what differs, `checks` every check of either verdict."""

    before: Decision
    after: Decision
    facts: tuple[Fact, ...]
    checks: tuple[CheckChanges, ...]
    new_waivers: tuple[Waiver, ...]
    gone_waivers: tuple[Waiver, ...]


def compare(before: Verdict, after: Verdict) -> Changes:
    """Compare two verdicts; checks come with the worst of the later one first."""
    was, now = ({ruling.check: ruling for ruling in verdict.rulings} for verdict in (before, after))
    names = [line.ruling.check for line in words.lines(after)]
    names += [check for check in was if check not in now]
    old, young = _waivers(before), _waivers(after)
    return Changes(
        before=before.decision,
        after=after.decision,
        facts=tuple(fact for fact in _facts(before, after) if fact.before != fact.after),
        checks=tuple(_check(name, was.get(name), now.get(name)) for name in names),
        new_waivers=tuple(one for one in young if one not in old),
        gone_waivers=tuple(one for one in old if one not in young),
    )


def placed(ruling: Ruling | None) -> Iterator[Placed]:
    """Yield each finding of a check with what became of it."""
    if ruling is None:
        return
    for state, findings in (("blocks", ruling.blocking), ("new", ruling.new), ("tolerated", ruling.tolerated)):
        for finding in findings:
            yield Placed(state=state, finding=finding)
    for one in ruling.waived:
        yield Placed(state="waived", finding=one.finding)


def _check(name: str, before: Ruling | None, after: Ruling | None) -> CheckChanges:
    known: dict[object, list[Placed]] = {}
    for one in placed(before):
        known.setdefault(_identity(one.finding), []).append(one)
    new: list[Placed] = []
    moved: list[Moved] = []
    same = 0
    for one in placed(after):
        there = known.get(_identity(one.finding))
        if not there:
            new.append(one)
            continue
        was = _take(there, one.state)
        if was.state == one.state:
            same += 1
        else:
            moved.append(Moved(finding=one.finding, before=was.state, after=one.state))
    return CheckChanges(
        check=name,
        before=before.decision if before else None,
        after=after.decision if after else None,
        new=tuple(sorted(new, key=_rank)),
        gone=tuple(sorted((one for those in known.values() for one in those), key=_rank)),
        moved=tuple(moved),
        same=same,
        shifts=tuple(_shifts(before, after)),
    )


def _identity(finding: Finding) -> object:
    return finding.fingerprint or (finding.rule, finding.path, finding.resource, finding.message)


def _take(there: list[Placed], state: str) -> Placed:
    """Take the one in the same state, if there is one."""
    for number, one in enumerate(there):
        if one.state == state:
            return there.pop(number)
    return there.pop()


_STATES = ("blocks", "new", "waived", "tolerated")
_UNRATED = Severity.HIGH
_RANKS = {severity: number for number, severity in enumerate(reversed(Severity))}


def _rank(one: Placed) -> tuple[int, int]:
    return _STATES.index(one.state), _RANKS[one.finding.severity or _UNRATED]


def _shifts(before: Ruling | None, after: Ruling | None) -> Iterator[Shift]:
    """Yield the measures whose value is another, or that were measured once only; of a check that was judged twice."""
    if before is None or after is None:
        return
    was, now = ({one.name: one for one in ruling.measures} for ruling in (before, after))
    for name in dict.fromkeys([*now, *was]):
        one, other = was.get(name), now.get(name)
        if one is None or other is None or (one.value, one.unit) != (other.value, other.unit):
            yield Shift(name=name, before=one, after=other)


def _waivers(verdict: Verdict) -> dict[Waiver, None]:
    used = (waiver for ruling in verdict.rulings for waiver, _ in words.by_waiver(ruling))
    return dict.fromkeys([*used, *verdict.idle_waivers, *verdict.expired_waivers])


def _facts(before: Verdict, after: Verdict) -> Iterator[Fact]:
    for name, of in _FACTS.items():
        yield Fact(name=name, before=of(before), after=of(after))


def _evidence(verdict: Verdict) -> str:
    """Name the tools that evidence came from, as far as they say."""
    return ", ".join(dict.fromkeys(words.clean(one.tool, 80) for one in verdict.evidence if one.tool)) or "none"


def _override(verdict: Verdict) -> str:
    return words.overridden(verdict.override) if verdict.override else "none"


_FACTS: Mapping[str, Callable[[Verdict], str]] = {
    "stage": lambda one: str(one.stage),
    "complete": lambda one: "yes" if one.complete else "no",
    "commit": lambda one: words.short(one.subject.commit) + (" with uncommitted changes" if one.subject.dirty else ""),
    "tree": lambda one: words.short(one.subject.tree),
    "configuration": lambda one: words.short(one.subject.config_digest),
    "plan": lambda one: words.short(one.subject.plan_digest),
    "policy": lambda one: words.short(one.policy_digest),
    "policy of the base": lambda one: words.short(one.base_policy_digest),
    "missing": lambda one: ", ".join(words.clean(name, 80) for name in one.missing) or "none",
    "override": _override,
    "tools": _evidence,
    "judged": lambda one: words.moment(one.judged_at),
    "Clearance": lambda one: words.clean(one.version, 40),
}
