"""Verdict to one HTML page that works offline: no script, nothing loaded, the answer first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from clearance.model import Finding, Ruling, Verdict, Waiver
from clearance.render import words
from clearance.render.words import NOTHING, clean

if TYPE_CHECKING:
    import jinja2

FINDINGS = 1000
_OUTPUT_LINES = 60


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
    file: str = "verdict.json",
) -> str:
    """Put a verdict into a page; `file` is where the reader finds the findings that are left out."""
    lines = words.lines(verdict)
    said = {line.ruling.check: words.tail(outputs.get(line.ruling.check, ""), _OUTPUT_LINES) for line in lines}
    again = {line.ruling.check: words.again(line.ruling.check, verdict.stage, reproduce) for line in lines}
    page = _templates().get_template("report.html")
    return page.render(verdict=verdict, lines=lines, said=said, again=again, file=file)


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


def _shown(value: object) -> object:
    """Every expression of the template passes here: text is made harmless, before it is escaped.

    What a macro of the template made (Markup, a subclass of str) has been through it already.
    """
    return clean(value, 2000) if type(value) is str else "" if value is None else value


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("clearance.render"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"link": link, "first_findings": _first, "hidden": _hidden}
    environment.globals |= {"words": words}
    return environment
