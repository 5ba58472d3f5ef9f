"""The JSON of pip-audit (`pip-audit --format json`), as pip-audit 2.10.1 writes it; version 1 wrote a bare list.

Where its vulnerability service cannot be reached it skips every dependency, says "No known vulnerabilities found" and
exits 0; the report has the reason beside each.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from clearance.model import Finding, Materials, Reading
from clearance.readers.decoding import decode, is_list
from clearance.readers.identity import identified

_SHOWN = 5


class _Vulnerability(msgspec.Struct, frozen=True, gc=False):
    id: str
    fix_versions: list[str] = []
    aliases: list[str] = []
    description: str | None = None


class _Dependency(msgspec.Struct, frozen=True, gc=False):
    name: str
    version: str | None = None
    vulns: list[_Vulnerability] | None = None
    skip_reason: str | None = None


class _Report(msgspec.Struct, frozen=True, gc=False):
    dependencies: list[_Dependency]


def read(report: bytes, _: Materials) -> Reading:
    """Read a report of pip-audit. Reach is the number of dependencies about which the service was asked.

    A finding's rule is the vulnerability, its resource the dependency, and it has no severity. Problems: dependencies
    that were skipped, with the first reasons. What `--ignore-vuln` leaves out is not to be seen here, only in the
    command that the policy shows. Raises `UnreadableError` for anything but such a report.
    """
    dependencies = _dependencies(report)
    audited = [each for each in dependencies if each.vulns is not None and each.skip_reason is None]
    return Reading(
        reach=len(audited),
        unit="dependencies",
        findings=identified("pip-audit", ((finding, "") for finding in _findings(dependencies))),
        problems=tuple(_problems(dependencies)),
        tool="pip-audit",
    )


def _dependencies(report: bytes) -> list[_Dependency]:
    expected = "a pip-audit JSON report"
    if is_list(report):
        return decode(report, list[_Dependency], expected)
    return decode(report, _Report, expected).dependencies


def _findings(dependencies: list[_Dependency]) -> Iterator[Finding]:
    for each in dependencies:
        for vulnerability in each.vulns or ():
            known_as = f" ({', '.join(vulnerability.aliases)})" if vulnerability.aliases else ""
            mended = (
                f"mended in {', '.join(vulnerability.fix_versions)}" if vulnerability.fix_versions else "no mend yet"
            )
            words = " ".join((vulnerability.description or "").split())[:300]
            yield Finding(
                rule=vulnerability.id,
                message=f"{each.name} {each.version or '?'}{known_as}, {mended}: {words or 'not described'}",
                resource=each.name,
                help_url=f"https://osv.dev/vulnerability/{vulnerability.id}",
            )


def _problems(dependencies: list[_Dependency]) -> Iterator[str]:
    skipped = [each for each in dependencies if each.vulns is None or each.skip_reason is not None]
    if skipped:
        reasons = "; ".join(f"{each.name}: {each.skip_reason or 'no reason given'}" for each in skipped[:_SHOWN])
        more = f"; and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        yield (
            f"{len(skipped)} of {len(dependencies)} dependencies were not audited ({reasons[:600]}{more}); run it "
            "where its vulnerability service can be reached, and take out what that cannot know"
        )
