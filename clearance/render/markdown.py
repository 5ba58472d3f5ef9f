"""Verdict to GitHub-flavoured Markdown, for a job's summary or a comment: the answer first, details folded.

GitHub drops a summary of more than 1 MiB whole (GitHub Docs, "Workflow commands for GitHub Actions", job summaries)
and refuses a comment of more than 65,536 characters, so the page stops before that and says what it left out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from clearance.model import Decision, Finding, Ruling, Verdict, Waiver
from clearance.render import words
from clearance.render.words import NOTHING, Line, clean

LIMIT = 900 * 1024
COMMENT = 65_536  # counted in bytes, of which there are never fewer than characters
FINDINGS = 200
_RESERVE = 4096  # what closes the page always fits
_REASONS = 20
_OUTPUT_LINES = 40
_SIGNS = {Decision.PASS: "✅ PASS", Decision.UNKNOWN: "❔ UNKNOWN", Decision.FAIL: "❌ FAIL"}
_MARKUP = re.compile(r"\A\s*(?:[-+=]|\d+[.)])|[`*_{}\[\]<>#!|~@&\\$:^]")
_LINKED = re.compile(r"(?<=[@#])|(?=://)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)
_GAP = "\u200b"


class _Page:
    """Blocks of lines, as many as fit."""

    def __init__(self, limit: int) -> None:
        self.lines: list[str] = []
        self.left = limit - _RESERVE
        self.left_out = 0

    def add(self, *lines: str) -> bool:
        """Add all of these lines or none, and say which."""
        size = sum(len(line.encode()) + 1 for line in lines)
        if size > self.left:
            return False
        self.left -= size
        self.lines += lines
        return True

    def table(self, columns: Iterable[str], rows: Iterable[str]) -> int:
        """Add a table with as many rows as fit; return how many did not."""
        titles = list(columns)
        if not self.add("", f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"):
            return sum(1 for _ in rows)
        return sum(not self.add(row) for row in rows)


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    file: str = "verdict.json",
    limit: int = LIMIT,
    **_context: object,
) -> str:
    """Put a verdict into Markdown of at most `limit` bytes (16 KiB at least); `file` holds what is left out."""
    page = _Page(limit)
    page.add(f"### {_SIGNS[verdict.decision]}: {prose(words.subject(verdict.subject))}", "")
    page.add(f"Stage {verdict.stage}: {words.tally(verdict)}. Judged {words.moment(verdict.judged_at)}.")
    for caveat in words.caveats(verdict):
        page.add("", f"> {prose(caveat)}")
    lines = words.lines(verdict)
    hidden = page.table(["", "Check", "Looked at", "Took", "Why"], (_row(line) for line in lines))
    if hidden:
        page.add("", f"and {words.count(hidden, 'check')} more in {code(file)}")
    _waivers(page, verdict)
    folded = sum(not _details(page, line, verdict, outputs, reproduce, file) for line in lines)
    page.left += _RESERVE
    if folded:
        page.add("", f"The details of {words.count(folded, 'check')} did not fit here: see {code(file)}.")
    policy = words.short(verdict.policy_digest)
    page.add("", f"<sub>policy {code(policy)}, Clearance {prose(clean(verdict.version, 40))}</sub>")
    return "\n".join(page.lines) + "\n"


def render_comment(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into Markdown that fits a comment on a pull request."""
    return render(verdict, outputs=outputs, reproduce=reproduce, file=file, limit=COMMENT)


def prose(text: str) -> str:
    """Escape text so that it stays text: no markup, no HTML, and nothing that GitHub would link or notify."""
    return _escape(_LINKED.sub(_GAP, text))


def code(text: str) -> str:
    """Escape text as code, in which GitHub links nothing."""
    return f"<code>{_escape(text)}</code>"


def _escape(text: str) -> str:
    """Write what could be markup as character references, which Markdown never takes for markup (CommonMark 2.5)."""
    return _MARKUP.sub(lambda found: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in found[0]), text)


def _row(line: Line) -> str:
    ruling = line.ruling
    reasons = "" if ruling.decision is Decision.PASS else prose(clean("; ".join(ruling.reasons[:3]), 300))
    apart = {"new": ruling.new, "waived": ruling.waived}
    why = "<br>".join([*([reasons] if reasons else []), *(f"{len(n):,} {name}" for name, n in apart.items() if n)])
    return (
        f"| {_SIGNS[ruling.decision]} | {code(clean(ruling.check, 80))} | {prose(line.reach)} | {line.took} | {why} |"
    )


