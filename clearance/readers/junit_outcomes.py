"""What JUnit's elements and attributes mean, one by one: outcomes, marks, tallies, durations.

Tools agree on few of them; each table names the tool that needs the entry.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from clearance.readers.junit_totals import Tally

NOT_RUN = frozenset({"skipped", "disabled", "notrun", "ignored"})
FLAKY = frozenset({"flakyFailure", "flakyError"})
RERUN = frozenset({"rerunFailure", "rerunError"})
MARKS = NOT_RUN | FLAKY | RERUN | {"failure", "error", "warning"}
# What `status` (CTest, GoogleTest, behave) and `result` (GoogleTest) say when no element says more.
_STATUS = {
    **dict.fromkeys(("fail", "failed", "failure", "broken"), "failure"),
    **dict.fromkeys(("error", "errored"), "error"),
    **dict.fromkeys(("skip", "skipped", "ignored", "pending", "untested"), "skipped"),
    **dict.fromkeys(("notrun", "disabled", "suppressed"), "disabled"),
}
_RAN = frozenset({"", "run", "ran", "executed", "completed", "complete", "finished", "done"})
_PASSED = frozenset({"pass", "passed", "passing", "success", "successful", "succeeded", "ok", "true", "perfect"})
_KNOWN = _RAN | _PASSED | _STATUS.keys()
_TIME = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,20})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)


class Outcome(Enum):
    """What became of a case; `NOT_RUN` covers skipped, disabled and deselected ones."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An element beneath a case that says how it went: the element's name, its type, message and text, cut to size."""

    kind: str
    type: str = ""
    message: str = ""
    text: str = ""


def seconds(text: str) -> float | None:
    """Read a duration: `1.5`, `0,5`, `1,234.56`, `1.234,56`; None where it is absent or no number.

    A single comma without a point is a decimal comma: Surefire's thousands come with decimals.
    """
    text = text.strip().replace("\u00a0", "").replace(" ", "")
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point and (point >= 0 or text.count(",") == 1):
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.replace(",", "")
    return float(text) if _TIME.fullmatch(text) else None


def by_status(attributes: Mapping[str, str]) -> tuple[Mark, ...]:
    """Make a mark of what a case's `result` or `status` says, for cases without elements that say it."""
    for name in ("result", "status"):
        kind = _STATUS.get(attributes.get(name, "").strip().lower())
        if kind:
            return (Mark(kind=kind, message=f'{name}="{attributes[name].strip()}"'),)
    return ()


def unclear(attributes: Mapping[str, str]) -> str:
    """Quote a case's `result` or `status` where it is no known word, for cases without elements; "" otherwise."""
    for name in ("result", "status"):
        stated = attributes.get(name, "").strip()
        if stated.lower() not in _KNOWN:
            return f'{name}="{stated[:40]}"'
    return ""


def completed(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Add the first run's mark to runs that all failed, where the report is silent on it: the case did not pass."""
    if any(mark.kind in {"failure", "error"} | FLAKY for mark in marks):
        return marks
    return marks + tuple(
        Mark(kind=mark.kind.removeprefix("rerun").lower(), type=mark.type, message=mark.message, text=mark.text)
        for mark in marks
        if mark.kind in RERUN
    )


def outcome_of(marks: Iterable[Mark]) -> Outcome:
    """Tell the outcome from the marks: a failure outweighs an error, and both outweigh a skip."""
    kinds = {mark.kind for mark in marks}
    if "failure" in kinds:
        return Outcome.FAILED
    if "error" in kinds:
        return Outcome.ERRORED
    return Outcome.NOT_RUN if kinds & NOT_RUN else Outcome.PASSED


def tally_of(marks: Iterable[Mark], outcome: Outcome) -> Tally:
    """Count a case in every way that some tool counts it: see `junit_totals`."""
    kinds = Counter(mark.kind for mark in marks)
    reruns = sum(kinds[kind] for kind in FLAKY | RERUN)
    failed, errored = bool(kinds["failure"]), bool(kinds["error"])
    off = outcome is Outcome.NOT_RUN and bool(kinds["disabled"] or kinds["notrun"])
    return Counter(
        {
            "cases": 1,
            "failures": kinds["failure"],
            "failed": int(failed),
            "failed only": int(failed and not errored),
            "errors": kinds["error"],
            "errored": int(errored),
            "errored only": int(errored and not failed),
            "skips": sum(kinds[kind] for kind in NOT_RUN - {"disabled", "notrun"}),
            "skipped": int(outcome is Outcome.NOT_RUN and not off),
            "disabled": int(off),
            "reruns": reruns,
            "rerun failures": kinds["rerunFailure"] + kinds["flakyFailure"],
            "rerun errors": kinds["rerunError"] + kinds["flakyError"],
        }
    )
