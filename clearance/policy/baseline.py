"""The part of `clearance.toml` that `clearance baseline` writes: a check's old findings, one waiver between two lines.

Whatever stands outside those lines stays as it is, to the letter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from clearance.model import Finding, PolicyError, Waiver
from clearance.policy.shape import WaiverTable
from clearance.policy.waiver_entry import string

_BEGIN = "# >>> baseline of {check}: written by `clearance baseline {check}`, and may only shrink"
_END = "# <<< baseline of {check}"
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Where a check's baseline stands in the file's text, from `start` to `end`, and the waiver that it is."""

    start: int
    end: int
    table: WaiverTable


def find(text: str, check: str) -> Baseline | None:
    """Find the baseline of a check. Raises PolicyError where its lines or what stands between them were damaged."""
    name = re.escape(check)
    begins = list(re.finditer(rf"^# >>> baseline of {name}:.*\n?", text, re.MULTILINE))
    ends = list(re.finditer(rf"^# <<< baseline of {name}[ \t\r]*$\n?", text, re.MULTILINE))
    if not begins and not ends:
        return None
    damaged = PolicyError(
        f"the baseline of {check} is damaged: it is one [[waiver]] between a line `# >>>` and a line `# <<<`",
        "put it back as it was committed, or take it out and make it anew",
    )
    if len(begins) != 1 or len(ends) != 1 or begins[0].end() > ends[0].start():
        raise damaged
    try:
        tables = tomllib.loads(text[begins[0].end() : ends[0].start()])["waiver"]
        table = msgspec.convert(tables, list[WaiverTable])
    except (ValueError, KeyError, msgspec.ValidationError) as error:
        raise damaged from error
    if len(table) != 1 or table[0].checks != [check] or not table[0].prints:
        raise damaged
    return Baseline(start=begins[0].start(), end=ends[0].end(), table=table[0])


def put(text: str, check: str, waiver: Waiver | None, findings: Iterable[Finding]) -> str:
    """Give the file's text with this waiver as the check's baseline (None: without any), and all else as it was.

    `findings` are those that the waiver's fingerprints stand for: their rules and places become comments.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join(_lines(check, waiver, findings)) + newline if waiver else ""
    old = find(text, check)
    if old is not None:
        before = text[: old.start] if block else re.sub(r"(\r?\n)\r?\n\Z", r"\1", text[: old.start])
        return before + block + text[old.end :]
    if not block:
        return text
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + block


def _lines(check: str, waiver: Waiver, findings: Iterable[Finding]) -> list[str]:
    named = {finding.fingerprint: finding for finding in findings}
    return [
        _BEGIN.format(check=check),
        "[[waiver]]",
        f"checks = [{string(check)}]",
        f"owner = {string(waiver.owner)}",
        f"reason = {string(waiver.reason)}",
        f"expires = {waiver.expires.isoformat()}",
        "fingerprints = [",
        *(f'  "{WaiverTable.marked(each)}",{_comment(named.get(each))}' for each in waiver.fingerprints),
        "]",
        _END.format(check=check),
    ]


def _comment(finding: Finding | None) -> str:
    """Say which finding it is, without its line, which moves."""
    if finding is None:
        return ""
    text = f"{finding.rule} {finding.resource or finding.path or ''}".strip()[:_WIDTH]
    return f"  # {''.join(c if c.isprintable() else '?' for c in text)}"
