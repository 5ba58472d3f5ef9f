"""What `terraform validate -json` prints, of any Terraform 1.x.

It calls an empty folder valid, and a root whose providers or modules are absent invalid; both say nothing of the root.
Format: https://developer.hashicorp.com/terraform/cli/commands/validate, "JSON Output Format".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers.decoding import Count, Line, decode
from clearance.readers.identity import identified
from clearance.readers.places import Lines, relative

# What names a place in the source, and is still about what `terraform init` has not done.
_UNPREPARED = "Module not installed"
_SOURCES = (".tf", ".tf.json")
_LONGEST = 500


class _Start(msgspec.Struct, frozen=True, gc=False):
    line: Line | None = None


class _Range(msgspec.Struct, frozen=True, gc=False):
    filename: str
    start: _Start = _Start()


class _Diagnostic(msgspec.Struct, frozen=True, gc=False):
    severity: str
    summary: str
    detail: str = ""
    range: _Range | None = None


class _Report(msgspec.Struct, frozen=True, gc=False):
    format_version: str
    valid: bool
    error_count: Count
    diagnostics: list[_Diagnostic]


def read(report: bytes, materials: Materials) -> Reading:
    """Read a validation. It does not list what it read: reach is the number of Terraform sources among the inputs.

    Findings: rule `invalid` (high) and rule `warning` (low), at the place that it names. Problems: modules or providers
    that were not installed, and a verdict that contradicts what it lists. Values are never taken from the report.
    Raises `UnreadableError` for anything but such a report, and for a format of another major version.
    """
    said = decode(report, _Report, "a report of `terraform validate -json`")
    if said.format_version.partition(".")[0] != "1":
        raise UnreadableError(
            f"The validation is of format version {said.format_version[:40]!r}, of which nothing is known.",
            "Use a Terraform 1.x, or a Clearance that knows this format.",
        )
    sources = [path for path in materials.files if path.endswith(_SOURCES)]
    return Reading(
        reach=len(sources),
        unit="files",
        findings=identified("terraform", _findings(said, materials)),
        problems=tuple(_problems(said)),
        tool="terraform",
    )


def _findings(said: _Report, materials: Materials) -> Iterator[tuple[Finding, str]]:
    lines = Lines(materials.files)
    for each in said.diagnostics:
        if _is_unprepared(each):
            continue
        path = relative(each.range.filename, materials.root) if each.range else None
        line = each.range.start.line if each.range else None
        line = line if line and line > 0 else None
        finding = Finding(
            rule="warning" if each.severity == "warning" else "invalid",
            message=_words(each),
            severity=Severity.LOW if each.severity == "warning" else Severity.HIGH,
            path=path,
            line=line,
        )
        yield finding, lines.text(path, line) or each.summary


def _words(each: _Diagnostic) -> str:
    return " ".join(f"{each.summary}: {each.detail}".split()).removesuffix(":")[:_LONGEST]


def _is_unprepared(each: _Diagnostic) -> bool:
    """Whether it speaks of providers or modules that are not installed: then it names no place, or that of a module."""
    return each.severity != "warning" and (each.range is None or each.summary == _UNPREPARED)


def _problems(said: _Report) -> Iterator[str]:
    for each in said.diagnostics:
        if _is_unprepared(each):
            yield f"{_words(each)}; run `terraform init` first, and see what it says"
    errors = sum(each.severity != "warning" for each in said.diagnostics)
    if said.error_count != errors or said.valid is (errors > 0):
        word = "valid" if said.valid else "invalid"
        yield f"terraform calls the root {word}, counts {said.error_count} errors and lists {errors}; run it again"
