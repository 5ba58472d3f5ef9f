"""What zizmor 1 prints (`zizmor --no-ignores --format json INPUTS 2>&1`).

Neither its JSON nor its SARIF names the workflows without findings or those that it could not parse; its log does. It
exits 0 where all that it found was ignored by comments, and where a workflow beside others could not be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers.decoding import decode
from clearance.readers.identity import identified
from clearance.readers.places import Lines, relative
from clearance.readers.transcript import split

_SEVERITIES = {
    "High": Severity.HIGH,
    "Medium": Severity.MEDIUM,
    "Low": Severity.LOW,
    "Informational": Severity.INFO,
}
# Versions differ: 1.0 begins each line with the moment, 1.12 does not name itself, 1.20 does so without a level.
_MOMENT = r"(?:\d{4}-\S+Z\s+)?"
_COMPLETED = re.compile(_MOMENT + r"INFO audit: zizmor: .*\bcompleted (.+)")
_VERSION = re.compile(r"(?:INFO zizmor: )?\W*zizmor v(\d\S*)$")
_TROUBLE = re.compile(_MOMENT + r"(?:WARN|ERROR|fatal|error)\b[: ]\s*(?:.*zizmor::registry::input: )?(.*)")
_OFFLINE = "can't run without a GitHub API token"  # a warning in 1.0, and no news since
_PATHS = ("verbatim_path", "given_path", "path")  # as new versions, 1.25 and 1.0 call it
_SILENCER = re.compile(r"#.*\bzizmor: *ignore\[")
_SHOWN = 20

_Row = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]  # zizmor counts from 0


class _Point(msgspec.Struct, frozen=True, gc=False):
    row: _Row


class _Span(msgspec.Struct, frozen=True, gc=False):
    start_point: _Point


class _Concrete(msgspec.Struct, frozen=True, gc=False):
    location: _Span


class _Symbolic(msgspec.Struct, frozen=True, gc=False):
    key: Any
    kind: str = ""
    annotation: str = ""


class _Location(msgspec.Struct, frozen=True, gc=False):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(msgspec.Struct, frozen=True, gc=False):
    severity: str


class _Finding(msgspec.Struct, frozen=True, gc=False):
    ident: str
    desc: str
    determinations: _Determinations
    locations: list[_Location]
    url: str | None = None
    ignored: bool = False


def read(report: bytes, materials: Materials) -> Reading:
    """Read what zizmor printed. Reach and `covered` are the files that its log says it completed.

    A finding that a comment ignores is suppressed, and a finding all the same; it is there only with `--no-ignores`.
    Problems: what its log warns of, such as a workflow that could not be parsed; a report without the log; an ignore
    comment in an input file, where the report has nothing that it ignores. What a configuration or the command itself
    leaves out (`--no-config` forbids the one, the policy shows the other) is not to be seen here. Raises
    `UnreadableError` where there is no list of findings.
    """
    log, listed = split(report)
    if listed is None and log:
        raise UnreadableError(f"zizmor printed no list of findings: {_cause(log)}", "See to what it says.")
    found = decode(listed or b"", list[_Finding], "zizmor's list of findings (json-v1)")
    completed = {relative(match[1], materials.root) for line in log if (match := _COMPLETED.match(line))}
    covered = completed or {path for finding in found if (path := _place(finding, materials)[0]) is not None}
    version = next((match[1] for line in log if (match := _VERSION.match(line))), "")
    return Reading(
        reach=len(covered),
        unit="files",
        covered=tuple(sorted(covered)),
        findings=identified("zizmor", _findings(found, materials)),
        problems=(*_problems(log, completed), *_silenced(found, materials)),
        tool=f"zizmor {version}".strip(),
    )


def _cause(log: list[str]) -> str:
    return " / ".join(line for line in log if not line.startswith("INFO"))[:400] or log[-1][:400]


def _findings(found: list[_Finding], materials: Materials) -> Iterator[tuple[Finding, str]]:
    lines = Lines(materials.files)
    for each in found:
        path, line, annotation = _place(each, materials)
        finding = Finding(
            rule=each.ident,
            message=f"{each.desc}: {annotation}" if annotation else each.desc,
            severity=_SEVERITIES.get(each.determinations.severity),
            path=path,
            line=line,
            help_url=each.url,
            suppressed=each.ignored,
        )
        yield finding, lines.text(path, line) if path is not None else ""


def _place(finding: _Finding, materials: Materials) -> tuple[str | None, int | None, str]:
    """Return path, line and words of a finding's primary location, else of its first."""
    location = next(
        (each for each in finding.locations if each.symbolic.kind == "Primary"), next(iter(finding.locations), None)
    )
    if location is None:
        return None, None, ""
    key = location.symbolic.key
    local = key.get("Local") if isinstance(key, dict) else None
    named = local if isinstance(local, dict) else {}
    path = next((named[name] for name in _PATHS if name in named), None)
    row = location.concrete.location.start_point.row
    where = relative(path, materials.root) if isinstance(path, str) else None
    return where, row + 1, location.symbolic.annotation


def _problems(log: list[str], completed: set[str]) -> Iterator[str]:
    if not completed:
        yield (
            "the report does not say which files zizmor audited; run it without --quiet, and let both of its streams "
            "become the report (2>&1)"
        )
    told = [match[1] or line for line in log if (match := _TROUBLE.match(line)) and not line.endswith(_OFFLINE)]
    for text in told[:_SHOWN]:
        yield f"zizmor could not see everything: {text[:300]}; mend what it names"
    if len(told) > _SHOWN:
        yield f"zizmor has {len(told) - _SHOWN} more such warnings"


def _silenced(found: list[_Finding], materials: Materials) -> Iterator[str]:
    shown = {_place(finding, materials)[0] for finding in found if finding.ignored}
    for path in materials.files:
        if path in shown or not path.endswith((".yml", ".yaml")):
            continue
        if _SILENCER.search(materials.files[path].decode("utf-8", "replace")):
            yield (
                f"{path} holds a `zizmor: ignore` comment, and the report shows nothing that it ignores; run zizmor "
                "with --no-ignores, take the comment out, and waive in the policy what is accepted"
            )
