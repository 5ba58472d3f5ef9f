"""A report page's findings: the rows that stand in it, each one's anchor and source lines, and all of them as data."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from clearance.model import Finding, Json, Ruling, Waiver
from clearance.render import words
from clearance.render.words import Line, clean

SHOWN = 200  # rows of a check that stand in the page
EMBEDDED = 10_000  # findings of all checks that are in the page as data, from which a script makes further rows
AROUND = 2  # source lines shown before and after the one that is meant
_MESSAGE, _LINES = 600, 20
_FINGERPRINT = re.compile(r"[0-9A-Za-z]{12,}", re.ASCII)
_LINK = re.compile(r"https?://[^\s\"'<>]+\Z", re.IGNORECASE)

Sources = Mapping[str, Mapping[int, str]]
NO_SOURCES: Sources = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A finding, what became of it, the waiver beside it, and the numbered lines of the source around it."""

    state: str
    finding: Finding
    anchor: str
    waiver: Waiver | None = None
    excerpt: tuple[tuple[int, str], ...] = ()

    @property
    def message(self) -> list[str]:
        """The message, line by line, harmless; what is long is cut."""
        lines = self.finding.message.strip().splitlines()[:_LINES]
        return [clean(line.strip(), _MESSAGE) for line in lines if line.strip()]


class Anchors:
    """Gives out ids that no two things of a page share, and that stay the same from run to run."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def of_check(self, name: str, prefix: str = "check") -> str:
        """Name a check's place by the check, as far as its name can be a part of an address."""
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:80]
        return self._unique(f"{prefix}-{slug}")

    def of_finding(self, finding: Finding) -> str:
        """Name a finding's place by its fingerprint; one without is named by its turn."""
        said = finding.fingerprint.removeprefix("sha256:")
        return self._unique(f"finding-{said[:12]}" if _FINGERPRINT.match(said) else "finding-x")

    def _unique(self, anchor: str) -> str:
        self._taken[anchor] += 1
        return anchor if self._taken[anchor] == 1 else f"{anchor}.{self._taken[anchor]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A check's findings: the rows of the page, the same and further ones as data, and how many there are in all."""

    rows: list[Row]
    data: list[list[object]]
    total: int


def listings(lines: Iterable[Line], anchors: Anchors, sources: Sources, now: datetime) -> dict[str, Listing]:
    """List each check's findings, the worst first; where there are too many, the later checks' are cut first."""
    found: dict[str, Listing] = {}
    left = EMBEDDED
    for line in lines:
        ruling = line.ruling
        total = len(ruling.blocking) + len(ruling.new) + len(ruling.waived) + len(ruling.tolerated)
        kept = list(itertools.islice(_rows(ruling, anchors), max(left, SHOWN)))
        left -= len(kept)
        shown = [_with_source(row, sources) for row in kept[:SHOWN]]
        found[ruling.check] = Listing(rows=shown, data=[_data(row, now) for row in kept], total=total)
    return found


def shown(ruling: Ruling) -> list[Finding]:
    """Return the findings that have a row in the page itself."""
    return [row.finding for row in itertools.islice(_rows(ruling, Anchors()), SHOWN)]


def everything(ruling: Ruling) -> Iterator[Finding]:
    """Yield each finding of a check, whatever became of it."""
    yield from itertools.chain(ruling.blocking, ruling.new, ruling.tolerated)
    yield from (one.finding for one in ruling.waived)


def link(url: str | None) -> str | None:
    """Return the address if following it can only open a web page."""
    return url if url and url.isprintable() and _LINK.match(url) else None


def waived_by(waiver: Waiver, now: datetime) -> str:
    """Return who waives it, and until when."""
    return f"by {clean(waiver.owner, 80)}, {words.expiry(waiver, now)}"


def _rows(ruling: Ruling, anchors: Anchors) -> Iterator[Row]:
    for state, findings in (("blocks", ruling.blocking), ("new", ruling.new)):
        for finding in _worst_first(findings):
            yield Row(state=state, finding=finding, anchor=anchors.of_finding(finding))
    for one in ruling.waived:
        yield Row(state="waived", finding=one.finding, anchor=anchors.of_finding(one.finding), waiver=one.waiver)
    for finding in _worst_first(ruling.tolerated):
        yield Row(state="tolerated", finding=finding, anchor=anchors.of_finding(finding))


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Order by severity, keeping the order of the report within one; an unrated finding counts as high."""
    return sorted(findings, key=lambda finding: -_RANKS[words.severity(finding)])


_RANKS = {"info": 0, "low": 1, "medium": 2, "high": 3, "unrated": 3, "critical": 4}


def _with_source(row: Row, sources: Sources) -> Row:
    lines = sources.get(row.finding.path or "", {})
    at = row.finding.line
    if at is None or at not in lines:
        return row
    near = [(n, lines[n].expandtabs(4).rstrip()) for n in range(at - AROUND, at + AROUND + 1) if n in lines]
    common = min((_indent(text) for _, text in near if text), default=0)
    excerpt = tuple((n, " " * min(80, _indent(text) - common) + clean(text.strip(), 300)) for n, text in near)
    return replace(row, excerpt=excerpt)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _data(row: Row, now: datetime) -> list[object]:
    """Return a row as the script of the page reads it: see templates/report.js."""
    finding = row.finding
    return [
        row.anchor,
        row.state,
        words.severity(finding),
        clean(finding.rule, 200),
        link(finding.help_url) or "",
        words.place(finding),
        "\n".join(row.message),
        waived_by(row.waiver, now) if row.waiver else "",
        int(finding.suppressed),
    ]


def data(lines: Iterable[Line], found: Mapping[str, Listing], about: Json) -> Json:
    """Return what a program may take from the page: the decision and each check's, with findings as rows."""
    checks = [
        {
            "check": clean(line.ruling.check, 200),
            "decision": str(line.ruling.decision),
            "findings": found[line.ruling.check].total,
            "rows": found[line.ruling.check].data,
        }
        for line in lines
    ]
    return {**about, "checks": checks}
