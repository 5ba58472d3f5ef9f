"""Verdict to the annotations of a check run, the worst first, within GitHub's limits; pure.

Limits: https://docs.github.com/en/rest/checks/runs, 50 annotations a request, 64 KB a message, 255 characters a title.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from clearance.model import Decision, Finding, Json, Ruling, Severity, Verdict
from clearance.render import words
from clearance.render.words import clean

PER_REQUEST = 50
LIMIT = 500  # ten requests: more than anybody reads
_MESSAGE, _TITLE = 4000, 255  # of any characters: four bytes each are far below 64 KB
_LINES = 2**31 - 1
_RANKS = {severity: -number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What is shown, and how many findings are not: beyond the limit, and without a file that could be shown."""

    shown: tuple[Json, ...]
    left_out: int
    placeless: int

    def __str__(self) -> str:
        said = [f"{words.count(len(self.shown), 'annotation')}"]
        said += [f"and {self.left_out:,} more"] if self.left_out else []
        said += [f"{words.count(self.placeless, 'finding')} without a file"] if self.placeless else []
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class _Found:
    kind: int  # blocks, new, below the line
    ruling: Ruling
    finding: Finding

    @property
    def rank(self) -> tuple[int, int]:
        return self.kind, _RANKS[self.finding.severity or Severity.HIGH]


_LEVELS = ("failure", "warning", "notice")
_STATES = ("", "new, not counted: ", "below the line that blocks: ")


def annotate(verdict: Verdict, limit: int = LIMIT) -> Annotations:
    """Choose the worst `limit` findings: those that block before those that do not, and by severity."""
    found = [
        _Found(kind, ruling, finding)
        for ruling in verdict.rulings
        for kind, findings in enumerate((ruling.blocking, ruling.new, ruling.tolerated))
        for finding in findings
        if kind or ruling.decision is not Decision.PASS
    ]
    placed = [one for one in found if one.finding.path]
    shown = heapq.nsmallest(limit, placed, key=lambda one: one.rank)
    return Annotations(
        shown=tuple(map(_annotation, shown)), left_out=len(placed) - len(shown), placeless=len(found) - len(placed)
    )


def _annotation(found: _Found) -> Json:
    finding = found.finding
    line = finding.line if finding.line is not None and 0 < finding.line <= _LINES else 1
    resource = f"{clean(finding.resource, 160)}: " if finding.resource else ""
    title = f"{clean(found.ruling.check, 60)}: {clean(finding.rule, 120)} ({words.severity(finding)})"
    return {
        "path": clean(finding.path or "", 1000),
        "start_line": line,
        "end_line": line,
        "annotation_level": _LEVELS[found.kind],
        "title": title[:_TITLE],
        "message": f"{_STATES[found.kind]}{resource}{clean(finding.message, _MESSAGE)}" or "(no message)",
    }
