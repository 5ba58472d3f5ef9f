"""Verdict to workflow commands, which GitHub Actions turns into annotations: the worst first, within its limits.

Of each kind a step may make ten, and what is beyond is dropped without a word (GitHub Docs, "Workflow commands"); so
the tenth says how many there are besides. Nothing that a tool says can be taken for a command of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clearance.model import Decision, Finding, Ruling, Severity, Verdict
from clearance.render import words
from clearance.render.words import NOTHING, clean

LIMIT = 10
_TEXT = 1000
_TITLE = 200  # GitHub takes 255 characters
_LINES = 2**31 - 1
_NEW, _BELOW = "new, not counted: ", "below the line that blocks: "
_RANKS = {severity: -number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    title: str
    message: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    ruling: Ruling
    finding: Finding
    state: str = ""


def _rank(found: _Found) -> int:
    """Order findings by severity, the worst first; one that nobody rated counts as high."""
    return _RANKS[found.finding.severity or Severity.HIGH]


def render(
    verdict: Verdict,
    *,
    reproduce: Mapping[str, str] = NOTHING,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into commands, a line each: errors for what blocks or is unknown, warnings, one notice."""
    lines = words.lines(verdict)
    failing = [line.ruling for line in lines if line.ruling.decision is not Decision.PASS]
    blocking = [_Found(ruling, one) for ruling in failing for one in ruling.blocking]
    others = [_Found(line.ruling, one, _NEW) for line in lines for one in line.ruling.new]
    others += [_Found(line.ruling, one, _BELOW) for line in lines for one in line.ruling.tolerated]
    commands = [
        *_commands("error", [*_errors(verdict, failing, reproduce)], blocking, file),
        *_commands("warning", [*_warnings(verdict)], others, file),
        _command("notice", _answer(verdict)),
    ]
    return "\n".join(commands) + "\n"


def _errors(verdict: Verdict, failing: Iterable[Ruling], reproduce: Mapping[str, str]) -> Iterator[_Note]:
    """What no finding says: reasons that concern the whole, and those of checks without a finding that blocks."""
    for reason in verdict.reasons:
        yield _Note(title="Clearance", message=clean(reason, _TEXT))
    for ruling in failing:
        if not ruling.blocking:
            state = "fails" if ruling.decision is Decision.FAIL else "is unknown"
            again = words.again(ruling.check, verdict.stage, reproduce)
            said = "; ".join(clean(reason, 300) for reason in ruling.reasons[:3])
            yield _Note(title=f"{clean(ruling.check, 80)} {state}", message=f"{said}; run it again: {again}")


def _warnings(verdict: Verdict) -> Iterator[_Note]:
    for caveat in words.caveats(replace(verdict, reasons=())):
        yield _Note(title="Clearance", message=caveat)
    for waiver in verdict.expired_waivers:
        said = f"{words.waiver(waiver)}; owner {clean(waiver.owner, 80)}, {words.expiry(waiver, verdict.judged_at)}"
        yield _Note(title="a waiver has expired", message=said)


def _answer(verdict: Verdict) -> _Note:
    said = f"{verdict.decision.name}: {words.subject(verdict.subject)}; {words.tally(verdict)}"
    waived = sum(len(ruling.waived) for ruling in verdict.rulings)
    for decision, verb in ((Decision.FAIL, "failed"), (Decision.UNKNOWN, "unknown")):
        names = [clean(ruling.check, 60) for ruling in verdict.rulings if ruling.decision is decision]
        said += f"; {verb}: {', '.join(names)}" if names else ""
    said += f"; {words.count(waived, 'finding')} waived" if waived else ""
    return _Note(title="Clearance", message=clean(said, _TEXT))


def _note(found: _Found) -> _Note:
    finding = found.finding
    where = "" if finding.path and not finding.resource else f"{words.place(finding)}: "
    return _Note(
        title=f"{clean(found.ruling.check, 60)}: {clean(finding.rule, 80)} ({words.severity(finding)})",
        message=f"{found.state}{where}{clean(finding.message, _TEXT)}",
        path=finding.path,
        line=finding.line if finding.line is not None and 0 < finding.line <= _LINES else None,
    )


def _commands(kind: str, notes: Sequence[_Note], found: Sequence[_Found], file: str) -> Iterator[str]:
    """Give the notes and then the worst findings, or nine of them and how many there are besides."""
    number = len(notes) + len(found)
    room = LIMIT if number <= LIMIT else LIMIT - 1
    shown = [*notes[:room], *map(_note, heapq.nsmallest(max(0, room - len(notes)), found, key=_rank))]
    yield from (_command(kind, note) for note in shown)
    if number > len(shown):
        more = f"and {number - len(shown):,} more, which GitHub would drop: see the summary, or {file}"
        yield _command(kind, _Note(title="Clearance", message=more))


def _command(kind: str, note: _Note) -> str:
    known = {"file": clean(note.path, 1000) if note.path else None, "line": note.line, "title": note.title[:_TITLE]}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in known.items() if value)
    return f"::{kind} {properties}::{_data(note.message)}"


def _data(text: str) -> str:
    """Escape a message as the runner unescapes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
