"""Verdict to workflow commands, which GitHub Actions turns into annotations: the worst first, within its limits.

Of each kind a step may make ten, and what is beyond is dropped without a word (GitHub Docs, "Workflow commands"); so
the tenth says how many there are besides. Nothing that a tool says can be taken for a command of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearance.model import Decision, Finding, Ruling, Verdict
from clearance.render import words
from clearance.render.words import NOTHING, clean

LIMIT = 10
_TEXT = 1000
_TITLE = 200  # GitHub takes 255 characters
_LINES = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    title: str
    message: str
    path: str | None = None
    line: int | None = None


def render(
    verdict: Verdict,
    *,
    reproduce: Mapping[str, str] = NOTHING,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into commands, a line each: errors for what blocks or is unknown, warnings, one notice."""
    lines = [
        *_commands("error", list(_errors(verdict, reproduce)), file),
        *_commands("warning", list(_warnings(verdict)), file),
        *_commands("notice", [_answer(verdict)], file),
    ]
    return "\n".join(lines) + "\n"


def _errors(verdict: Verdict, reproduce: Mapping[str, str]) -> Iterator[_Note]:
    for reason in verdict.reasons:
        yield _Note(title="Clearance", message=clean(reason, _TEXT))
    lines = [line for line in words.lines(verdict) if line.ruling.decision is not Decision.PASS]
    for ruling in (line.ruling for line in lines if not line.ruling.blocking):  # else its findings say it
        state = "fails" if ruling.decision is Decision.FAIL else "is unknown"
        again = words.again(ruling.check, verdict.stage, reproduce)
        said = "; ".join(clean(reason, 300) for reason in ruling.reasons[:3])
        yield _Note(title=f"{clean(ruling.check, 80)} {state}", message=f"{said}; run it again: {again}")
    blocking = [(line.ruling, finding) for line in lines for finding in line.ruling.blocking]
    blocking.sort(key=lambda pair: _rank(pair[1]))
    yield from (_note(ruling, finding, "") for ruling, finding in blocking)


def _warnings(verdict: Verdict) -> Iterator[_Note]:
    for caveat in words.caveats(verdict)[len(verdict.reasons) :]:
        yield _Note(title="Clearance", message=caveat)
    for waiver in verdict.expired_waivers:
        said = f"{words.waiver(waiver)}; owner {clean(waiver.owner, 80)}, {words.expiry(waiver, verdict.judged_at)}"
        yield _Note(title="a waiver has expired", message=said)
    lines = words.lines(verdict)
    found = [(line.ruling, finding, "new, not counted: ") for line in lines for finding in line.ruling.new]
    found += [
        (line.ruling, finding, "below the line that blocks: ") for line in lines for finding in line.ruling.tolerated
    ]
    found.sort(key=lambda placed: _rank(placed[1]))
    yield from (_note(ruling, finding, said) for ruling, finding, said in found)


def _rank(finding: Finding) -> int:
    """Order findings by severity, the worst first; one that nobody rated counts as high."""
    severities = ("critical", "high", "unrated", "medium", "low", "info")
    return severities.index(words.severity(finding))


def _answer(verdict: Verdict) -> _Note:
    said = f"{verdict.decision.name}: {words.subject(verdict.subject)}; {words.tally(verdict)}"
    waived = sum(len(ruling.waived) for ruling in verdict.rulings)
    for decision, verb in ((Decision.FAIL, "failed"), (Decision.UNKNOWN, "unknown")):
        names = [clean(ruling.check, 60) for ruling in verdict.rulings if ruling.decision is decision]
        said += f"; {verb}: {', '.join(names)}" if names else ""
    said += f"; {words.count(waived, 'finding')} waived" if waived else ""
    return _Note(title="Clearance", message=clean(said, _TEXT))


def _note(ruling: Ruling, finding: Finding, state: str) -> _Note:
    rule = clean(finding.rule, 80)
    where = "" if finding.path and not finding.resource else f"{words.place(finding)}: "
    return _Note(
        title=f"{clean(ruling.check, 60)}: {rule} ({words.severity(finding)})",
        message=f"{state}{where}{clean(finding.message, _TEXT)}",
        path=finding.path,
        line=finding.line if finding.line is not None and 0 < finding.line <= _LINES else None,
    )


def _commands(kind: str, notes: list[_Note], file: str) -> Iterator[str]:
    shown = notes if len(notes) <= LIMIT else notes[: LIMIT - 1]
    yield from (_command(kind, note) for note in shown)
    if len(notes) > len(shown):
        more = f"and {len(notes) - len(shown):,} more, which GitHub would drop: see the summary, or {file}"
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
