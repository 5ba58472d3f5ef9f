"""The reader of CycloneDX bills of materials."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers import cyclonedx

READINGS = Path(__file__).parents[1] / "readings" / "cyclonedx"
LOCK = {"uv.lock": (READINGS / "uv.lock").read_bytes()}


def of(name: str, **changes: object) -> Reading:
    bill = json.loads((READINGS / f"{name}.json").read_bytes()) | changes
    return cyclonedx.read(json.dumps(bill).encode(), Materials(files=LOCK))


@pytest.mark.parametrize(
    ("name", "tool"), [("whole", "cyclonedx-py 7.5.0"), ("version-1.5", "cyclonedx-py 7.5.0"), ("uv", "uv 0.13.9")]
)
def test_a_whole_bill_has_every_locked_component(name, tool):
    """Rich and the three packages that it needs, whoever wrote the bill."""
    reading = of(name)
    assert (4, (), tool) == (reading.reach, reading.problems, reading.tool)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("part", "rich needs markdown-it-py, which the bill leaves out"),
        ("other", "rich 14.0.0 is in the bill, and not in uv.lock"),
        ("loose", "1 of 4 components have no version: rich"),
    ],
)
def test_a_bill_that_contradicts_the_lock_says_so(name, words):
    """What is left out, what is not locked, what has no version."""
    (problem,) = of(name).problems
    assert words in problem


def test_without_a_lock_a_bill_stands_for_itself():
    """A stranger's bill of another language is read all the same."""
    report = (READINGS / "other.json").read_bytes()
    assert () == cyclonedx.read(report, Materials()).problems


def test_a_lock_that_cannot_be_read_is_a_problem():
    """The bill then proves nothing."""
    report = (READINGS / "whole.json").read_bytes()
    (problem,) = cyclonedx.read(report, Materials(files={"uv.lock": b"[[package"})).problems
    assert problem.startswith("the bill cannot be held against uv.lock")


def test_components_inside_components_count():
    """An assembly is a component, and so is each of its parts; a thing listed twice is one."""
    inner = {"type": "library", "name": "Markdown_It.Py", "version": "4.0.0"}
    outer = {"type": "library", "name": "site", "version": "1", "components": [inner, inner]}
    reading = cyclonedx.read(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [outer]}).encode(), Materials()
    )
    assert 2 == reading.reach


def test_a_bill_that_calls_itself_incomplete_is_believed():
    """`compositions` say how much the tool saw."""
    (problem,) = of("whole", compositions=[{"aggregate": "incomplete_first_party_only"}]).problems
    assert "incomplete_first_party_only" in problem
    assert () == of("whole", compositions=[{"aggregate": "complete"}]).problems


def test_a_vulnerability_in_a_bill_is_a_finding():
    """Its severity is the worst of its ratings, its resource the component that it affects."""
    component = {"type": "library", "name": "rich", "version": "15.0.0", "bom-ref": "ref"}
    told = {
        "id": "CVE-2026-0001",
        "description": "planted",
        "ratings": [{"severity": "low"}, {"severity": "critical"}, {"severity": "unknown"}],
        "affects": [{"ref": "ref"}],
    }
    (finding,) = of("whole", components=[component], vulnerabilities=[told]).findings
    assert (
        Finding(
            rule="CVE-2026-0001",
            message="planted",
            severity=Severity.CRITICAL,
            resource="rich 15.0.0",
            fingerprint=finding.fingerprint,
        )
        == finding
    )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("not_affected", True),
        ("false_positive", True),
        ("resolved", True),
        ("exploitable", False),
        ("in_triage", False),
    ],
)
def test_a_vulnerability_that_someone_has_settled_says_so(state, expected):
    """By VEX, in the bill itself: it is shown, and counts, all the same."""
    (finding,) = of("whole", vulnerabilities=[{"id": "CVE-2026-1", "analysis": {"state": state}}]).findings
    assert finding.suppressed is expected


@pytest.mark.parametrize(
    ("component", "problems"),
    [
        ({"type": "library"}, 1),
        ({"type": "framework"}, 1),
        ({"type": "application", "purl": "pkg:npm/a"}, 1),
        ({"type": "application"}, 0),
        ({"type": "file"}, 0),
        ({"type": "operating-system"}, 0),
    ],
)
def test_what_has_no_versions_by_nature_needs_none(component, problems):
    """Trivy lists lock files, Syft files, beside the packages in them; neither counts, and neither is a gap."""
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "package-lock.json"} | component]}
    reading = cyclonedx.read(json.dumps(bill).encode(), Materials())
    assert (0, problems) == (reading.reach, len(reading.problems))


def test_packages_of_one_name_in_two_groups_are_two():
    """Names are unique in their group only: Maven's, or npm's scope."""
    packages = [
        {"type": "library", "group": group, "name": "core", "version": "1"} for group in ("@babel", "@jest", "")
    ]
    affected = [{"id": "CVE-2026-1", "affects": [{"ref": "1"}]}]
    packages[1]["bom-ref"] = "1"
    reading = of("whole", components=packages, vulnerabilities=affected)
    assert (3, "@jest/core 1") == (reading.reach, reading.findings[0].resource)


def test_the_moment_is_the_bills_own():
    """`metadata.timestamp`, where there is one."""
    metadata = {"timestamp": "2026-11-24T12:00:00Z", "tools": [{"name": "old", "version": "1"}]}
    assert datetime(2026, 11, 24, 12, tzinfo=UTC) == of("whole", metadata=metadata).made_at
    assert "old 1" == of("whole", metadata=metadata).tool
    assert None is of("whole").made_at


@pytest.mark.parametrize("changes", [{"specVersion": "2.0"}, {"bomFormat": "SPDX"}])
def test_another_format_or_version_is_refused_by_name(changes):
    """Versions 1.4 to 1.7 are read."""
    with pytest.raises(UnreadableError) as caught:
        of("whole", **changes)
    assert next(iter(changes.values())) in str(caught.value)
