"""The JSON of coverage.py (`coverage json`): which lines, and branches, of the source the tests ran.

Source: https://coverage.readthedocs.io/en/latest/commands/cmd_json.html, as coverage.py 7 writes it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from clearance.model import Materials, Measure, Reading
from clearance.readers.decoding import Count, decode
from clearance.readers.places import relative

_TOLERANCE = 0.01
"""How far, in percent points, the report's own percentage may lie from its counts: it is rounded only for display."""


class _Meta(msgspec.Struct, frozen=True, gc=False):
    version: str


class _Totals(msgspec.Struct, frozen=True, gc=False):
    covered_lines: Count
    num_statements: Count
    percent_covered: float
    covered_branches: Count = 0
    num_branches: Count = 0


class _Report(msgspec.Struct, frozen=True, gc=False):
    meta: _Meta
    files: dict[str, Any]
    totals: _Totals


def read(report: bytes, materials: Materials) -> Reading:
    """Read a coverage report: one measure, `coverage`, in percent of the statements and branches (`samples`), exact.

    Reach and `covered` are the files that were measured. The report's moment has no time zone, so it is left out.
    A report without statements is a problem, although coverage.py itself calls it 100 %. Raises `UnreadableError` for
    anything but such a report.
    """
    coverage = decode(report, _Report, "a coverage.py JSON report")
    paths = tuple(sorted({relative(name, materials.root) for name in coverage.files}))
    totals = coverage.totals
    samples = totals.num_statements + totals.num_branches
    hit = totals.covered_lines + totals.covered_branches
    measures: tuple[Measure, ...] = ()
    problems: tuple[str, ...] = ()
    if samples < 1:
        problems = ("no statement was measured; check `source` and `omit`, and that the tests import the code",)
    else:
        value = 100.0 * hit / samples
        measures = (Measure(name="coverage", value=value, low=value, high=value, unit="%", samples=samples),)
        stated = totals.percent_covered
        if hit > samples or abs(value - stated) > _TOLERANCE:
            sums = f"{hit} of {samples} is {value:.2f} %, {stated:.2f} % is stated"
            problems = (f"the totals contradict each other ({sums}); make the report again",)
    return Reading(
        reach=len(paths),
        unit="files",
        covered=paths,
        measures=measures,
        problems=problems,
        tool=f"coverage {coverage.meta.version}",
    )
