"""What changed between two verdicts, for a terminal, for Markdown and for programs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from clearance.model import Decision, Finding, Measure
from clearance.render import words
from clearance.render.changes import Changes, CheckChanges, Placed, Shift
from clearance.render.markdown import code, prose
from clearance.render.words import clean

_SCHEMA = '{"schema":1,"kind":"comparison",'
LISTED = 50  # findings of one kind, of all checks together
_NOTHING = "not judged"


def text(changes: Changes) -> str:
    """Say it in plain lines: the answer, what each check has, then findings, measures and waivers that differ."""
    out = [f"{changes.before.name} -> {changes.after.name}"]
    out += [f"  {fact.name:20}{fact.before} -> {fact.after}" for fact in changes.facts]
    width = max((len(clean(one.check, 40)) for one in changes.checks), default=0)
    for one in changes.checks:
        out.append(f"  {clean(one.check, 40):{width}}  {_decisions(one):20} {_numbers(one)}".rstrip())
    for check, shift in _shifts(changes):
        out.append(f"  = {clean(check, 40)}  {_shift(shift)}")
    for sign, what, rows in _lists(changes):
        out += [
            f"  {sign} {what:5} {clean(check, 40)}  {_finding(finding, state)}" for check, finding, state in rows.first
        ]
        out += [f"  {sign} and {rows.more:,} more: see --format json"] if rows.more else []
    out += [
        f"  + waiver {words.waiver(one)}, until {one.expires}, {clean(one.owner, 60)}" for one in changes.new_waivers
    ]
    out += [
        f"  - waiver {words.waiver(one)}, until {one.expires}, {clean(one.owner, 60)}" for one in changes.gone_waivers
    ]
    if not _is_any(changes):
        out.append("  nothing that the checks found has changed")
    return "\n".join(out) + "\n"


def markdown(changes: Changes) -> str:
    """Say it in GitHub's Markdown, with every text escaped."""
    out = [f"### {changes.before.name} → {changes.after.name}", ""]
    out += ["| | before | after |", "| --- | --- | --- |"] if changes.facts else []
    out += [
        f"| {fact.name} | {prose(clean(fact.before, 300))} | {prose(clean(fact.after, 300))} |"
        for fact in changes.facts
    ]
    out += ["" for _ in changes.facts[:1]] + [
        "| Check | Decision | New | Gone | Moved | Same |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in changes.checks:
        numbers = f"{len(one.new):,} | {len(one.gone):,} | {len(one.moved):,} | {one.same:,}"
        numbers = numbers if one.is_judged_twice else " |  |  | "
        out.append(f"| {code(clean(one.check, 80))} | {_decisions(one, ' → ')} | {numbers} |")
    shifts = [f"- {code(clean(check, 80))} {prose(_shift(shift))}" for check, shift in _shifts(changes)]
    out += ["", "Measures", "", *shifts] if shifts else []
    for _, what, rows in _lists(changes):
        if rows.first:
            out += ["", f"{what.capitalize()} findings", ""]
            out += [
                f"- {code(clean(check, 80))} {prose(_finding(finding, state))}" for check, finding, state in rows.first
            ]
            out += [f"- and {rows.more:,} more"] if rows.more else []
    for what, waivers in (("New", changes.new_waivers), ("Gone", changes.gone_waivers)):
        if waivers:
            out += ["", f"{what} waivers", ""]
            out += [
                f"- {prose(words.waiver(one))}, until {one.expires}: {prose(clean(one.reason, 300))}" for one in waivers
            ]
    return "\n".join(out) + "\n"


def as_json(changes: Changes) -> str:
    """Give all of it as one JSON object, nothing left out: `schema` 1, `kind` "comparison", then `Changes`' fields."""
    try:
        told = msgspec.json.encode(changes).decode()
    except UnicodeEncodeError:  # half a surrogate pair, as an undecodable file name has it
        told = json.dumps(msgspec.to_builtins(changes), separators=(",", ":"))
    return f"{_SCHEMA}{told[1:]}\n"


FORMS: Mapping[str, Callable[[Changes], str]] = {"text": text, "markdown": markdown, "json": as_json}


class _Rows:
    """The first findings of one kind, with their check and state, and how many more there are."""

    def __init__(self, found: Iterable[tuple[str, Finding, str]]) -> None:
        rows = iter(found)
        self.first = list(itertools.islice(rows, LISTED))
        self.more = sum(1 for _ in rows)


def _lists(changes: Changes) -> Iterator[tuple[str, str, _Rows]]:
    yield "+", "new", _Rows(_of(changes, lambda one: one.new))
    yield (
        "~",
        "moved",
        _Rows(
            (one.check, moved.finding, f"{moved.before} -> {moved.after}")
            for one in changes.checks
            for moved in one.moved
        ),
    )
    yield "-", "gone", _Rows(_of(changes, lambda one: one.gone))


def _of(changes: Changes, which: Callable[[CheckChanges], tuple[Placed, ...]]) -> Iterator[tuple[str, Finding, str]]:
    for check in changes.checks:
        for one in which(check) if check.is_judged_twice else ():
            yield check.check, one.finding, one.state


def _is_any(changes: Changes) -> bool:
    return any(one.is_any for one in changes.checks) or bool(changes.new_waivers or changes.gone_waivers)


def _decisions(one: CheckChanges, arrow: str = " -> ") -> str:
    before, after = (_NOTHING if decision is None else decision.name for decision in (one.before, one.after))
    return before if before == after else f"{before}{arrow}{after}"


def _numbers(one: CheckChanges) -> str:
    if not one.is_judged_twice:
        alone = len(one.new) + len(one.gone)
        return f"{words.count(alone, 'finding')}, nothing to compare with" if alone else ""
    gone = "gone or not seen" if one.after is Decision.UNKNOWN else "gone"
    parts = {"new": len(one.new), gone: len(one.gone), "moved": len(one.moved), "same": one.same}
    return ", ".join(f"{number:,} {name}" for name, number in parts.items() if number)


def _shifts(changes: Changes) -> Iterator[tuple[str, Shift]]:
    for check in changes.checks:
        for shift in check.shifts:
            yield check.check, shift


def _shift(one: Shift) -> str:
    apart = "" if one.before is None or one.after is None else "; apart" if one.is_apart else "; the intervals overlap"
    exact = all(found is None or found.low == found.high for found in (one.before, one.after))
    return f"{clean(one.name, 80)}: {_value(one.before)} -> {_value(one.after)}{'' if exact else apart}"


def _value(one: Measure | None) -> str:
    return "not measured" if one is None else words.measure(one).removeprefix(clean(one.name, 80)).strip()


def _finding(finding: Finding, state: str) -> str:
    rule, message = clean(finding.rule, 80), clean(finding.message, 160)
    return f"{words.place(finding)}  {rule}  {words.severity(finding)}, {state}  {message}"
