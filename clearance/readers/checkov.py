"""Checkov's own JSON (`checkov -o json`), as Checkov 3.3.30 writes it, of Terraform's source or of a plan.

Checkov exits 0 over a file that it cannot parse, over nothing, over a check that raises and over skips. Of each record
only rule, words and place are read: what it evaluated may be a secret of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import msgspec

from clearance.model import Finding, Materials, Reading, Severity
from clearance.readers.checkov_inputs import own_checks, without_resources
from clearance.readers.decoding import Count, decode, is_list
from clearance.readers.identity import identified
from clearance.readers.places import is_absolute, relative

_SEVERITIES = {"CRITICAL": Severity.CRITICAL, "HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM, "LOW": Severity.LOW}
_HASHED = "secrets"  # the framework whose resources are hashes of what it found
_FLOOR = -(2**31)  # Terraform's heredocs confuse the line counter of some parsers

_Line = Annotated[int, msgspec.Meta(ge=_FLOOR, le=2**31 - 1)]


class _Result(msgspec.Struct, frozen=True, gc=False):
    suppress_comment: str | None = None


class _Record(msgspec.Struct, frozen=True, gc=False):
    check_id: str
    resource: str
    file_path: str
    check_name: str | None = None
    check_result: _Result | None = None
    file_abs_path: str | None = None
    repo_file_path: str | None = None
    file_line_range: list[_Line | None] | None = None
    resource_address: str | None = None
    severity: str | None = None
    guideline: str | None = None


class _Results(msgspec.Struct, frozen=True, gc=False):
    failed_checks: list[_Record]
    passed_checks: list[_Record] = []
    skipped_checks: list[_Record] = []
    parsing_errors: list[str] = []


class _Counts(msgspec.Struct, frozen=True, gc=False):
    passed: Count
    failed: Count
    skipped: Count
    parsing_errors: Count = 0
    checkov_version: str = ""


class _Report(msgspec.Struct, frozen=True, gc=False):
    check_type: str
    results: _Results
    summary: _Counts


def read(report: bytes, materials: Materials) -> Reading:
    """Read a Checkov report: one object, a list of them, or the bare counts that it writes when nothing was there.

    Reach are the resources that at least one check answered for; `covered` the files that they lie in, the inputs that
    hold no resource, and those of our own checks that answered. Problems: files that could not be parsed; counts that
    the lists contradict, which is what `--quiet` does; own checks among the inputs that answered for nothing, be it
    that they were not loaded, left out, or that there is nothing for them. Inline skips are findings, suppressed.
    Raises `UnreadableError` for anything but a Checkov report.
    """
    parts, version = _decoded(report)
    answered = {record.check_id for part in parts for record in _records(part)}
    places = {(_path(record, part, materials), _address(record)) for part in parts for record in _records(part)}
    own, unreadable = own_checks(materials.files)
    idle = {rule: path for rule, path in own.items() if rule not in answered}
    covered = {path for path, _ in places if path}
    covered |= {path for path in own.values() if path not in idle.values()}
    covered |= without_resources(materials.files)
    unparsed = {relative(path, materials.root) for part in parts for path in part.results.parsing_errors}
    return Reading(
        reach=len(places),
        unit="resources",
        covered=tuple(sorted(covered - unparsed)),
        findings=_findings(parts, materials),
        problems=(
            *_unparsed(unparsed),
            *chain.from_iterable(map(_contradictions, parts)),
            *unreadable,
            *(() if materials.narrowed else _idle(idle)),
        ),
        tool=f"checkov {version}".strip(),
    )


def _decoded(report: bytes) -> tuple[list[_Report], str]:
    """Give the parts of a report and Checkov's version: one part a framework, none where nothing was there."""
    expected = "a Checkov JSON report"
    if is_list(report):
        parts = decode(report, list[_Report], expected)
    elif isinstance(decode(report, dict[str, msgspec.Raw], expected).get("passed"), msgspec.Raw):
        counts = decode(report, _Counts, expected)
        return [_Report(check_type="", results=_Results(failed_checks=[]), summary=counts)], counts.checkov_version
    else:
        parts = [decode(report, _Report, expected)]
    return parts, next((part.summary.checkov_version for part in parts), "")


def _records(part: _Report) -> Iterator[_Record]:
    return chain(part.results.failed_checks, part.results.passed_checks, part.results.skipped_checks)


def _findings(parts: list[_Report], materials: Materials) -> tuple[Finding, ...]:
    found = []
    for part in parts:
        skips = part.results.skipped_checks
        for record, skipped in [*((r, False) for r in part.results.failed_checks), *((r, True) for r in skips)]:
            finding = Finding(
                rule=record.check_id,
                message=_message(record, skipped=skipped),
                severity=_SEVERITIES.get((record.severity or "").upper()),
                path=_path(record, part, materials),
                line=_line(record),
                resource=None if part.check_type == _HASHED else _address(record),
                help_url=record.guideline or None,
                suppressed=skipped,
            )
            found.append((finding, ""))  # a resource has its address, whatever stands in its lines
    return identified("checkov", found)


def _message(record: _Record, *, skipped: bool) -> str:
    words = record.check_name or record.check_id
    if not skipped:
        return words
    comment = record.check_result.suppress_comment if record.check_result else None
    return f"{words} (skipped in the code: {comment or 'no reason given'})"


def _address(record: _Record) -> str:
    return record.resource_address or record.resource


def _path(record: _Record, part: _Report, materials: Materials) -> str | None:
    """Where the resource is written; None for one of a plan that lies outside the repository.

    Where Checkov saw the repository in another folder, as in a container, its path from there counts.
    """
    path = relative(record.file_abs_path or record.file_path.lstrip("/"), materials.root)
    if not is_absolute(path):
        return path
    if part.check_type == "terraform_plan":
        return None
    nearby = relative((record.repo_file_path or "").lstrip("/"), materials.root)
    return path if nearby == "." or nearby.startswith("../") else nearby


def _line(record: _Record) -> int | None:
    first = record.file_line_range[0] if record.file_line_range else None
    return first if first is not None and first > 0 else None


def _unparsed(paths: set[str]) -> Iterator[str]:
    for path in sorted(paths):
        yield f"checkov could not parse {path}, and nothing in it was looked at; mend the file (`terraform validate`)"


def _contradictions(part: _Report) -> Iterator[str]:
    counts = {
        "passed": len(part.results.passed_checks),
        "failed": len(part.results.failed_checks),
        "skipped": len(part.results.skipped_checks),
        "parsing_errors": len(part.results.parsing_errors),
    }
    for name, listed in counts.items():
        counted = getattr(part.summary, name)
        if counted != listed:
            yield (
                f"checkov counted {counted:,} {name.replace('_', ' ')} and lists {listed:,}; run it without --quiet, "
                "and let the policy decide what is shown"
            )


def _idle(idle: dict[str, str]) -> Iterator[str]:
    for rule, path in sorted(idle.items()):
        yield (
            f"our own check {rule} ({path}) answered for no resource: see that it is loaded (--external-checks-dir, an "
            "__init__.py beside it) and not left out, or take it away if there is nothing for it to look at"
        )
