"""What squawk prints (`squawk --verbose --reporter json FILES 2>&1`), as squawk 2.70.0 prints it, and 0.x and 1.x did.

Its JSON names only the files with violations; the log before it says which files were checked, and what a
`.squawk.toml` leaves out. It exits 0 where it was given no file, and where a comment silences all that it found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers.decoding import decode
from clearance.readers.identity import identified
from clearance.readers.places import Lines, relative
from clearance.readers.transcript import split

_SEVERITIES = {"Error": Severity.HIGH, "Warning": Severity.MEDIUM}
_EXPECTED = "squawk's list of violations"
_LOGGED = re.compile(r"\[INFO\] (checking file path|excluded rules|excluded paths): (.*)")
_SILENCER = re.compile(r"(?:--|/\*).*?squawk-ignore")
_UNPARSED = frozenset({"syntax-error", "invalid-statement"})  # before version 2 it was the latter

_Row = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]  # as squawk states it


class _Violation(msgspec.Struct, frozen=True, gc=False, rename={"row": "line"}):
    file: str
    row: _Row
    level: str
    rule_name: str
    message: str = ""
    help: str | None = None
    messages: list[dict[str, str]] | None = None  # before version 2: [{"Note": …}, {"Help": …}]

    @property
    def words(self) -> str:
        """What it says, and what it advises."""
        older = (text for each in self.messages or () for text in each.values())
        return " ".join(filter(None, (self.message, self.help, *older))) or self.rule_name

    @property
    def line(self) -> int:
        """The line, counted from 1, as squawk did itself before version 2."""
        return self.row + 1 if self.messages is None else max(self.row, 1)


def read(report: bytes, materials: Materials) -> Reading:
    """Read what squawk printed. Reach and `covered` are the files that its log says it checked, and could parse.

    A level "Warning", which each of its rules has, is medium. Problems: what could not be parsed, since the rules do
    not see it; rules or paths that the configuration leaves out; `squawk-ignore` comments in the input files, which
    squawk always obeys; a report without the log. Raises `UnreadableError` where there is no list of violations.
    """
    log, listed = split(report)
    if listed is None and log:
        raise UnreadableError(f"squawk printed no list of violations: {log[-1][:300]}", "See to what it says.")
    violations = decode(listed or b"", list[_Violation], _EXPECTED)
    logged = [(found[1], found[2]) for line in log if (found := _LOGGED.search(line))]
    unparsed = {_path(violation, materials) for violation in violations if violation.rule_name in _UNPARSED}
    checked = {relative(text, materials.root) for key, text in logged if key == "checking file path"}
    covered = (checked or {_path(violation, materials) for violation in violations}) - unparsed
    return Reading(
        reach=len(covered),
        unit="files",
        covered=tuple(sorted(covered)),
        findings=identified("squawk", _findings(violations, materials)),
        problems=(*_unseen(violations, materials), *_left_out(logged), *_silenced(materials)),
        tool="squawk-cli",
    )


def _path(violation: _Violation, materials: Materials) -> str:
    return relative(violation.file, materials.root)


def _findings(violations: list[_Violation], materials: Materials) -> Iterator[tuple[Finding, str]]:
    lines = Lines(materials.files)
    for violation in violations:
        if violation.rule_name in _UNPARSED:
            continue
        path, line = _path(violation, materials), violation.line
        finding = Finding(
            rule=violation.rule_name,
            message=violation.words,
            severity=_SEVERITIES.get(violation.level),
            path=path,
            line=line,
            help_url=f"https://squawkhq.com/docs/{violation.rule_name}",
        )
        yield finding, lines.text(path, line)


def _unseen(violations: list[_Violation], materials: Materials) -> Iterator[str]:
    for violation in violations:
        if violation.rule_name in _UNPARSED:
            place = f"{_path(violation, materials)}, line {violation.line}"
            yield f"squawk could not parse {place}: {violation.words}; mend the statement, its rules do not see it"


def _left_out(logged: list[tuple[str, str]]) -> Iterator[str]:
    """Say what the log has as left out, and where there is no log to say it."""
    if not any(key == "checking file path" for key, _ in logged):
        yield (
            "the report does not say which files squawk checked; run it with --verbose, and let both of its streams "
            "become the report (2>&1)"
        )
    for key, text in logged:
        names = text.strip("[] ")
        if key != "checking file path" and names:
            yield (
                f"squawk leaves out {key.removeprefix('excluded ')} {names}; run it with --config /dev/null and "
                "without --exclude, and waive in the policy what is accepted"
            )


def _silenced(materials: Materials) -> Iterator[str]:
    for path in materials.files:
        if path.endswith(".sql"):
            for number, line in enumerate(materials.files[path].decode("utf-8", "replace").splitlines(), start=1):
                if _SILENCER.search(line):
                    yield (
                        f"{path}, line {number}: squawk obeys this squawk-ignore comment, and what it hides is not in "
                        "the report; take it out, and waive in the policy what is accepted"
                    )
