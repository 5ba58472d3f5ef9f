"""JUnit XML, whichever tool wrote it, as a stream of test cases with their outcomes, and a summary of the whole.

No standard defines the format. Sources: the schemas of Jenkins' xunit plugin (junit-10.xsd) and of Maven Surefire
(surefire-test-report.xsd), GoogleTest's "Advanced Topics", and what pytest, PHPUnit, jest-junit, go-junit-report,
CTest, Catch2 and Gradle write. What the outcomes are worth is not decided here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clearance.model import UnreadableError
from clearance.readers.defensive_xml import End, Start, Text, clip, events
from clearance.readers.junit_outcomes import (
    MARKS,
    Mark,
    Outcome,
    by_status,
    completed,
    outcome_of,
    seconds,
    tally_of,
    unclear,
)
from clearance.readers.junit_totals import Tally, contradictions, unmarked
from clearance.readers.moments import moment_of

_SUITES = ("testsuites", "testsuite")
_OUTPUT = frozenset({"system-out", "system-err"})
_TOOLS = {"pytest tests": "pytest", "pytest": "pytest", "jest tests": "jest"}
_CATCH2 = "random-seed"  # a property of its suites, whose `tests` is the number of assertions
_TEXT_KEPT = 1500
_PROPERTIES_KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One `<testcase>`; or, as `orphan`, the failures and errors that a suite shows outside of its cases.

    `suite` are the names of the enclosing suites, joined by " > "; `line` is as written, None where there is none.
    """

    classname: str
    name: str
    suite: str
    outcome: Outcome
    marks: tuple[Mark, ...] = ()
    file: str = ""
    line: int | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    orphan: bool = False

    def marked(self, *kinds: str) -> tuple[Mark, ...]:
        """Those of its marks that are of these kinds."""
        return tuple(mark for mark in self.marks if mark.kind in kinds)


@dataclass(slots=True, kw_only=True)
class Summary:
    """What the report says of itself as a whole; filled while its cases are read.

    `todo` counts cases that look passed but did not run: jest-junit writes `test.todo` so, and leaves them out of the
    suite's total.
    """

    problems: list[str] = field(default_factory=list)
    seconds: float | None = None
    tool: str = ""
    made_at: datetime | None = None
    todo: int = 0


def cases(report: bytes, summary: Summary) -> Iterator[Case]:
    """Read the report's cases in document order, filling `summary`, which is complete when the cases are exhausted.

    Raises UnreadableError where the bytes are no XML or its root is neither `<testsuites>` nor `<testsuite>`.
    """
    walk = _Walk(summary)
    for event in events(report):
        if isinstance(event, Start):
            walk.start(event)
        elif isinstance(event, Text):
            walk.text(event.text)
        else:
            yield from walk.end(event)


@dataclass(slots=True)
class _Suite:
    name: str
    path: str
    attributes: Mapping[str, str]
    line: int
    own: Tally = field(default_factory=Counter)
    beneath: Tally = field(default_factory=Counter)
    orphans: list[Mark] = field(default_factory=list)
    seconds: float | None = None
    totals: bool = True  # whether its `tests` counts cases


@dataclass(slots=True)
class _Open:
    attributes: Mapping[str, str]
    marks: list[Mark] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


