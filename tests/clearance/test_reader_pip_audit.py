"""The reader of pip-audit's JSON."""

import json
from pathlib import Path

from clearance.model import Finding, Materials, Reading
from clearance.readers import pip_audit

READINGS = Path(__file__).parents[1] / "readings" / "pip-audit"


def of(name: str) -> Reading:
    return pip_audit.read((READINGS / f"{name}.json").read_bytes(), Materials())


def test_a_vulnerability_is_named_with_what_mends_it():
    """Rule, aliases, fixed versions and description come from the report; it states no severity."""
    (finding,) = of("vulnerable").findings
    assert (
        Finding(
            rule="PYSEC-2026-1",
            message="rich 15.0.0 (CVE-2026-0001), mended in 15.0.1: A planted vulnerability",
            resource="rich",
            help_url="https://osv.dev/vulnerability/PYSEC-2026-1",
            fingerprint=finding.fingerprint,
        )
        == finding
    )


def test_a_vulnerability_is_the_same_however_it_is_described():
    """Without descriptions and aliases its fingerprint stays."""
    assert [f.fingerprint for f in of("vulnerable").findings] == [f.fingerprint for f in of("no-description").findings]


def test_dependencies_that_no_service_knew_are_not_looked_at():
    """pip-audit says "No known vulnerabilities found" and exits 0."""
    reading = of("unreachable-pypi")
    assert (0, True) == (reading.reach, reading.problems[0].startswith("2 of 2 dependencies were not audited"))


def test_a_long_list_of_skipped_dependencies_is_counted():
    """The first five are named with their reasons, the others in a number."""
    skipped = [{"name": f"package-{number}", "skip_reason": "unknown"} for number in range(9)]
    audited = {"name": "rich", "version": "15.0.0", "vulns": []}
    reading = pip_audit.read(json.dumps({"dependencies": [audited, *skipped]}).encode(), Materials())
    assert (1, True) == (reading.reach, "and 4 more" in reading.problems[0])


def test_the_bare_list_of_older_versions_is_read():
    """Version 1 had no object around it."""
    report = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not on PyPI"}]
    reading = pip_audit.read(json.dumps(report).encode(), Materials())
    assert (1, 1) == (reading.reach, len(reading.problems))


def test_an_ignored_vulnerability_leaves_no_trace_in_the_report():
    """Which is why the command stands in the policy, and its digest in the verdict."""
    assert ((), ()) == (of("ignored").findings, of("ignored").problems)
