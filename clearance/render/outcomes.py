"""Verdict to the outcomes of a Terraform Cloud run task, the worst first; every limit of its answers is held here.

Terraform Cloud publishes limits and promises nothing about what exceeds them, so nothing does: a text is cut and shows
it, and what is left out is counted. Message and body are rendered as Markdown, so whatever a plan could have written is
escaped in them. Format and limits:
https://developer.hashicorp.com/terraform/cloud-docs/api-docs/tasks/run-tasks-integration and the JSON schemas of the
run tasks' results that HashiCorp publishes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from clearance.model import Decision, Finding, Json, Ruling, Severity, Verdict
from clearance.render import words
from clearance.render.markdown import prose
from clearance.render.words import clean

Status = Literal["running", "passed", "failed"]
Level = Literal["none", "info", "warning", "error"]

MESSAGE, URL, OUTCOMES, ID, DESCRIPTION, BODY, TAGS, LABEL, LABELS = 1000, 500, 250, 64, 1000, 10_000, 10, 32, 32
BYTES = 256 * 1024  # of the whole document: none is published; an answer is kept as one item of DynamoDB, of 400 KB
_AROUND, _LAST = 8192, 1024  # bytes of it for all that is no outcome, and for the one that counts the others
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")
_REASONS = 20
_LEVELS: Mapping[Severity, Level] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFO: "info",
}
ANSWERS: Mapping[Decision, tuple[str, Level]] = {
    Decision.FAIL: ("Failed", "error"),
    Decision.UNKNOWN: ("Unknown", "warning"),
    Decision.PASS: ("Passed", "none"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label with its colour; the tags named `Status` and `Severity` are shown apart."""

    label: str
    level: Level = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row below the task's message. `description` is one line of plain text, `body` Markdown."""

    id: str
    description: str
    body: str = ""
    url: str | None = None
    tags: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)


def render(verdict: Verdict) -> tuple[Outcome, ...]:
    """Make the outcomes of a verdict, the worst first, at most 250; the last one counts those that did not fit."""
    return within(each(verdict), number(verdict))


def within(found: Iterable[Outcome], total: int) -> tuple[Outcome, ...]:
    """Take as many of `total` outcomes as an answer may hold; where not all fit the last one counts the others."""
    made: list[Outcome] = []
    ends = [0]
    for outcome in itertools.islice(found, OUTCOMES + 1):
        made.append(outcome)
        ends.append(ends[-1] + len(json.dumps(_row(outcome))) + 2)
        if ends[-1] > BYTES - _AROUND:
            break
    if len(made) == total <= OUTCOMES and ends[-1] <= BYTES - _AROUND:
        return tuple(made)
    while len(made) >= OUTCOMES or ends[len(made)] > BYTES - _AROUND - _LAST:
        made.pop()
    return (*made, _left_out(total - len(made)))


def note(name: str, text: str, *, label: str, level: Level, details: str = "") -> Outcome:
    """Make an outcome that is about the run and no finding: `text` and `details` may be anybody's."""
    return Outcome(id=name, description=clean(text, DESCRIPTION), body=escaped(details, BODY), tags=_tags(label, level))


