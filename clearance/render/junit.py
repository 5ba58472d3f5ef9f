"""Verdict to JUnit XML, for what shows test results: a case a check, an objective and a waiver.

The form is the one that Jenkins' xUnit plugin checks (junit-10.xsd) and pytest calls xunit2. A check that fails is a
failure, one that is unknown an error, what a waiver covers a skipped case that names its owner and its last day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from clearance.model import Decision, Finding, Ruling, Verdict
from clearance.render import words
from clearance.render.words import NOTHING, Line, clean

FINDINGS = 100
_TEXT = 2000
_NAME = 200
_OUTPUT_LINES = 60
_OUTCOMES = {Decision.FAIL: "failure", Decision.UNKNOWN: "error"}
_BUDGET = re.compile(r"at (?:least|most) [^;]*?(?= asked for)")
_EACH = re.compile(r"(.+?): [\d,]+ of [\d,]+ parts, (at (?:least|most) [^;]*?) asked for")
_ABSENT = re.compile(r"the measure (.+) that the policy has an objective for is not there")
_OTHER_POLICY = re.compile(r"\Aunder the policy of .{1,80}?: ")
_UNDECIDED = re.compile(r": the interval straddles the budget, |: [\d,]+ samples, [\d,]+ needed: |is not there\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A test case; `outcome` is None where it passed, else the element that says why not, with a message and text."""

    classname: str
    name: str
    seconds: float = 0.0
    outcome: str | None = None
    message: str = ""
    text: str = ""
    output: str = ""


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into XML; `file` holds the findings that are left out."""
    cases = [*_whole(verdict)]
    for line in words.lines(verdict):
        cases.append(_check(line, verdict, outputs, reproduce, file))
        cases += _objectives(line.ruling, verdict)
        cases += _waivers(line.ruling, verdict)
    counts = {
        "tests": len(cases),
        "failures": sum(case.outcome == "failure" for case in cases),
        "errors": sum(case.outcome == "error" for case in cases),
    }
    skipped = sum(case.outcome == "skipped" for case in cases)
    seconds = f"{sum(case.seconds for case in cases):.3f}"
    moment = verdict.judged_at.strftime("%Y-%m-%dT%H:%M:%S")
    suite = {"name": f"gate/{verdict.stage}", **counts, "skipped": skipped, "time": seconds, "timestamp": moment}
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites{_attributes({'name': 'Clearance', 'time': seconds, **counts})}>",
        f"<testsuite{_attributes(suite)}>",
        *_properties(verdict),
        *(text for case in cases for text in _xml(case)),
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _whole(verdict: Verdict) -> Iterator[_Case]:
    """What concerns the verdict as a whole: without it, a verdict over nothing would be a suite that passes."""
    if verdict.reasons or not verdict.rulings:
        said = "; ".join(clean(reason, _TEXT) for reason in verdict.reasons) or words.tally(verdict)
        yield _Case(classname=_class(verdict), name="the whole", outcome="error", message=said)


def _check(line: Line, verdict: Verdict, outputs: Mapping[str, str], reproduce: Mapping[str, str], file: str) -> _Case:
    ruling = line.ruling
    outcome = _OUTCOMES.get(ruling.decision)
    text = [clean(reason, _TEXT) for reason in ruling.reasons]
    output: list[str] = []
    if outcome is not None:
        text += _findings(ruling.blocking, file)
        text.append(f"run it again: {words.again(ruling.check, verdict.stage, reproduce)}")
        output = words.tail(outputs.get(ruling.check, ""), _OUTPUT_LINES)
    return _Case(
        classname=_class(verdict),
        name=clean(ruling.check, _NAME),
        seconds=line.exhibit.seconds if line.exhibit and not line.exhibit.reused else 0.0,
        outcome=outcome,
        message=clean(ruling.reasons[0], 300) if ruling.reasons else str(ruling.decision),
        text="\n".join(text),
        output="\n".join(output),
    )


def _findings(findings: tuple[Finding, ...], file: str) -> Iterator[str]:
    for one in findings[:FINDINGS]:
        yield f"{words.place(one)} {clean(one.rule, 80)} {words.severity(one)}: {clean(one.message, 300)}"
    if len(findings) > FINDINGS:
        yield f"and {len(findings) - FINDINGS:,} more: see {file}"


def _objectives(ruling: Ruling, verdict: Verdict) -> Iterator[_Case]:
    """Give each objective its case, of a name that stays the same whatever its value.

    A ruling's reasons stand in the order of their decisions, and how much was looked at is never a failure: so an
    objective that stands before that failed, and one after it did not, unless it says that it does not know.
    """
    reasons = [_OTHER_POLICY.sub("", reason) for reason in ruling.reasons]
    reach = next((at for at, reason in enumerate(reasons) if reason.startswith("looked at ")), None)
    names = sorted((measure.name for measure in ruling.measures), key=len, reverse=True)
    for at, reason in enumerate(reasons if reach is not None else ()):
        name = _objective(reason, names)
        if name is None:
            continue
        outcome = "error" if _UNDECIDED.search(reason) else "failure" if reach is not None and at < reach else None
        yield _Case(
            classname=f"{_class(verdict)}.{clean(ruling.check, _NAME)}",
            name=clean(name, _NAME),
            outcome=outcome,
            message=clean(reason, _TEXT) if outcome else "",
        )


def _objective(reason: str, names: Iterable[str]) -> str | None:
    """Name the objective that a reason speaks of: its measure and, where it says so, its budget; None for another."""
    if found := _ABSENT.fullmatch(reason):
        return found[1]
    if found := _EACH.match(reason):
        return f"{found[1]}/* {found[2]}"
    name = next((name for name in names if reason.startswith(f"{name} ")), None)
    if name is None:
        return None
    budget = _BUDGET.search(reason, len(name))
    return f"{name} {budget[0]}" if budget else name


def _waivers(ruling: Ruling, verdict: Verdict) -> Iterator[_Case]:
    for waiver, number in words.by_waiver(ruling):
        said = f"{words.count(number, 'finding')} waived by {clean(waiver.owner, 80)} until {waiver.expires}"
        yield _Case(
            classname=f"{_class(verdict)}.{clean(ruling.check, _NAME)}",
            name=f"waived: {words.waiver(waiver, ruling.check)}",
            outcome="skipped",
            message=f"{said}: {clean(waiver.reason, 600)}",
        )


def _class(verdict: Verdict) -> str:
    return f"gate.{verdict.stage}"


def _properties(verdict: Verdict) -> Iterable[str]:
    subject = verdict.subject
    named = {
        "decision": str(verdict.decision),
        "complete": str(verdict.complete).lower(),
        "commit": subject.commit,
        "tree": subject.tree,
        "dirty": str(subject.dirty).lower(),
        "policy": verdict.policy_digest,
        "version": verdict.version,
        "override": words.overridden(verdict.override) if verdict.override else None,
    }
    facts = [
        f"<property{_attributes({'name': name, 'value': clean(text, _NAME)})}/>" for name, text in named.items() if text
    ]
    return ["<properties>", *facts, "</properties>"]


def _xml(case: _Case) -> Iterator[str]:
    named = {"classname": case.classname, "name": case.name, "time": f"{case.seconds:.3f}"}
    if case.outcome is None and not case.text:
        yield f"<testcase{_attributes(named)}/>"
        return
    yield f"<testcase{_attributes(named)}>"
    if case.outcome is not None:
        kind = {"message": case.message} | ({"type": "clearance"} if case.outcome != "skipped" else {})
        yield f"<{case.outcome}{_attributes(kind)}>{escape(case.text)}</{case.outcome}>"
    elif case.text:
        yield f"<system-out>{escape(case.text)}</system-out>"
    if case.output:
        yield f"<system-out>{escape(case.output)}</system-out>"
    yield "</testcase>"


def _attributes(named: Mapping[str, object]) -> str:
    return "".join(f' {name}="{escape(str(value))}"' for name, value in named.items())
