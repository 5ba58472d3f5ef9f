"""Bandit's own JSON (`bandit -f json`), as Bandit 1.9.4 writes it.

Bandit exits 0 over a file that it cannot parse, over an empty folder and over a missing one; only the report tells.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from clearance.model import Finding, Materials, Reading, Severity
from clearance.readers.decoding import Count, Line, decode
from clearance.readers.identity import identified
from clearance.readers.moments import moment_of
from clearance.readers.places import Lines, relative
from clearance.readers.scrubbing import conceal

_SEVERITIES = {"HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}  # UNDEFINED: the policy decides

_Fraction = Annotated[float, msgspec.Meta(ge=0, le=1e15)]  # the counts of some versions read 1.0


class _Error(msgspec.Struct, frozen=True, gc=False):
    filename: str
    reason: str = ""


class _Result(msgspec.Struct, frozen=True, gc=False):
    filename: str
    issue_severity: str
    issue_text: str
    test_id: str
    line_number: Line | None = None
    code: str = ""
    more_info: str | None = None


class _Report(msgspec.Struct, frozen=True, gc=False):
    errors: list[_Error]
    metrics: dict[str, dict[str, Count | _Fraction]]
    results: list[_Result]
    generated_at: Any = None


def read(report: bytes, materials: Materials) -> Reading:
    """Read a Bandit report. Reach and `covered` are the files that Bandit lists and could parse.

    Problems: each file that it could not read; `nosec` comments that were obeyed; results that its totals count and
    its list lacks, which is what a severity level, a confidence level or a baseline on the command line does.
    Raises `UnreadableError` for anything but a Bandit report.
    """
    bandit = decode(report, _Report, "a Bandit JSON report")
    unread = {relative(error.filename, materials.root) for error in bandit.errors}
    listed = {relative(name, materials.root) for name in bandit.metrics if name != "_totals"}
    covered = tuple(sorted(listed - unread))
    return Reading(
        reach=len(covered),
        unit="files",
        covered=covered,
        findings=_findings(bandit, materials),
        problems=_problems(bandit, materials),
        tool="bandit",
        made_at=moment_of(bandit.generated_at),
    )


def _findings(bandit: _Report, materials: Materials) -> tuple[Finding, ...]:
    lines = Lines(materials.files)
    found = []
    for result in bandit.results:
        path = relative(result.filename, materials.root)
        line = result.line_number if result.line_number and result.line_number > 0 else None
        finding = Finding(
            rule=result.test_id,
            message=conceal(result.issue_text),
            severity=_SEVERITIES.get(result.issue_severity),
            path=path,
            line=line,
            help_url=result.more_info or None,
        )
        found.append((finding, _excerpt(result.code, line) or lines.text(path, line)))
    return identified("bandit", found)


def _excerpt(code: str, line: int | None) -> str:
    """Find the flagged line in Bandit's excerpt, each line of which begins with its number and a space."""
    prefix = f"{line} "
    return next((row.removeprefix(prefix) for row in code.split("\n") if row.startswith(prefix)), "")


def _problems(bandit: _Report, materials: Materials) -> tuple[str, ...]:
    problems = [
        f"bandit could not read {relative(error.filename, materials.root)}: {error.reason or 'no reason given'}; "
        "mend the file, or take it out of what bandit is given"
        for error in bandit.errors
    ]
    totals = bandit.metrics.get("_totals", {})
    files = [counts for name, counts in bandit.metrics.items() if name != "_totals"]
    silenced = sum(counts.get("nosec", 0) + counts.get("skipped_tests", 0) for counts in files)
    if silenced:
        problems.append(
            f"{silenced:g} nosec comments were obeyed, and what they hide is not in the report; run bandit with "
            "--ignore-nosec, and waive in the policy what is accepted"
        )
    counted = [count for key, count in totals.items() if key.startswith("SEVERITY.")]
    if counted and sum(counted) != len(bandit.results):
        problems.append(
            f"bandit counted {sum(counted):g} issues and lists {len(bandit.results)}; run it without a severity level "
            "(-l), a confidence level (-i) and a baseline (-b), and let the policy decide"
        )
    return tuple(problems)
