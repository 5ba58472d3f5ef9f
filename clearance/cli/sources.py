"""Reads the lines near findings from the working tree, for the report page; never where a line may hold a secret."""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from clearance.model import Check, Verdict
from clearance.render import report_rows
from clearance.render.report_rows import AROUND, Sources

FILES, LARGEST, WIDEST = 200, 1_000_000, 400
_QUIET_READER = "detect-secrets"
_OF_SECRETS = re.compile(r"secret|passw|credential|token|private.?key|B10[567]", re.IGNORECASE)


def near(verdict: Verdict, checks: Mapping[str, Check], root: Path) -> Sources:
    """Return the lines around the findings that the page shows: path, then number from 1, then text.

    A file that is a link, lies elsewhere, is large or no text has none; nor have lines near a finding of a scanner for
    secrets, or of a rule about them, whichever check else points there.
    """
    wanted: dict[str, set[int]] = {}
    for finding in (finding for ruling in verdict.rulings for finding in report_rows.shown(ruling)):
        if finding.path and finding.line and (finding.path in wanted or len(wanted) < FILES):
            wanted.setdefault(finding.path, set()).update(_around(finding.line))
    secret = _secret(verdict, checks, wanted)
    found = {path: _lines(root, path, numbers - secret.get(path, set())) for path, numbers in wanted.items()}
    return {path: lines for path, lines in found.items() if lines}


def _around(line: int) -> range:
    return range(max(1, line - AROUND), line + AROUND + 1)


def _secret(verdict: Verdict, checks: Mapping[str, Check], paths: Collection[str]) -> dict[str, set[int]]:
    """Return the lines of these files near which something was found about secrets, of all findings that there are."""
    found: dict[str, set[int]] = {}
    for ruling in verdict.rulings:
        check = checks.get(ruling.check)
        of_secrets = check is not None and any(report.reader == _QUIET_READER for report in check.reports)
        for finding in report_rows.everything(ruling):
            if finding.line and finding.path in paths and (of_secrets or _OF_SECRETS.search(finding.rule)):
                found.setdefault(finding.path or "", set()).update(_around(finding.line))
    return found


def _lines(root: Path, path: str, numbers: set[int]) -> dict[int, str]:
    file = root / path
    try:
        info = file.lstat()
        if (
            not stat.S_ISREG(info.st_mode)
            or info.st_size > LARGEST
            or not file.resolve().is_relative_to(root.resolve())
        ):
            return {}
        text = file.read_bytes().decode("utf-8")
    except (OSError, ValueError, RuntimeError):
        return {}
    lines = text.split("\n")
    return {number: lines[number - 1][:WIDEST] for number in numbers if number <= len(lines)}
