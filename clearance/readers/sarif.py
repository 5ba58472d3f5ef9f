"""SARIF 2.1.0 of any tool (OASIS Standard, 27 March 2020; https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

A result is a finding unless its `kind` says that nothing failed, or its baseline that it is gone. A suppressed result
is a finding too, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter

from clearance.model import Finding, Materials, Reading, UnreadableError
from clearance.readers.decoding import decode
from clearance.readers.identity import Fingerprints
from clearance.readers.moments import moment_of
from clearance.readers.places import Lines
from clearance.readers.sarif_format import (
    Header,
    Invocation,
    Location,
    Log,
    Notification,
    Run,
    Suppression,
)
from clearance.readers.sarif_places import Places
from clearance.readers.sarif_rules import Known, Rules, words
from clearance.readers.scrubbing import conceal

_VERSION = "2.1.0"
_EXPECTED = "a SARIF 2.1.0 log"
MAX_RESULTS = 1_000_000
"""More are refused by name, since nobody reads them and each costs some 400 bytes."""

_NO_FAILURE = frozenset({"pass", "open", "informational", "notApplicable", "review"})
_NO_LOCATION = Location()


def read(report: bytes, materials: Materials) -> Reading:
    """Read a SARIF log. Problems are runs that did not run or did not end well, and results that lie elsewhere.

    Reach counts files. A run that lists artifacts counts those that it calls analysis targets, or all of them where it
    gives no artifact a role, and they are `covered`. A run that lists none does not say how much it looked at: what
    stands for it is the number of files that were handed in, or else of those that its results name, unless it says
    that it failed. So a tool that looked at an empty folder and lists no artifacts cannot be told from one that found
    nothing, and a policy that must know asks such a tool for `covers = "inputs"` or for its native report. Raises
    `UnreadableError` for other versions of SARIF, and for anything else that is not SARIF.
    """
    log = _decoded(report)
    prints, lines = Fingerprints(), Lines(materials.files)
    findings: list[Finding] = []
    problems = list(_problems_of_log(log))
    reached: set[str] = set()
    covered: set[str] = set()
    moments: list[datetime] = []
    tools: dict[str, None] = {}
    for number, run in enumerate(log.runs or (), start=1):
        places = Places(run, materials.root)
        tools[_tool(run)] = None
        findings.extend(_findings(run, places, lines, prints))
        failures = list(_failures(run))
        problems.extend(f"run {number} ({_tool(run)}): {problem}" for problem in (*failures, *_problems(run, places)))
        moments.extend(_moments(run.invocations or ()))
        listed = places.listed()
        covered.update(path for path, _ in listed if path is not None)
        if not failures:
            reached.update(path or other or "" for path, other in listed)
            reached.update(() if listed else materials.files or _named(run, places))
    return Reading(
        reach=len(reached),
        unit="files",
        covered=tuple(sorted(covered)),
        findings=tuple(findings),
        problems=tuple(problems),
        tool=", ".join(tools),
        made_at=max(moments, default=None),
    )


def _decoded(report: bytes) -> Log:
    try:
        log = decode(report, Log, _EXPECTED)
    except UnreadableError:
        _refuse_others(decode(report, Header, _EXPECTED))
        raise
    _refuse_others(Header(version=log.version))
    results = sum(len(run.results or ()) for run in log.runs or ())
    if results > MAX_RESULTS:
        raise UnreadableError(
            f"The report lists {results:,} results, of which {MAX_RESULTS:,} would be read.",
            "Narrow what the tool looks at or which rules it applies, or split the check in two.",
        )
    return log


def _refuse_others(header: Header) -> None:
    if header.version == _VERSION:
        return
    if not isinstance(header.version, str):
        raise UnreadableError(
            f"The report is not {_EXPECTED}: it states no version.",
            "Check that the command writes SARIF and that the check names the right reader.",
        )
    raise UnreadableError(
        f"The report states version {header.version[:40]!r}; only SARIF {_VERSION} is read.",
        f"Let the tool write SARIF {_VERSION}, or name the reader of its own format.",
    )


def _findings(run: Run, places: Places, lines: Lines, prints: Fingerprints) -> Iterator[Finding]:
    rules = Rules(run)
    family = _family(run)
    for result in run.results or ():
        if result.kind in _NO_FAILURE or result.baseline_state == "absent":
            continue
        known = rules.of(result)
        location = result.locations[0] if result.locations else _NO_LOCATION
        path, resource = places.of(location)
        line, text = _line(location)
        place = resource or path or ""
        yield Finding(
            rule=known.id,
            message=conceal(words(result.message, known)),
            severity=rules.severity(result, known),
            path=path,
            line=line,
            resource=resource,
            help_url=known.help_url,
            fingerprint=prints.of(family, known.id, place, text or lines.text(path, line)),
            suppressed=bool(result.suppressions) and _accepted(result.suppressions or ()),
        )


def _named(run: Run, places: Places) -> set[str]:
    """The files that a run's results name, of whatever kind: so much it did look at."""
    first = (result.locations[0] for result in run.results or () if result.locations)
    return {path for path, _ in map(places.of, first) if path is not None}


