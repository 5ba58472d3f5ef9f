"""Verdict to one HTML page that works offline and without a script: nothing loaded, the answer first, the worst first.

A script finds, filters and lists more; what it needs is in the page as JSON. What a check's reader left to be drawn
becomes a section of its own, by the `kind` of its details: a further kind is a module beside `load_page` and a line in
`SECTIONS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from clearance.model import Decision, Json, Ruling, Stage, Verdict, Waiver
from clearance.render import load_page, report_rows, scenarios_page, templating, words
from clearance.render.report_rows import NO_SOURCES, Anchors, Listing, Sources, link
from clearance.render.templating import Section
from clearance.render.words import NOTHING, Explain, Explained, Line, clean, unexplained

if TYPE_CHECKING:
    import jinja2

_OUTPUT_LINES = 60
_STYLE, _SCRIPT = "templates/report.css", "templates/report.js"
_NO_DETAILS: Mapping[str, Json] = {}
_EXPLAINED = 12  # rules of a check that are explained beside its findings
_THINGS = {Stage.CHANGE: "this change", Stage.PLAN: "this plan", Stage.LIVE: "what runs"}
_ANSWERS = {
    Decision.PASS: "{thing} may go on",
    Decision.UNKNOWN: "it is not known whether {thing} may go on",
    Decision.FAIL: "{thing} must not go on",
}
_STATES = ("blocks", "new", "waived", "tolerated")

__all__ = ["SECTIONS", "link", "render"]


class Draw(Protocol):
    """Details of one kind to a section of the page; whatever they hold, it raises nothing."""

    def __call__(self, ruling: Ruling, details: Json, *, anchor: str, again: str) -> Section: ...


SECTIONS: Mapping[str, Draw] = {
    "load": load_page.draw,
    "scenarios": scenarios_page.draw,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A waiver, what it does here, and how many findings it covers."""

    waiver: Waiver
    state: str
    wants: bool


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    details: Mapping[str, Json] = _NO_DETAILS,
    sources: Sources = NO_SOURCES,
    explain: Explain = unexplained,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into a page.

    `file` is where the reader finds the findings that are left out, `sources` the lines near findings as the working
    tree has them: path, then number (from 1), then text. `explain` returns what is known of a rule, by each tool that
    has one of that name.
    """
    lines = words.lines(verdict)
    anchors = Anchors()
    again = {line.ruling.check: words.again(line.ruling.check, verdict.stage, reproduce) for line in lines}
    places = {line.ruling.check: anchors.of_check(line.ruling.check) for line in lines}
    listings = report_rows.listings(lines, anchors, sources, verdict.judged_at)
    sections = _sections(lines, details, again, anchors)
    kept = _kept(verdict)
    style = "\n".join(
        [templating.resource(_STYLE), *dict.fromkeys(css for one in sections.values() for css in one.styles)]
    )
    scripts = [
        templating.resource(_SCRIPT),
        *dict.fromkeys(script for one in sections.values() for script in one.scripts),
    ]
    return (
        _templates()
        .get_template("report.html")
        .render(
            verdict=verdict,
            answer=_answer(verdict),
            facts=_facts(listings, kept, verdict),
            lines=lines,
            said={line.ruling.check: words.tail(outputs.get(line.ruling.check, ""), _OUTPUT_LINES) for line in lines},
            again=again,
            file=file,
            places=places,
            listings=listings,
            explained={line.ruling.check: _explained(line, listings[line.ruling.check], explain) for line in lines},
            filters=_filters(lines, listings),
            kept=kept,
            sections=sections,
            data=templating.embed(report_rows.data(lines, listings, _about(verdict))),
            style=style,
            scripts=scripts,
            allowed_styles=templating.sources([style]),
            allowed_scripts=templating.sources(scripts),
        )
    )


def _sections(
    lines: list[Line], details: Mapping[str, Json], again: Mapping[str, str], anchors: Anchors
) -> dict[str, Section]:
    """Draw each check whose details are of a kind that can be drawn; of the others there is nothing to show."""
    found: dict[str, Section] = {}
    for line in lines:
        check = line.ruling.check
        told = details.get(check)
        kind = told.get("kind") if isinstance(told, Mapping) else None
        draw = SECTIONS.get(kind) if isinstance(kind, str) else None
        if told and draw:
            found[check] = draw(line.ruling, told, anchor=anchors.of_check(check, "details"), again=again[check])
    return found


def _kept(verdict: Verdict) -> list[_Kept]:
    """Return every waiver, those that want something from someone first, then those that end first."""
    numbers: Counter[Waiver] = Counter()
    for ruling in verdict.rulings:
        numbers.update(dict(words.by_waiver(ruling)))
    found = [_Kept(waiver=one, state="expired: renew or delete it", wants=True) for one in verdict.expired_waivers]
    found += [_Kept(waiver=one, state=f"idle: {words.idleness(one)}", wants=True) for one in verdict.idle_waivers]
    found += [
        _Kept(waiver=one, state=f"covers {words.count(number, 'finding')}", wants=False)
        for one, number in numbers.items()
    ]
    return sorted(found, key=lambda kept: (not kept.wants, kept.waiver.expires))


def _answer(verdict: Verdict) -> str:
    """Return the answer as a sentence; that nothing stops a part says nothing of the whole."""
    thing = _THINGS[verdict.stage]
    said = _ANSWERS[verdict.decision].format(thing=thing)
    if verdict.decision is Decision.PASS and not verdict.complete:
        said = f"only a part of what {thing} needs was judged"
    return f"{said[0].upper()}{said[1:]}: {words.tally(verdict)}."


def _facts(listings: Mapping[str, Listing], kept: list[_Kept], verdict: Verdict) -> str:
    """Return what there is to be read below, in a line: "3 findings: 1 blocks, 2 waived; 2 waivers, …"."""
    states = _counted((row[1] for one in listings.values() for row in one.data), _STATES)
    total = sum(one.total for one in listings.values())
    said = words.count(total, "finding")
    if total == sum(states.values()):
        said += ": " * bool(states) + ", ".join(
            f"{n:,} {'block' if name == 'blocks' and n != 1 else name}" for name, n in states.items()
        )
    if kept:
        first = min((one.waiver for one in kept), key=lambda waiver: waiver.expires)
        whose = "which" if len(kept) == 1 else "the first of which"
        said += f"; {words.count(len(kept), 'waiver')}, {whose} {words.expiry(first, verdict.judged_at)}"
    return f"{said}."


def _explained(line: Line, listing: Listing, explain: Explain) -> list[tuple[str, Explained]]:
    """Return what is known of the rules of the worst findings; where tools share a name, of the tool that looked."""
    found: list[tuple[str, Explained]] = []
    tool = line.exhibit.tool if line.exhibit else ""
    for rule in list(dict.fromkeys(row.finding.rule for row in listing.rows))[:_EXPLAINED]:
        known = list(explain(rule))
        own = [one for one in known if one.tool and tool.startswith(one.tool)]
        found += [(rule, one) for one in own or known]
    return found


def _filters(lines: list[Line], listings: Mapping[str, Listing]) -> dict[str, dict[str, int]]:
    """Return what can be filtered by, and how much there is of each: a field, then its values."""
    rows = [row for listing in listings.values() for row in listing.data]
    checks = {clean(line.ruling.check, 200): listings[line.ruling.check].total for line in lines}
    return {
        "decision": _counted((str(line.ruling.decision) for line in lines), ("fail", "unknown", "pass")),
        "severity": _counted((row[2] for row in rows), ("critical", "high", "unrated", "medium", "low", "info")),
        "state": _counted((row[1] for row in rows), _STATES),
        "check": checks,
    }


def _counted(values: Iterable[object], order: tuple[str, ...]) -> dict[str, int]:
    """Count what there is, in this order."""
    numbers = Counter(values)
    return {one: numbers[one] for one in order if numbers[one]}


def _about(verdict: Verdict) -> Json:
    subject = verdict.subject
    return {
        "schema": 1,
        "decision": str(verdict.decision),
        "complete": verdict.complete,
        "stage": str(verdict.stage),
        "commit": subject.commit,
        "tree": subject.tree,
        "policy_digest": verdict.policy_digest,
        "base_policy_digest": verdict.base_policy_digest,
        "judged_at": words.moment(verdict.judged_at),
        "version": verdict.version,
        "columns": ["anchor", "state", "severity", "rule", "help", "place", "message", "waived", "silenced"],
    }


@cache
def _templates() -> jinja2.Environment:
    environment = templating.environment()
    environment.filters |= {"link": link}
    environment.globals |= {"words": words, "waived_by": report_rows.waived_by}
    return environment