class _Walk:
    """Where the reading stands: the open suites and cases, and the mark whose text is being collected."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._suites: list[_Suite] = []
        self._cases: list[_Open] = []
        self._mark: Start | None = None
        self._head, self._tail, self._length = "", "", 0
        self._inside = 0  # how deep in an element whose children have no meaning of their own

    def start(self, event: Start) -> None:
        if not self._suites and event.name not in _SUITES:
            raise UnreadableError(
                f"the report's root element is <{clip(event.name, 100)}>, not <testsuites> or <testsuite>",
                "this is no JUnit report: name the reader of the tool that wrote it, or let the tool write JUnit XML",
            )
        if self._inside:
            self._inside += 1
        elif event.name in _SUITES:
            self._open_suite(event)
        elif event.name == "testcase":
            self._cases.append(_Open(event.attributes))
        elif event.name in MARKS:
            self._mark, self._inside = event, 1
            self._head, self._tail, self._length = "", "", 0
        elif event.name in _OUTPUT:
            self._inside = 1
        elif event.name == "property":
            self._note(event.attributes)

    def text(self, text: str) -> None:
        if self._mark is not None:
            self._length += len(text)
            self._head += text[: _TEXT_KEPT - len(self._head)]
            self._tail = (self._tail + text)[-_TEXT_KEPT:]

    def end(self, event: End) -> Iterator[Case]:
        if self._inside:
            self._inside -= 1
            if not self._inside and self._mark is not None:
                self._close_mark(self._mark)
        elif event.name in _SUITES:
            yield from self._close_suite()
        elif event.name == "testcase" and self._cases:
            yield self._close_case(self._cases.pop())

    def _note(self, attributes: Mapping[str, str]) -> None:
        if not self._cases:
            if attributes.get("name") == _CATCH2:
                self._suites[-1].totals = False
            return
        properties = self._cases[-1].properties
        if len(properties) < _PROPERTIES_KEPT:
            properties[attributes.get("name", "")] = attributes.get("value", "")[:_TEXT_KEPT]

    def _open_suite(self, event: Start) -> None:
        name = clip(event.attributes.get("name", ""), 300)
        path = " > ".join([*(suite.name for suite in self._suites[-3:] if suite.name), *([name] if name else [])])
        self._suites.append(_Suite(name, path, event.attributes, event.line))
        self._summary.tool = self._summary.tool or _TOOLS.get(name, "")
        moment = moment_of(event.attributes.get("timestamp", ""))
        if moment and (self._summary.made_at is None or moment > self._summary.made_at):
            self._summary.made_at = moment

    def _close_mark(self, start: Start) -> None:
        mark = Mark(
            kind=start.name,
            type=start.attributes.get("type", "")[:200],
            message=clip(start.attributes.get("message", ""), _TEXT_KEPT),
            text=self._kept(),
        )
        self._mark = None
        if self._cases:
            self._cases[-1].marks.append(mark)
        elif mark.kind in ("failure", "error"):
            self._suites[-1].orphans.append(mark)

    def _kept(self) -> str:
        if self._length <= _TEXT_KEPT:
            return self._head
        return f"{self._head} … (cut; {self._length} characters in all) …\n{self._tail}"

    def _close_case(self, case: _Open) -> Case:
        get = case.attributes.get
        suite = self._suites[-1]
        marks = completed(tuple(case.marks) or by_status(case.attributes))
        outcome = outcome_of(marks)
        if marks:
            suite.own.update(tally_of(marks, outcome))
        else:
            suite.own["cases"] += 1
        doubt = "" if case.marks else unclear(case.attributes)
        if doubt:
            self._summary.problems.append(
                f'the case "{clip(get("name", ""), 200)}" states {doubt}, which may mean that it did not pass: '
                "let the tool write a failure, an error or a skip as an element"
            )
        spent = seconds(get("time", ""))
        if spent is not None:
            suite.seconds = (suite.seconds or 0.0) + spent
        line = get("line", "")
        return Case(
            classname=clip(get("classname") or get("class") or "", 500),
            name=clip(get("name", ""), 500),
            suite=suite.path,
            outcome=outcome,
            marks=marks,
            file=get("file", "")[:_TEXT_KEPT],
            line=int(line) if re.fullmatch(r"[0-9]{1,9}", line, re.ASCII) else None,
            properties=case.properties,
        )

    def _close_suite(self) -> Iterator[Case]:
        suite = self._suites[-1]
        if suite.orphans:
            kinds = Counter(mark.kind for mark in suite.orphans)
            suite.own += Counter(
                {"failures": kinds["failure"], "errors": kinds["error"], "orphans": len(suite.orphans)}
            )
            outcome = outcome_of(suite.orphans)
            yield Case(
                classname="", name="", suite=suite.path, outcome=outcome, marks=tuple(suite.orphans), orphan=True
            )
        self._suites.pop()
        if self._summary.tool == "jest":
            todo = unmarked(suite.attributes, suite.own)
            suite.own["cases"] -= todo
            self._summary.todo += todo
        suite.beneath += suite.own
        label = f'suite "{suite.name}"' if suite.name else f"the suite at line {suite.line}"
        stated = {name: text for name, text in suite.attributes.items() if suite.totals or name != "tests"}
        self._summary.problems += contradictions(label, stated, suite.own, suite.beneath)
        spent = seconds(suite.attributes.get("time", ""))
        spent = suite.seconds if spent is None else spent
        if not self._suites:
            self._summary.seconds = spent
            return
        parent = self._suites[-1]
        parent.beneath += suite.beneath
        if spent is not None:
            parent.seconds = (parent.seconds or 0.0) + spent
