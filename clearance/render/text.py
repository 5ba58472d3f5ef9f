"""Verdict to plain text, for a terminal or a log: one screen, the answer first, the worst next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clearance.model import Decision, Finding, Verdict, Waiver
from clearance.render import words
from clearance.render.words import NOTHING, Line, clean

FINDINGS = 10
_REASONS = 12
_OUTPUT_LINES = 12
_MEASURES = 4
_COLUMN = 48
_SCREEN = 30  # a longer text repeats its answer at the end, where a terminal stops
_INDENT = " " * 9
_COLOURS = {Decision.PASS: "32", Decision.UNKNOWN: "33", Decision.FAIL: "31"}


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    colour: bool = False,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into lines; `file` is where the reader finds what is left out, `colour` asks for ANSI colours."""
    lines = [*_head(verdict), ""]
    width = max((len(clean(ruling.check, 60)) for ruling in verdict.rulings), default=0)
    for line in words.lines(verdict):
        body = list(_check(line, verdict, outputs, reproduce, file))
        lines += [_title(line, width), *(_INDENT + text for text in body)]
        lines += [""] if line.ruling.decision is not Decision.PASS else []
    waivers = list(_waivers(verdict))
    lines += ["", *waivers] if waivers and lines[-1] else waivers
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


def _check(
    line: Line, verdict: Verdict, outputs: Mapping[str, str], reproduce: Mapping[str, str], file: str
) -> Iterator[str]:
    ruling = line.ruling
    passed = ruling.decision is Decision.PASS
    if not passed:
        yield from (f"- {clean(reason, 400)}" for reason in ruling.reasons[:_REASONS])
        if len(ruling.reasons) > _REASONS:
            yield f"- and {words.count(len(ruling.reasons) - _REASONS, 'reason')} more: see {file}"
    yield from _findings(ruling.blocking, file)
    if ruling.new:
        yield f"{words.count(len(ruling.new), 'finding')} of rules that are new, shown and not counted:"
        yield from _findings(ruling.new, file)
    if ruling.tolerated:
        yield f"{words.count(len(ruling.tolerated), 'finding')} below the line that blocks: see {file}"
    for waiver, number in words.by_waiver(ruling):
        yield f"{words.count(number, 'finding')} waived: {_waiver(waiver, verdict, ruling.check)}"
    if ruling.measures:
        more = f" and {len(ruling.measures) - _MEASURES:,} more" if len(ruling.measures) > _MEASURES else ""
        yield f"measured: {'; '.join(words.measure(one) for one in ruling.measures[:_MEASURES])}{more}"
    if not passed:
        said = words.tail(outputs.get(ruling.check, ""), _OUTPUT_LINES)
        yield from ["its own last words:"] if said else []
        yield from (f"| {text}" for text in said)
        again = words.again(ruling.check, verdict.stage, reproduce)
        if not any(again in reason for reason in ruling.reasons):
            yield f"run it again: {again}"


def _findings(findings: Sequence[Finding], file: str) -> Iterator[str]:
    """Set the first findings in columns, none of them so wide that a long path pushes the rest away."""
    shown = findings[:FINDINGS]
    rows = [(words.place(one), clean(one.rule, 80), words.severity(one)) for one in shown]
    widths = [min(_COLUMN, max(map(len, column))) for column in zip(*rows, strict=True)]
    for one, row in zip(shown, rows, strict=True):
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{cells}  {clean(one.message, 200)}{' [silenced in the code]' if one.suppressed else ''}"
    if len(findings) > FINDINGS:
        yield f"and {len(findings) - FINDINGS:,} more: see {file}"


def _waiver(waiver: Waiver, verdict: Verdict, check: str | None = None) -> str:
    owner, reason = clean(waiver.owner, 60), clean(waiver.reason, 160)
    return f"{words.waiver(waiver, check)}; owner {owner}, {words.expiry(waiver, verdict.judged_at)}: {reason}"


def _waivers(verdict: Verdict) -> Iterator[str]:
    for waiver in verdict.expired_waivers:
        yield f"expired waiver, renew or delete it: {_waiver(waiver, verdict)}"
    for waiver in verdict.idle_waivers:
        yield f"idle waiver, {words.idleness(waiver)}: {_waiver(waiver, verdict)}"


def _coloured(line: str) -> str:
    for decision, code in _COLOURS.items():
        if line.startswith(_word(decision)):
            return f"\x1b[1;{code}m{decision.name}\x1b[0m{line.removeprefix(decision.name)}"
    return line
