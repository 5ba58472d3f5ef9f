"""Renderers: one an audience. A module here turns a verdict into text, does no I/O, and decides nothing.

A new audience is a new module and a line in `RENDERERS`. `outputs` is what a check's own tool printed last, by check;
`reproduce` the command that runs a check again, where it isn't `clearance run --only CHECK`; `details` what its reader
left to be drawn (`Reading.details`), `sources` the lines near findings, `explain` what is known of a rule, and
`repository` the web address that the subject's commit belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clearance.model import Json, Verdict
from clearance.render import html, junit, markdown, sarif, text, verdict_json, workflow_commands
from clearance.render.report_rows import Sources
from clearance.render.words import Explain


class Renderer(Protocol):
    """Verdict to text; whoever has no use for the keyword arguments ignores them."""

    def __call__(
        self,
        verdict: Verdict,
        *,
        outputs: Mapping[str, str] = ...,
        reproduce: Mapping[str, str] = ...,
        details: Mapping[str, Json] = ...,
        sources: Sources = ...,
        explain: Explain = ...,
        repository: str | None = ...,
    ) -> str: ...


RENDERERS: Mapping[str, Renderer] = {
    "text": text.render,
    "json": verdict_json.render,
    "markdown": markdown.render,
    "comment": markdown.render_comment,
    "html": html.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "annotations": workflow_commands.render,
}
