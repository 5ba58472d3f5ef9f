"""Findings of test cases: what failed, what errored, what passed only when it was run again, what was silenced."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.model import Finding, Severity
from clearance.readers.defensive_xml import clip
from clearance.readers.junit_cases import Case
from clearance.readers.junit_outcomes import Mark, Outcome
from clearance.readers.places import is_absolute, relative

LISTED = 100

_EXPECTED_FAILURES = frozenset({"pytest.xfail", "XFAIL"})  # of pytest, of unittest-xml-reporting
_MESSAGE = 4000
_TAIL = 4
# rule, severity, the marks that make it, and what to say when the report gives no reason
_RULES = (
    ("failure", Severity.HIGH, ("failure",), "failed; the report gives no reason"),
    ("error", Severity.HIGH, ("error",), "stopped by an error; the report gives no reason"),
    ("warning", Severity.MEDIUM, ("warning",), "ended with a warning; the report gives no reason"),
    ("flaky", Severity.LOW, ("flakyFailure", "flakyError"), "the report gives no reason"),
)


def findings_of(case: Case, root: str, tool: str) -> Iterator[Finding]:
    """Give a case's findings, at most one a rule; several marks of one kind share a finding, with all their messages.

    Paths come out relative to `root`; a file outside of it is left out. The line counts from 1: pytest (xunit1) writes
    it from 0.
    """
    path = beneath(case.file, root)
    line = case.line if case.line is None or tool != "pytest" else case.line + 1
    for rule, severity, kinds, unsaid in _RULES:
        marks = case.marked(*kinds)
        if marks:
            said = list(dict.fromkeys(filter(None, map(_message, marks))))
            message = clip("\n".join(said), _MESSAGE) if said else unsaid
            if rule == "flaky":
                runs = "run" if len(marks) == 1 else "runs"
                message = clip(f"passed after {len(marks)} failed {runs}: {message}", _MESSAGE)
            yield Finding(
                rule=rule,
                severity=severity,
                message=message,
                path=path,
                line=line if path and line else None,
                resource=label(case),
            )


def label(case: Case) -> str:
    """Name a case: `classname::name`; its suite stands in for what it does not state."""
    if case.orphan:
        return case.suite or "outside of any test case"
    return "::".join(filter(None, (case.classname or case.suite, case.name))) or "a test case without a name"


def silenced(case: Case) -> str | None:
    """Say what is wrong with a case that is expected to fail (pytest's xfail, unittest's expectedFailure); None if not.

    An xfail that passes unexpectedly, not being strict, leaves no trace in the report.
    """
    if case.outcome is not Outcome.NOT_RUN:
        return None
    for mark in case.marked("skipped"):
        if mark.type in _EXPECTED_FAILURES or mark.message == "xfail-marked test passes unexpectedly":
            reason = f' ("{clip(mark.message, 200)}")' if mark.message else ""
            return (
                f"{label(case)} is silenced by xfail{reason}: take the mark away, and waive its failure in the policy "
                "if it must wait"
            )
    return None


def listed(problems: list[str], what: str) -> list[str]:
    """Keep the first `LISTED` problems of one kind, and say how many more there are."""
    if len(problems) <= LISTED:
        return problems
    return [*problems[:LISTED], f"and {len(problems) - LISTED} more {what}"]


def beneath(file: str, root: str) -> str | None:
    """Turn a file as a tool names it into a POSIX path beneath `root`; None where it lies elsewhere or is unsaid."""
    path = relative(file.strip().removeprefix("file://"), root)
    return None if path == "." or path.partition("/")[0] == ".." or is_absolute(path) else path


def _message(mark: Mark) -> str:
    message, text = mark.message.strip(), mark.text.strip()
    first = text.partition("\n")[0]
    if not message:
        message = text
    elif message not in text or (" " not in message and message not in first):
        # "collection failure" or a bare exception's name says little: what happened stands at the end of the text.
        message = "\n".join([message, *text.splitlines()[-_TAIL:]])
    named = mark.type.rpartition(".")[2]
    return f"{mark.type}: {message}" if named and named not in message.partition("\n")[0] else message