def _line(location: Location) -> tuple[int | None, str]:
    """Return the line that a location begins on, counted from 1, and the text that it shows of it."""
    physical = location.physical_location
    region = physical.region if physical is not None else None
    if region is None:
        return None, ""
    line = int(region.start_line) if region.start_line is not None and region.start_line >= 1 else None
    return line, (region.snippet.text or "") if region.snippet is not None else ""


def _accepted(suppressions: Iterable[Suppression]) -> bool:
    """Whether every suppression holds: one under review or rejected leaves the result standing (3.27.23, 3.35.3)."""
    return all(suppression.status in (None, "accepted") for suppression in suppressions)


def _tool(run: Run) -> str:
    driver = run.tool.driver if run.tool is not None else None
    if driver is None:
        return "unnamed tool"
    return " ".join(filter(None, (driver.name or "unnamed tool", driver.semantic_version or driver.version)))


def _family(run: Run) -> str:
    driver = run.tool.driver if run.tool is not None else None
    return (driver.name or "").casefold() if driver is not None else ""


def _problems_of_log(log: Log) -> Iterator[str]:
    if not log.runs:
        yield "the log holds no run: the tool did not start, or its report was emptied; run it again"
    if any(inline.results for inline in log.inline_external_properties or ()):
        yield "results lie in inlineExternalProperties, which is not read; let the tool write them into its runs"


def _failures(run: Run) -> Iterator[str]:
    """Yield why a run cannot be said to have looked at anything."""
    if run.results is None:
        yield "it has no list of results, so the tool was not run; run it again"
    for invocation in run.invocations or ():
        if invocation.execution_successful is False:
            yield "it says that its execution was not successful; see the tool's own output and run it again"
        if invocation.exit_signal_name:
            yield f"it was ended by signal {invocation.exit_signal_name}; run it again"
        if invocation.process_start_failure_message:
            yield f"it did not start: {invocation.process_start_failure_message}"


def _problems(run: Run, places: Places) -> Iterator[str]:
    """Yield what a run could not see, or keeps elsewhere."""
    descriptors = Rules(run, attrgetter("notifications"))
    for invocation in run.invocations or ():
        notifications = (invocation.tool_execution_notifications, invocation.tool_configuration_notifications)
        for notification in (one for some in notifications for one in some or ()):
            known = descriptors.described(notification.descriptor)
            if (notification.level or known.level) == "error":
                said = _said(notification, known, places)
                yield f"the tool reports an error{said}; mend it, or what the tool is given"
    elsewhere = run.external_property_file_references
    for name in elsewhere.__struct_fields__ if elsewhere is not None else ():
        if getattr(elsewhere, name):
            yield f"its {name} lie in another file, which is not read; let the tool write a single file"


def _said(notification: Notification, known: Known, places: Places) -> str:
    where = [place for pair in map(places.of, notification.locations or ()) for place in pair if place]
    return (f" at {', '.join(where)}" if where else "") + f": {words(notification.message, known)}"


def _moments(invocations: Iterable[Invocation]) -> Iterator[datetime]:
    for invocation in invocations:
        stated = map(moment_of, (invocation.start_time_utc, invocation.end_time_utc))
        yield from (moment for moment in stated if moment is not None)