def _waivers(page: _Page, verdict: Verdict) -> None:
    """Name the waivers that want something from someone."""
    titled = [("expired", waiver) for waiver in verdict.expired_waivers]
    titled += [(f"idle: {prose(words.idleness(waiver))}", waiver) for waiver in verdict.idle_waivers]
    if titled:
        rows = (_waiver(waiver, verdict, state) for state, waiver in titled)
        page.table(["Waiver", "State", "Owner", "Expiry", "Reason"], rows)


def _waiver(waiver: Waiver, verdict: Verdict, state: str) -> str:
    owner, reason = prose(clean(waiver.owner, 80)), prose(clean(waiver.reason, 300))
    return (
        f"| {prose(words.waiver(waiver))} | {state} | {owner} | {words.expiry(waiver, verdict.judged_at)} | {reason} |"
    )


def _details(
    page: _Page, line: Line, verdict: Verdict, outputs: Mapping[str, str], reproduce: Mapping[str, str], file: str
) -> bool:
    """Add one check's folded details, if there is anything to unfold; False if not even their title fits."""
    ruling = line.ruling
    passed = ruling.decision is Decision.PASS
    if passed and not (_number(ruling) or ruling.measures):
        return True
    title = f"<b>{code(clean(ruling.check, 80))}</b>: {_SIGNS[ruling.decision]}"
    if not page.add("", f"<details><summary>{title}, {_numbers(ruling)}</summary>", ""):
        return False
    for reason in ruling.reasons[:_REASONS]:
        page.add(f"- {prose(clean(reason, 600))}")
    _findings(page, ruling, file)
    if ruling.waived:
        rows = (_waiver(w, verdict, f"covers {words.count(n, 'finding')}") for w, n in words.by_waiver(ruling))
        page.table(["Waiver", "State", "Owner", "Expiry", "Reason"], rows)
    if ruling.measures:
        page.add("", "Measured: " + "; ".join(prose(words.measure(one)) for one in ruling.measures[:50]))
    if not passed:
        said = "\n".join(_escape(text) for text in words.tail(outputs.get(ruling.check, ""), _OUTPUT_LINES))
        if said:
            page.add("", f"<pre>{said}</pre>")
        page.add("", f"Run it again: {code(words.again(ruling.check, verdict.stage, reproduce))}")
    page.lines += ["", "</details>"]
    page.left -= len("\n</details>\n")
    return True


def _numbers(ruling: Ruling) -> str:
    parts = {"blocking": ruling.blocking, "new": ruling.new, "tolerated": ruling.tolerated, "waived": ruling.waived}
    said = [f"{len(findings):,} {name}" for name, findings in parts.items() if findings]
    return ", ".join(said) or "no findings"


def _number(ruling: Ruling) -> int:
    return len(ruling.blocking) + len(ruling.new) + len(ruling.tolerated) + len(ruling.waived)


def _findings(page: _Page, ruling: Ruling, file: str) -> None:
    number = _number(ruling)
    if number:
        rows = itertools.islice(_placed(ruling), FINDINGS)
        hidden = page.table(["", "Where", "Rule", "Severity", "Message"], (_finding(*row) for row in rows))
        hidden += max(0, number - FINDINGS)
        if hidden:
            page.add("", f"and {words.count(hidden, 'finding')} more in {code(file)}")


def _placed(ruling: Ruling) -> Iterator[tuple[str, Finding]]:
    yield from (("blocks", finding) for finding in ruling.blocking)
    yield from (("new", finding) for finding in ruling.new)
    yield from (("waived", waived.finding) for waived in ruling.waived)
    yield from (("tolerated", finding) for finding in ruling.tolerated)


def _finding(state: str, finding: Finding) -> str:
    silenced = " (silenced in the code)" if finding.suppressed else ""
    where, rule = code(words.place(finding)), code(clean(finding.rule, 80))
    return (
        f"| {state} | {where} | {rule} | {words.severity(finding)} | {prose(clean(finding.message, 300))}{silenced} |"
    )
