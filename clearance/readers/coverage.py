"""The JSON of coverage.py (`coverage json`): which lines, and branches, of the source the tests ran.

Source: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html, as coverage.py 7 writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import msgspec

from clearance.model import Materials, Measure, Reading
from clearance.readers.decoding import Count, decode
from clearance.readers.places import relative

_TOLERANCE = 0.01
"""How far, in percent points, the report's own percentage may lie from its counts: it is rounded only for display."""


_NAMED = 3  # so many files are named in a problem; the rest is counted


class _Meta(msgspec.Struct, frozen=True, gc=False):
    version: str


class _Totals(msgspec.Struct, frozen=True, gc=False):
    covered_lines: Count
    num_statements: Count
    percent_covered: float
    covered_branches: Count = 0
    num_branches: Count = 0
    excluded_lines: Count = 0


class _Report(msgspec.Struct, frozen=True, gc=False):
    meta: _Meta
    files: dict[str, Any]
    totals: _Totals


def read(report: bytes, materials: Materials) -> Reading:
    """Read a coverage report: `coverage`, in percent of statements and branches (`samples`), and `excluded`, in lines.

    Both are exact. What a `pragma: no cover` or the configuration excludes counts as lines that did not run, so that
    excluding never improves `coverage`. Reach and `covered` are the files that were measured; Python among the inputs
    that lies beside a measured file and was not measured itself (`omit`) is a problem, unless the run was narrowed. The
    report's moment has no time zone, so it is left out. A report without statements is a problem, although coverage.py
    itself calls it 100 %. Raises `UnreadableError` for anything but such a report.
    """
    coverage = decode(report, _Report, "a coverage.py JSON report")
    paths = tuple(sorted({relative(name, materials.root) for name in coverage.files}))
    return Reading(
        reach=len(paths),
        unit="files",
        covered=paths,
        measures=tuple(_measures(coverage.totals)),
        problems=(*_contradictions(coverage.totals), *_omitted(set(paths), materials)),
        tool=f"coverage {coverage.meta.version}",
    )


def _measures(totals: _Totals) -> Iterator[Measure]:
    statements = totals.num_statements + totals.num_branches
    if statements > 0:
        samples = statements + totals.excluded_lines
        value = 100.0 * (totals.covered_lines + totals.covered_branches) / samples
        yield Measure(name="coverage", value=value, low=value, high=value, unit="%", samples=samples)
        excluded = totals.excluded_lines
        yield Measure(name="excluded", value=excluded, low=excluded, high=excluded, unit="lines")


def _contradictions(totals: _Totals) -> Iterator[str]:
    """Say where the totals state nothing, or a percentage that does not follow from their counts."""
    statements = totals.num_statements + totals.num_branches
    hit = totals.covered_lines + totals.covered_branches
    if statements < 1:
        yield "no statement was measured; check `source` and `omit`, and that the tests import the code"
        return
    value, stated = 100.0 * hit / statements, totals.percent_covered
    if hit > statements or abs(value - stated) > _TOLERANCE:
        sums = f"{hit} of {statements} is {value:.2f} %, {stated:.2f} % is stated"
        yield f"the totals contradict each other ({sums}); make the report again"


def _omitted(measured: set[str], materials: Materials) -> Iterator[str]:
    """Say which inputs in the folders of measured files were left out; an empty file has nothing to measure."""
    folders = {str(PurePosixPath(path).parent) for path in measured}
    beside = (
        path
        for path in materials.files
        if path.endswith(".py") and path not in measured and str(PurePosixPath(path).parent) in folders
    )
    missing = [] if materials.narrowed else sorted(path for path in beside if materials.files[path].strip())
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        yield (
            f"{', '.join(missing[:_NAMED])}{more} was not measured, and the files beside it were; take it out of "
            "`omit`, or out of the check's inputs"
        )
