"""What one policy asks and another no longer does: two policies in, a finding for each loosening out.

A change may bring its own policy, and must not thereby judge itself more gently. Whatever is not plainly as strict as
before counts: a tool that is called in another way may see less, and nobody here can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from clearance.model import Check, Finding, Objective, Policy, Requirement, RunTask, Severity, Waiver

FILE = "clearance.toml"
_TOOLS = "what its tool says"
_SEEING = ("run", "reports", "stdout", "group", "project", "inputs", "config", "env", "env_from", "slo")


def compare(base: Policy, head: Policy, *, file: str = FILE) -> tuple[Finding, ...]:
    """Find every way in which `head` asks for less than `base`; `file` is where a reader finds the policy.

    Severity HIGH each, `resource` is what became looser. The fingerprint holds what it became, so that whoever accepts
    a loosening accepts that one and no further.
    """
    loosened = [
        *_requirements(base, head),
        *_checks(base.checks, head.checks),
        *_severities(base, head),
        *_waivers(base.waivers, head.waivers),
        *_files(base.files, head.files),
        *_run_task(base.runtask, head.runtask),
    ]
    return tuple(_finding(rule, what, message, file) for rule, what, message in loosened)


_Loosened = Iterator[tuple[str, str, str]]  # the rule, what became looser, and how


def _finding(rule: str, what: str, message: str, file: str) -> Finding:
    rule = f"policy/{rule}"
    digest = hashlib.sha256(f"{rule}\n{what}\n{message}".encode()).hexdigest()[:32]
    return Finding(
        rule=rule, message=f"{what}: {message}", severity=Severity.HIGH, path=file, resource=what, fingerprint=digest
    )


def _requirements(base: Policy, head: Policy) -> _Loosened:
    now = {(r.check, r.stage): r for r in head.requirements}
    for was in base.requirements:
        what = f"check {was.check} at stage {was.stage}"
        found = now.get((was.check, was.stage))
        if found is None:
            yield "check-removed", what, "is no longer required"
            continue
        for rule, looser, message in _bounds(was, found):
            if looser:
                yield rule, what, message
        yield from _objectives(what, was.objectives, found.objectives)


def _bounds(was: Requirement, now: Requirement) -> Iterator[tuple[str, bool, str]]:
    yield "reach-lowered", now.reach < was.reach, f"reach {was.reach} became {now.reach}"
    yield "coverage-dropped", was.covers_inputs and not now.covers_inputs, "its inputs need not be covered any more"
    yield "severity-raised", now.block_at > was.block_at, f"what blocks was {was.block_at}, and is {now.block_at}"
    yield "count-raised", now.at_most > was.at_most, f"{was.at_most} findings were allowed, now {now.at_most}"
    yield "alone-dropped", was.exclusive and not now.exclusive, "it need not run alone any more"
    yield "age-raised", _older(was, now), f"evidence could be {was.max_age} old, now {now.max_age or 'of any age'}"
    yield "new-rules-shown", now.show_new and not was.show_new, "findings of new rules no longer block"
    if was.show_new and now.show_new and was.rules and now.rules:
        gone = sorted(was.rules.rules - now.rules.rules)
        yield "rules-forgotten", bool(gone), f"rules left the list, so that they count as new: {', '.join(gone)}"
        tools = f"{was.rules.tool} became {now.rules.tool}"
        yield "rules-of-another-tool", was.rules.tool != now.rules.tool, f"the tool whose rules are listed: {tools}"


def _older(was: Requirement, now: Requirement) -> bool:
    return was.max_age is not None and (now.max_age is None or now.max_age > was.max_age)


def _objectives(what: str, was: tuple[Objective, ...], now: tuple[Objective, ...]) -> _Loosened:
    for objective in was:
        if any(_as_strict(objective, other) for other in now):
            continue
        same = [o for o in now if (o.measure, o.each) == (objective.measure, objective.each)]
        became = " and ".join(map(_text, same)) if same else "nothing"
        yield "objective-loosened", what, f"{_text(objective)} became {became}"


def _as_strict(was: Objective, now: Objective) -> bool:
    return (
        (now.measure, now.each) == (was.measure, was.each)
        and (was.at_most is None or (now.at_most is not None and now.at_most <= was.at_most))
        and (was.at_least is None or (now.at_least is not None and now.at_least >= was.at_least))
        # fewer samples prove less; of what is judged one by one, asking for more leaves more of it unjudged
        and (now.min_samples == was.min_samples if was.each else now.min_samples >= was.min_samples)
    )


def _text(objective: Objective) -> str:
    bounds = [
        *([f"at least {objective.at_least:g}"] if objective.at_least is not None else []),
        *([f"at most {objective.at_most:g}"] if objective.at_most is not None else []),
    ]
    return f"{objective.measure}{'/*' if objective.each else ''} {' and '.join(bounds)} of {objective.min_samples}+"


def _checks(base: Mapping[str, Check], head: Mapping[str, Check]) -> _Loosened:
    for name, was in base.items():
        now = head.get(name)
        if now is None:
            continue  # which its requirement says
        for field in _SEEING:
            if getattr(was, field) != getattr(now, field):
                yield "check-changed", f"check {name}", f"{field} changed, so that it may see less"
        if now.cache and not was.cache:
            yield "check-changed", f"check {name}", "its evidence may be reused now"
        if now.timeout_s > was.timeout_s:
            yield "timeout-raised", f"check {name}", f"it had {was.timeout_s:g} seconds, and has {now.timeout_s:g}"


def _severities(base: Policy, head: Policy) -> _Loosened:
    for rule in sorted({*base.severities, *head.severities}):
        was, now = base.severities.get(rule), head.severities.get(rule)
        if was != now and now is not Severity.CRITICAL and (now is None or was is None or now < was):
            # without a word of the policy it is the tool's own severity, which nobody knows here
            yield (
                "severity-lowered",
                f"rule {rule}",
                f"its severity was {was or _TOOLS}, now {now or _TOOLS}",
            )


def _waivers(base: tuple[Waiver, ...], head: tuple[Waiver, ...]) -> _Loosened:
    before = list(base)  # each of them stands for one of head's: two equal waivers cover twice as much
    changed = []
    for waiver in head:
        if waiver in before:  # or a narrower one might take its place, and it would seem to be new
            before.remove(waiver)
        else:
            changed.append(waiver)
    for waiver in changed:
        same = next((other for other in before if _within(waiver, other)), None)
        if same is not None:
            before.remove(same)
            continue
        place = waiver.path or waiver.resource or f"{len(waiver.fingerprints)} findings"
        until = f"until {waiver.expires}, {waiver.at_most} at most"
        yield "waiver-added", f"waiver {waiver.rule} ({place})", f"for {', '.join(waiver.checks)} {until}"


def _within(now: Waiver, was: Waiver) -> bool:
    """Whether it covers nothing that the other did not; two words about who and why may differ."""
    if now.fingerprints and not set(now.fingerprints) <= set(was.fingerprints):
        return False
    plain = replace(now, at_most=was.at_most, owner=was.owner, reason=was.reason, expires=was.expires)
    plain = replace(plain, checks=was.checks, fingerprints=was.fingerprints)
    return (
        plain == was
        and bool(now.fingerprints) == bool(was.fingerprints)
        and set(now.checks) <= set(was.checks)
        and now.at_most <= was.at_most
        and now.expires <= was.expires
    )


def _files(base: Mapping[str, str], head: Mapping[str, str]) -> _Loosened:
    for path in sorted(base):
        if path in head and base[path] != head[path]:
            yield "file-changed", path, "a file that the policy names as configuration changed"


def _run_task(was: RunTask, now: RunTask) -> _Loosened:
    """A run's plan must go on being judged as the same checks; how long it waits for evidence makes nothing looser."""
    for key, before, after in (("plan", was.plan, now.plan), ("checkov", was.checkov, now.checkov)):
        if before is not None and before != after:
            yield "runtask-changed", "[runtask]", f"{key} was {before}, and is {after or 'not there'}"
    gone = sorted(set(was.stateful) - set(now.stateful))
    if gone:
        yield "runtask-changed", "[runtask]", f"no longer said to keep data: {', '.join(gone)}"
