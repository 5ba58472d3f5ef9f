"""How a verdict is put into words: shared by the renderers that people read; knows no markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from clearance.model import (
    POLICY_RULING,
    Decision,
    Exhibit,
    Finding,
    Measure,
    Override,
    Ruling,
    Stage,
    Subject,
    Verdict,
    Waiver,
)

NOTHING: Mapping[str, str] = {}
_MINUTE, _HOUR = 60, 3600
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # ECMA-48, "Select Graphic Rendition"


class Explained(Protocol):
    """What is known of a tool's rule: why it is there, and what to do about a finding."""

    @property
    def tool(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def remedy(self) -> str: ...


Explain = Callable[[str], Iterable[Explained]]


def unexplained(_rule: str) -> Iterable[Explained]:
    return ()


def clean(text: str, limit: int = 1000) -> str:
    """Make text from a tool harmless on one line, of at most `limit` characters.

    What could move the cursor, colour, hide or reverse text (control, format and private characters, half surrogate
    pairs: Unicode Standard Annex 44, general categories C and Z) shows as its escape; a line break as `⏎`. And in the
    log of a GitHub workflow, `##[` would begin a command to the runner, anywhere in a line.
    """
    cut = text[: limit + 1].replace("##[", "## [")
    if not cut.isprintable():
        cut = " ⏎ ".join(line.strip() for line in cut.strip().splitlines())
        cut = "".join(c if c.isprintable() else " " if c.isspace() else _escape(c) for c in cut)
    return cut if len(cut) <= limit else cut[: limit - 1].rstrip() + "…"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def tail(output: str, lines: int, width: int = 200) -> list[str]:
    """Return the last lines of a tool's output, harmless, without blank ones and without its colours."""
    plain = _COLOUR.sub("", output)
    kept = [line.expandtabs(4).rstrip() for line in plain.splitlines() if line.strip()][-lines:]
    return [" " * min(40, len(line) - len(line.lstrip())) + clean(line.strip(), width) for line in kept]


def count(number: int, noun: str) -> str:
    """Return "1 file", "2 files" from either form of the noun."""
    plural = noun if noun.endswith("s") else f"{noun}s"
    singular = plural[:-3] + "y" if plural.endswith("ies") else plural[:-1]
    return f"{number:,} {singular if number == 1 else plural}"


def duration(seconds: float) -> str:
    """Return "0.42 s", "12 s", "3 min 20 s" or "1 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds >= 0.01 else "0 s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def number(value: float) -> str:
    """Return a number with as many digits as mean something."""
    return f"{value:,.6g}"


def measure(one: Measure) -> str:
    """Return "p95 212 ms (201 to 230)"."""
    value = f"{clean(one.name, 80)} {number(one.value)}{one.unit and ' ' + clean(one.unit, 20)}"
    return value if one.low == one.high else f"{value} ({number(one.low)} to {number(one.high)})"


def severity(finding: Finding) -> str:
    """Return the severity in a word; one that nobody stated counts as high."""
    return str(finding.severity) if finding.severity else "unrated"


def place(finding: Finding) -> str:
    """Return where it is: "path:line", and the resource, whichever are known."""
    line = f":{finding.line}" if finding.line is not None else ""
    path = f"{clean(finding.path, 160)}{line}" if finding.path else ""
    return " ".join(part for part in (path, clean(finding.resource or "", 160)) if part) or "(no place)"


def subject(of: Subject) -> str:
    """Return what was judged: "commit 3f2a91c07b1e with uncommitted changes, tree c73fb75d0009"."""
    commit = f"commit {short(of.commit)}" if of.commit else "no commit"
    changes = " with uncommitted changes" if of.commit and of.dirty else ""
    further = {"tree": of.tree, "configuration": of.config_digest, "plan": of.plan_digest}
    parts = [f"{commit}{changes}", *(f"{name} {short(digest)}" for name, digest in further.items() if digest)]
    named = {"run": of.run_id, "workspace": of.workspace}
    return ", ".join([*parts, *(f"{name} {clean(value, 80)}" for name, value in named.items() if value)])


def short(digest: str | None) -> str:
    """Return the first twelve digits of a digest or commit."""
    return clean(digest.removeprefix("sha256:"), 200)[:12] if digest else "none"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def waiver(one: Waiver, check: str | None = None) -> str:
    """Return what a waiver covers: "B608 in service/*.py, for bandit"; `check` is what goes without saying."""
    where = [f"in {clean(one.path, 120)}"] if one.path else []
    where += [f"on {clean(one.resource, 120)}"] if one.resource else []
    by_fingerprint = not where and not one.rule.strip("*")  # without a place it has fingerprints
    what = " ".join(["findings by fingerprint" if by_fingerprint else clean(one.rule, 80), *where])
    return what if one.checks == (check,) else f"{what}, for {', '.join(clean(name, 60) for name in one.checks)}"


def idleness(one: Waiver) -> str:
    """Return what is to be done about a waiver, or the part of one, that covers nothing."""
    if not one.fingerprints:
        return "covers nothing, delete it"
    gone = "finding no longer occurs" if one.at_most == 1 else "findings no longer occur"
    return f"{one.at_most:,} {gone}, run `clearance baseline {clean(' '.join(one.checks), 80)}` again"


def expiry(one: Waiver, now: datetime) -> str:
    """Return "expires 2027-03-31, 127 days left" or "expired 2026-11-23, 1 day ago"."""
    days = (one.expires - now.date()).days
    if days < 0:
        return f"expired {one.expires}, {count(-days, 'day')} ago"
    return f"expires {one.expires}, {'today is its last day' if days == 0 else count(days, 'day') + ' left'}"


def by_waiver(ruling: Ruling) -> list[tuple[Waiver, int]]:
    """Return each waiver that was used, with the number of findings that it covers."""
    waivers = {id(waived.waiver): waived.waiver for waived in ruling.waived}
    numbers = Counter(id(waived.waiver) for waived in ruling.waived)
    return [(waivers[key], n) for key, n in numbers.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check as a reader meets it: its ruling beside its exhibit, or a required check that has neither."""

    ruling: Ruling
    exhibit: Exhibit | None

    @property
    def reach(self) -> str:
        if self.exhibit is None:
            return "compared with its base" if self.ruling.check == POLICY_RULING else "no evidence"
        return count(self.exhibit.reach, clean(self.exhibit.unit, 40) or "items")

    @property
    def took(self) -> str:
        if self.exhibit is None:
            return ""
        return "reused" if self.exhibit.reused else duration(self.exhibit.seconds)


def lines(verdict: Verdict) -> list[Line]:
    """Return every check, the worst first."""
    exhibits = {exhibit.check: exhibit for exhibit in verdict.evidence}
    rulings = sorted(verdict.rulings, key=lambda ruling: ruling.decision, reverse=True)
    return [Line(ruling=ruling, exhibit=exhibits.get(ruling.check)) for ruling in rulings]


def left_out(verdict: Verdict) -> list[str]:
    """Return the required checks that nothing was ruled about."""
    ruled = {ruling.check for ruling in verdict.rulings}
    return [clean(check, 80) for check in verdict.missing if check not in ruled]


def tally(verdict: Verdict) -> str:
    """Return "1 check fails, 2 are unknown, 4 pass"."""
    verbs = {
        Decision.FAIL: ("fails", "fail"),
        Decision.UNKNOWN: ("is unknown", "are unknown"),
        Decision.PASS: ("passes", "pass"),
    }
    numbers = Counter(ruling.decision for ruling in verdict.rulings)
    parts = [(numbers[decision], verb) for decision, verb in verbs.items() if numbers[decision]]
    said = [f"{n:,} {verb[n != 1]}" for n, verb in parts]
    if not said:
        return "no check was judged"
    first = count(parts[0][0], "check")
    return ", ".join([f"{first} {parts[0][1][parts[0][0] != 1]}", *said[1:]])


def caveats(verdict: Verdict) -> list[str]:
    """Return what keeps a verdict from being shown to others, and the reasons that concern the whole of it."""
    out = [overridden(verdict.override)] if verdict.override else []
    out += [clean(reason, 400) for reason in verdict.reasons]
    absent = left_out(verdict)
    if absent:
        out.append(f"not judged here, though the stage requires it: {', '.join(absent)}")
    if not verdict.complete:
        out.append("this is a partial verdict: it cannot be attested, and no Terraform run accepts it")
    if verdict.now_overridden or verdict.subject_overridden:
        flags = [
            flag for flag, on in (("--now", verdict.now_overridden), ("--subject", verdict.subject_overridden)) if on
        ]
        out.append(f"made with {' and '.join(flags)}: it cannot be attested")
    return out


def overridden(by: Override) -> str:
    """Return who lets the commit go on whatever the gate says, until when and why."""
    people = " and ".join(clean(person, 60) for person in by.people)
    return f"overridden by {people} until {moment(by.expires)}: {clean(by.reason, 200)}"


def again(check: str, stage: Stage, reproduce: Mapping[str, str]) -> str:
    """Return the command that runs a check again; the stage is named where it is not the usual one."""
    when = "" if stage is Stage.CHANGE else f"--stage {stage} "
    base = "git diff BASE -- clearance.toml" if check == POLICY_RULING else f"clearance run {when}--only {check}"
    return clean(reproduce.get(check) or base, 300)
