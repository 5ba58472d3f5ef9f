"""Verdict to plain text, for a terminal or a log: one screen, the answer first, the worst next."""

from __future__ import annotations

import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearance.model import Decision, Finding, Ruling, Verdict, Waiver
from clearance.render import words
from clearance.render.words import NOTHING, Explain, Line, clean, unexplained

FINDINGS = 10
_FEWEST = 3
_REASONS = 12
_OUTPUT_LINES = 12
_MEASURES = 4
_WAIVERS = 2
_RULES = 3
_COLUMN = 48
_MESSAGE = 200
_NARROW = 60
_SCREEN = 30  # a longer text repeats its answer at the end, where a terminal stops
_INDENT = " " * 9
_COLOURS = {Decision.PASS: "32", Decision.UNKNOWN: "33", Decision.FAIL: "31"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How much of each check is shown, and where the rest is; a finding's line has at most `width` characters."""

    outputs: Mapping[str, str]
    reproduce: Mapping[str, str]
    file: str
    findings: int
    waivers: int
    width: int | None


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    colour: bool = False,
    file: str = "verdict.json",
    width: int | None = None,
    explain: Explain = unexplained,
    **_context: object,
) -> str:
    """Put a verdict into lines; `file` is where the reader finds what is left out, `colour` asks for ANSI colours.

    Findings are cut to `width` characters, where that is the terminal's. `explain` returns what is known of a rule.
    """
    lines = [*_head(verdict), ""]
    widest = max((len(clean(ruling.check, 60)) for ruling in verdict.rulings), default=0)
    failing = sum(bool(ruling.blocking) for ruling in verdict.rulings)
    manner = _Manner(
        outputs=outputs,
        reproduce=reproduce,
        file=file,
        findings=max(_FEWEST, FINDINGS // max(1, failing - 1)),  # however many fail, it is one screen or little more
        waivers=_WAIVERS if failing <= _WAIVERS else 0,
        width=width,
    )
    for line in words.lines(verdict):
        body = list(_check(line, verdict, manner))
        lines += [_title(line, widest), *(_INDENT + text for text in body)]
        lines += [""] if line.ruling.decision is not Decision.PASS else []
    notes = [*_waivers(verdict), *_explained(verdict, explain)]
    lines += ["", *notes] if notes and lines[-1] else notes
    while not lines[-1]:
        lines.pop()
    if len(lines) > _SCREEN:
        lines += ["", f"{_word(verdict.decision)}{_names(verdict)}"]
    return "\n".join(_coloured(line) if colour else _inert(line) for line in lines) + "\n"


def _inert(line: str) -> str:
    """Keep a line from being a command to the runner of a GitHub workflow: those begin with two colons."""
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line


def _word(decision: Decision) -> str:
    return f"{decision.name:<{len(_INDENT)}}"


def _names(verdict: Verdict) -> str:
    """Return the checks that did not pass, by name."""
    said = []
    for decision, verb in ((Decision.FAIL, "failed"), (Decision.UNKNOWN, "unknown")):
        names = [clean(ruling.check, 60) for ruling in verdict.rulings if ruling.decision is decision]
        more = f" and {len(names) - FINDINGS:,} more" if len(names) > FINDINGS else ""
        said += [f"{verb}: {', '.join(names[:FINDINGS])}{more}"] if names else []
    return "; ".join(said) or words.tally(verdict)


def _head(verdict: Verdict) -> Iterator[str]:
    yield f"{_word(verdict.decision)}{words.subject(verdict.subject)}"
    policy = f"policy {words.short(verdict.policy_digest)}" if verdict.policy_digest else "no policy digest"
    yield f"{_INDENT}stage {verdict.stage}: {words.tally(verdict)}; {policy}; judged {words.moment(verdict.judged_at)}"
    yield from (f"{_INDENT}! {caveat}" for caveat in words.caveats(verdict))


def _title(line: Line, width: int) -> str:
    name = clean(line.ruling.check, 60)
    return f"{_word(line.ruling.decision)}{name:<{width}}  " + ", ".join(
        part for part in (line.reach, line.took) if part
    )


def _check(line: Line, verdict: Verdict, manner: _Manner) -> Iterator[str]:
    ruling = line.ruling
    passed = ruling.decision is Decision.PASS
    if not passed:
        yield from (f"- {clean(reason, 400)}" for reason in ruling.reasons[:_REASONS])
        if len(ruling.reasons) > _REASONS:
            yield f"- and {words.count(len(ruling.reasons) - _REASONS, 'reason')} more: see {manner.file}"
    yield from _findings(ruling.blocking, manner)
    if ruling.new:
        yield f"{words.count(len(ruling.new), 'finding')} of rules that are new, shown and not counted:"
        yield from _findings(ruling.new, manner)
    if ruling.tolerated:
        yield f"{words.count(len(ruling.tolerated), 'finding')} below the line that blocks: see {manner.file}"
    yield from _waived(ruling, verdict, manner)
    if ruling.measures:
        more = f" and {len(ruling.measures) - _MEASURES:,} more" if len(ruling.measures) > _MEASURES else ""
        yield f"measured: {'; '.join(words.measure(one) for one in ruling.measures[:_MEASURES])}{more}"
    if not passed:
        yield from _last_words(ruling, manner)
        again = words.again(ruling.check, verdict.stage, manner.reproduce)
        if not any(again in reason for reason in ruling.reasons):
            yield f"run it again: {again}"


def _waived(ruling: Ruling, verdict: Verdict, manner: _Manner) -> Iterator[str]:
    """Name each waiver beside what it covers; of more than a few, those that expire first."""
    used = words.by_waiver(ruling)
    shown = len(used)
    if shown > manner.waivers + 1:
        used.sort(key=lambda each: each[0].expires)
        shown = manner.waivers
    for waiver, number in used[:shown]:
        said = f"{words.count(number, 'finding')} waived: {_waiver(waiver, verdict, ruling.check)}"
        yield said if manner.width is None else _fit(said, max(manner.width, _NARROW) - len(_INDENT))
    if rest := used[shown:]:
        findings = words.count(sum(number for _, number in rest), "finding")
        waivers = words.count(len(rest), "further waiver" if shown else "waiver")
        yield f"{findings} waived by {waivers}, none of which expires before {rest[0][0].expires}: see {manner.file}"


def _last_words(ruling: Ruling, manner: _Manner) -> Iterator[str]:
    """Show what the tool printed last, where no finding says what is wrong."""
    said = [] if ruling.blocking else words.tail(manner.outputs.get(ruling.check, ""), _OUTPUT_LINES)
    yield from ["its own last words:"] if said else []
    yield from (f"| {text}" for text in said)


def _findings(findings: Sequence[Finding], manner: _Manner) -> Iterator[str]:
    """Set the first findings in columns, none of them so wide that a long path pushes the rest away."""
    number = manner.findings if len(findings) > manner.findings + 1 else len(findings)
    shown, rest = findings[:number], findings[number:]
    rows = [(words.place(one), clean(one.rule, 80), words.severity(one)) for one in shown]
    widths = [min(_COLUMN, max(map(_cells, column))) for column in zip(*rows, strict=True)]
    for one, row in zip(shown, rows, strict=True):
        cells = "  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True))
        silenced = " [silenced in the code]" if one.suppressed else ""
        room = _MESSAGE
        if manner.width is not None:
            room = min(room, max(manner.width, _NARROW) - len(_INDENT) - _cells(cells) - 2 - len(silenced))
        yield f"{cells}  {_fit(clean(one.message, _MESSAGE), max(room, 20))}{silenced}"
    if rest:
        rules = Counter(one.rule for one in rest).most_common(_RULES + 1)
        often = ", ".join(f"{clean(rule, 40)} {number:,}" for rule, number in rules[:_RULES])
        yield f"and {len(rest):,} more ({often}{', …' if rules[_RULES:] else ''}): see {manner.file}"


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: Unicode Standard Annex 11, "East Asian Width"."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in {"W", "F"} for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _fit(text: str, columns: int) -> str:
    """Cut a text to what fits, and say so."""
    if _cells(text) <= columns:
        return text
    end = next(end for end in range(len(text), -1, -1) if _cells(text[:end]) < columns)
    return text[:end].rstrip() + "…"


def _waiver(waiver: Waiver, verdict: Verdict, check: str | None = None) -> str:
    owner, reason = clean(waiver.owner, 60), clean(waiver.reason, 160)
    return f"{words.waiver(waiver, check)}; owner {owner}, {words.expiry(waiver, verdict.judged_at)}: {reason}"


def _waivers(verdict: Verdict) -> Iterator[str]:
    for waiver in verdict.expired_waivers:
        yield f"expired waiver, renew or delete it: {_waiver(waiver, verdict)}"
    for waiver in verdict.idle_waivers:
        yield f"idle waiver, {words.idleness(waiver)}: {_waiver(waiver, verdict)}"


def _explained(verdict: Verdict, explain: Explain) -> Iterator[str]:
    """Say how to ask what the rules that block are for."""
    first = {finding.rule for ruling in verdict.rulings for finding in ruling.blocking[:FINDINGS]}
    rules = [rule for rule in sorted(first) if list(explain(rule))]
    if rules:
        yield f"what a rule is for, and what to do: clearance explain {shlex.quote(clean(rules[0], 80))}"


def _coloured(line: str) -> str:
    for decision, code in _COLOURS.items():
        if line.startswith(_word(decision)):
            return f"\x1b[1;{code}m{decision.name}\x1b[0m{line.removeprefix(decision.name)}"
    return line
