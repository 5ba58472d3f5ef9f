"""A software bill of materials: CycloneDX JSON 1.4 to 1.7 (https://cyclonedx.org/specification/overview/), any tool's.

It is held against the `uv.lock` among the inputs, where there is one: a bill that leaves out what is installed is worse
than none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers.decoding import decode
from clearance.readers.identity import identified
from clearance.readers.moments import moment_of

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_LOCK = "uv.lock"
_SEVERITIES = {str(severity): severity for severity in Severity} | {"none": Severity.INFO}
_PACKAGES = {"library", "framework"}
_SETTLED = {"resolved", "resolved_with_pedigree", "false_positive", "not_affected"}
_COMPLETE = {"complete", "not_specified"}
_DEEPEST = 32
_SHOWN = 20


class _Component(msgspec.Struct, frozen=True, gc=False, rename={"bom_ref": "bom-ref"}):
    name: str
    type: str = "library"
    group: str = ""
    version: str = ""
    purl: str = ""
    bom_ref: str = ""
    components: list[Any] = []

    @property
    def label(self) -> str:
        """Its name in its group, and its version."""
        return f"{f'{self.group}/' if self.group else ''}{self.name} {self.version}".strip()

    @property
    def is_package(self) -> bool:
        """Whether it is something that has versions: files, lock files and data, which bills list too, have none."""
        return self.type in _PACKAGES or bool(self.purl)


class _Rating(msgspec.Struct, frozen=True, gc=False):
    severity: str = ""


class _Analysis(msgspec.Struct, frozen=True, gc=False):
    state: str = ""


class _Affected(msgspec.Struct, frozen=True, gc=False):
    ref: str


class _Vulnerability(msgspec.Struct, frozen=True, gc=False):
    id: str = "unnamed"
    description: str = ""
    ratings: list[_Rating] = []
    affects: list[_Affected] = []
    analysis: _Analysis = _Analysis()


class _Composition(msgspec.Struct, frozen=True, gc=False):
    aggregate: str


class _Tool(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    version: str = ""


class _Tools(msgspec.Struct, frozen=True, gc=False):
    components: list[_Tool] = []


class _Metadata(msgspec.Struct, frozen=True, gc=False):
    timestamp: Any = None
    tools: list[_Tool] | _Tools | None = None


class _Bill(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    bom_format: str
    spec_version: str
    components: list[_Component] = []
    vulnerabilities: list[_Vulnerability] = []
    compositions: list[_Composition] = []
    metadata: _Metadata = _Metadata()


def read(report: bytes, materials: Materials) -> Reading:
    """Read a bill of materials. Reach is the number of components that have a name and a version.

    Vulnerabilities, where it lists them, are findings: rule their id, resource the component, severity the worst of
    their ratings, suppressed where their analysis says that they are settled. Problems: a package without a version; a
    composition that calls itself incomplete; and, by the lock among the inputs, a version that is not the locked one,
    or a component whose own dependency is missing (those with a marker or an extra may be). Raises `UnreadableError`
    for anything but CycloneDX JSON of a known version.
    """
    bill = decode(report, _Bill, "a CycloneDX bill of materials")
    if bill.bom_format != "CycloneDX" or bill.spec_version not in VERSIONS:
        raise UnreadableError(
            f"The report is {bill.bom_format!r} of version {bill.spec_version!r}, no CycloneDX of a known version.",
            f"Let the tool write version {', '.join(VERSIONS)}.",
        )
    components = list(_flat(bill.components))
    whole = {(_normal(each.name), each.version) for each in components if each.version}
    return Reading(
        reach=len({each.label for each in components if each.version}),
        unit="components",
        findings=identified("cyclonedx", ((finding, "") for finding in _findings(bill, components))),
        problems=(*_gaps(bill, components), *_against_lock(whole, materials)),
        tool=_tool(bill.metadata),
        made_at=moment_of(bill.metadata.timestamp),
    )


def _tool(metadata: _Metadata) -> str:
    """Return name and version of the first tool that it names: a list until version 1.4, components since 1.5."""
    tools = metadata.tools.components if isinstance(metadata.tools, _Tools) else metadata.tools or []
    return next((f"{tool.name} {tool.version}".strip() for tool in tools if tool.name), "cyclonedx")


def _flat(components: Iterable[_Component], depth: int = 0) -> Iterator[_Component]:
    for each in components:
        yield each
        if depth < _DEEPEST:
            try:
                yield from _flat(msgspec.convert(each.components, list[_Component]), depth + 1)
            except msgspec.ValidationError as error:
                raise UnreadableError(
                    f"The component {each.name[:200]!r} holds others that are none: {error}.",
                    "See the tool's own output.",
                ) from error


def _normal(name: str) -> str:
    """Return a package's name as packaging.python.org has it ("Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _findings(bill: _Bill, components: list[_Component]) -> Iterator[Finding]:
    names = {each.bom_ref: each.label for each in components if each.bom_ref}
    for vulnerability in bill.vulnerabilities:
        rated = [_SEVERITIES[rating.severity] for rating in vulnerability.ratings if rating.severity in _SEVERITIES]
        for ref in [affected.ref for affected in vulnerability.affects] or [""]:
            yield Finding(
                rule=vulnerability.id,
                message=" ".join(vulnerability.description.split())[:500] or "a known vulnerability",
                severity=max(rated, default=None),
                resource=names.get(ref) or ref or None,
                suppressed=vulnerability.analysis.state in _SETTLED,
            )


def _gaps(bill: _Bill, components: list[_Component]) -> Iterator[str]:
    nameless = [each.name for each in components if each.is_package and not each.version]
    if nameless:
        yield (
            f"{len(nameless)} of {len(components)} components have no version: "
            f"{', '.join(nameless[:_SHOWN])[:300]}; pin them, so that everybody can tell what they are"
        )
    for aggregate in sorted({each.aggregate for each in bill.compositions} - _COMPLETE):
        yield f"the bill says of itself that it is {aggregate[:100]!r}; let the tool see all of what is shipped"


def _against_lock(whole: set[tuple[str, str]], materials: Materials) -> list[str]:
    """Say where the bill and the lock contradict each other, as far as the components that it lists lead."""
    if _LOCK not in materials.files or not whole:
        return []
    try:
        lock = msgspec.convert(tomllib.loads(materials.files[_LOCK].decode()), _Lock)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        return [f"the bill cannot be held against {_LOCK}: {error}; write it anew with `uv lock`"]
    locked = {(package.name, package.version): package for package in lock.package}
    there = {name for name, _ in whole}
    problems = []
    for name, version in sorted(whole):
        package = locked.get((name, version))
        if package is None:
            problems.append(f"{name} {version} is in the bill, and not in {_LOCK}; make the bill from what is locked")
            continue
        missing = [each.name for each in package.dependencies if not each.marker and each.name not in there]
        problems += [f"{name} needs {each}, which the bill leaves out; make it from the whole lock" for each in missing]
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], *([f"and {more} more such contradictions"] if more > 0 else [])]


class _Needed(msgspec.Struct, frozen=True, gc=False):
    name: str
    marker: str = ""


class _Package(msgspec.Struct, frozen=True, gc=False):
    name: str
    version: str = ""
    dependencies: list[_Needed] = []


class _Lock(msgspec.Struct, frozen=True, gc=False):
    package: list[_Package] = []