def escaped(text: str, limit: int) -> str:
    """Escape text for Markdown so that the result, which is longer, is of at most `limit` characters."""
    room = limit
    while True:
        # a colon means something to GitHub alone, and stands in every sentence of ours
        made = prose(clean(text, room)).replace("&#58;", ":") if room > 0 else ""
        if _length(made) <= limit:
            return made
        room = min(room - 1, room * limit // _length(made))


def document(status: Status, said: str, outcomes: Sequence[Outcome] = (), *, url: str | None = None) -> Json:
    """Make the body of the callback. Whoever made the parts, none of them exceeds a limit afterwards.

    `said` is Markdown already. A `url` that is no plain http or https address is left out.
    """
    attributes: Json = {"status": status, "message": _cut(said.strip(), MESSAGE) or status}
    if address := _address(url):
        attributes["url"] = address
    body: Json = {"data": {"type": "task-results", "attributes": attributes}}
    if rows := [_row(outcome) for outcome in within(outcomes, len(outcomes))]:
        body["data"]["relationships"] = {"outcomes": {"data": rows}}
    return body


def _row(outcome: Outcome) -> Json:
    attributes: Json = {
        "outcome-id": _cut(clean(outcome.id, ID), ID) or "outcome",
        "description": _cut(clean(outcome.description, DESCRIPTION), DESCRIPTION) or "no description",
    }
    if body := _cut(outcome.body, BODY):
        attributes["body"] = body
    if address := _address(outcome.url):
        attributes["url"] = address
    named = ((name, labels) for name, labels in outcome.tags.items() if _TAG.fullmatch(name) and labels)
    if tags := {name: _labels(labels) for name, labels in itertools.islice(named, TAGS)}:
        attributes["tags"] = tags
    return {"type": "task-result-outcomes", "attributes": attributes}


def _labels(tags: Sequence[Label]) -> list[Json]:
    return [{"label": _cut(clean(tag.label, LABEL), LABEL) or "none", "level": tag.level} for tag in tags[:LABELS]]


def each(verdict: Verdict) -> Iterator[Outcome]:
    """Yield what holds the run, each answer before its findings; then what was let go; then what is well."""
    if verdict.override is not None:
        yield note("override", words.overridden(verdict.override), label="Overridden", level="warning")
    worst_first = sorted(verdict.rulings, key=lambda ruling: ruling.decision, reverse=True)
    held = [ruling for ruling in worst_first if ruling.decision is not Decision.PASS]
    yield from map(_answer, held)
    yield from _findings(
        ("Failed" if ruling.decision is Decision.FAIL else "Blocking", ruling.check, finding)
        for ruling in held
        for finding in ruling.blocking
    )
    yield from (_answer(ruling) for ruling in worst_first if ruling.decision is Decision.PASS)
    yield from _findings(
        (state, ruling.check, finding)
        for ruling in worst_first
        for state, finding in _let_go(ruling, blocking=ruling.decision is Decision.PASS)
    )


def _let_go(ruling: Ruling, *, blocking: bool) -> Iterator[tuple[str, Finding]]:
    if blocking:  # fewer than are allowed
        yield from (("Allowed", finding) for finding in ruling.blocking)
    yield from (("Waived", waived.finding) for waived in ruling.waived)
    yield from (("New", finding) for finding in ruling.new)
    yield from (("Below", finding) for finding in ruling.tolerated)


def number(verdict: Verdict) -> int:
    """Count what `each` yields, without making it."""
    findings = sum(len(r.blocking) + len(r.new) + len(r.tolerated) + len(r.waived) for r in verdict.rulings)
    return len(verdict.rulings) + findings + (verdict.override is not None)


def _answer(ruling: Ruling) -> Outcome:
    label, level = ANSWERS[ruling.decision]
    reasons = [f"- {escaped(reason, 600)}" for reason in ruling.reasons[:_REASONS]]
    reasons += [
        f"- {number:,} waived: {escaped(words.waiver(waiver, ruling.check), 300)}: {escaped(waiver.reason, 300)} "
        f"({escaped(waiver.owner, 80)}, until {waiver.expires})"
        for waiver, number in words.by_waiver(ruling)
    ]
    return Outcome(
        id=ruling.check,
        description=clean(f"{ruling.check}: {'; '.join(ruling.reasons[:3]) or 'nothing to say'}", DESCRIPTION),
        body=_fitting(reasons, BODY, between="\n"),
        tags=_tags(label, level),
    )


def _findings(found: Iterable[tuple[str, str, Finding]]) -> Iterator[Outcome]:
    rank = {severity: -number for number, severity in enumerate(Severity)}
    for state, check, finding in sorted(found, key=lambda one: rank[one[2].severity or Severity.HIGH]):
        severity = finding.severity or Severity.HIGH
        level: Level = "error" if state == "Failed" else "warning" if state == "Blocking" else "info"
        rows = [
            escaped(finding.message, 2000),
            f"Where: {escaped(words.place(finding), 700)}",
            f"Rule: {escaped(finding.rule, 200)}, of check {escaped(check, 100)}",
        ]
        yield Outcome(
            id=finding.rule,
            description=clean(f"{words.place(finding)}: {finding.message}", DESCRIPTION),
            body=_fitting(rows, BODY, between="\n\n"),
            url=finding.help_url,
            tags=_tags(state, level) | {"Severity": (Label(label=str(severity).title(), level=_LEVELS[severity]),)},
        )


def _left_out(count: int) -> Outcome:
    return Outcome(
        id="left-out",
        description=f"{count:,} more do not fit here; the worst come first",
        tags=_tags("Left out", "warning"),
    )


def _tags(label: str, level: Level) -> dict[str, tuple[Label, ...]]:
    return {"Status": (Label(label=label, level=level),)}


def _fitting(parts: Iterable[str], limit: int, between: str = " ") -> str:
    """Join as many parts as fit whole, and say so where one did not."""
    made, more = "", f"{between}(more than fits here)"
    for part in parts:
        longer = f"{made}{between}{part}" if made else part
        if _length(longer) > limit - len(more):
            return made + more if made else _cut(part, limit)
        made = longer
    return made


def _cut(text: str, limit: int) -> str:
    """Cut text that is too long, never within a character reference, and show that it was cut."""
    text = text.encode("utf-8", "replace").decode()  # half a character is none, and JSON could not hold it
    if _length(text) <= limit:
        return text
    units = text.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore")
    return re.sub(r"&[#\w]{0,8}\Z", "", units).rstrip() + "…"


def _length(text: str) -> int:
    """Count as JavaScript does, which is never less than any other count of characters."""
    return len(text) + sum(1 for c in text if c > "\uffff")


def _address(url: str | None) -> str | None:
    """Return an address that can be shown as a link, or None."""
    return url if url and len(url) <= URL and _ADDRESS.fullmatch(url) else None
