"""Verdict to one HTML page that works offline: nothing loaded, the answer first, no script but what draws a section.

What a check's reader left to be drawn becomes a section of its own, by the `kind` of its details: a further kind is a
module beside `load_page` and a line in `SECTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from clearance.model import Finding, Json, Ruling, Verdict, Waiver
from clearance.render import load_page, templating, words
from clearance.render.templating import Section
from clearance.render.words import NOTHING, Line

if TYPE_CHECKING:
    import jinja2

FINDINGS = 1000
_OUTPUT_LINES = 60
_STYLE = "templates/report.css"
_NO_DETAILS: Mapping[str, Json] = {}


class Draw(Protocol):
    """Details of one kind to a section of the page; whatever they hold, it raises nothing."""

    def __call__(self, ruling: Ruling, details: Json, *, anchor: str, again: str) -> Section: ...


SECTIONS: Mapping[str, Draw] = {
    "load": load_page.draw,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A finding, what became of it, and the waiver beside it."""

    state: str
    finding: Finding
    waiver: Waiver | None = None


def render(
    verdict: Verdict,
    *,
    outputs: Mapping[str, str] = NOTHING,
    reproduce: Mapping[str, str] = NOTHING,
    details: Mapping[str, Json] = _NO_DETAILS,
    file: str = "verdict.json",
    **_context: object,
) -> str:
    """Put a verdict into a page; `file` is where the reader finds the findings that are left out."""
    lines = words.lines(verdict)
    said = {line.ruling.check: words.tail(outputs.get(line.ruling.check, ""), _OUTPUT_LINES) for line in lines}
    again = {line.ruling.check: words.again(line.ruling.check, verdict.stage, reproduce) for line in lines}
    sections = _sections(lines, details, again)
    style = "\n".join(
        [templating.resource(_STYLE), *dict.fromkeys(css for one in sections.values() for css in one.styles)]
    )
    scripts = list(dict.fromkeys(script for one in sections.values() for script in one.scripts))
    page = _templates().get_template("report.html")
    return page.render(
        verdict=verdict,
        lines=lines,
        said=said,
        again=again,
        file=file,
        sections=sections,
        style=templating.literal(style),
        scripts=[templating.literal(script) for script in scripts],
        allowed_styles=templating.literal(templating.sources([style])),
        allowed_scripts=templating.literal(templating.sources(scripts)),
    )


def _sections(lines: list[Line], details: Mapping[str, Json], again: Mapping[str, str]) -> dict[str, Section]:
    """Draw each check whose details are of a kind that can be drawn; of the others there is nothing to show."""
    found: dict[str, Section] = {}
    for number, line in enumerate(lines, 1):
        check = line.ruling.check
        told = details.get(check)
        kind = told.get("kind") if isinstance(told, Mapping) else None
        draw = SECTIONS.get(kind) if isinstance(kind, str) else None
        if told and draw:
            found[check] = draw(line.ruling, told, anchor=f"section-{number}", again=again[check])
    return found


def link(url: str | None) -> str | None:
    """Return the address if following it can only open a web page."""
    return url if url and url.isprintable() and re.match(r"https?://[^\s\"'<>]+\Z", url, re.IGNORECASE) else None


def _placed(ruling: Ruling) -> Iterator[_Placed]:
    yield from (_Placed(state="blocks", finding=finding) for finding in ruling.blocking)
    yield from (_Placed(state="new", finding=finding) for finding in ruling.new)
    yield from (_Placed(state="waived", finding=one.finding, waiver=one.waiver) for one in ruling.waived)
    yield from (_Placed(state="tolerated", finding=finding) for finding in ruling.tolerated)


def _first(ruling: Ruling) -> list[_Placed]:
    return [placed for placed, _ in zip(_placed(ruling), range(FINDINGS), strict=False)]


def _hidden(ruling: Ruling) -> int:
    return max(0, len(ruling.blocking) + len(ruling.new) + len(ruling.waived) + len(ruling.tolerated) - FINDINGS)


@cache
def _templates() -> jinja2.Environment:
    environment = templating.environment()
    environment.filters |= {"link": link, "first_findings": _first, "hidden": _hidden}
    environment.globals |= {"words": words}
    return environment
