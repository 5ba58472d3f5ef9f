"""Writes a verdict's reports into their folder, and prints one of them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from clearance.cli import explaining
from clearance.model import Decision, Json, Verdict
from clearance.render import RENDERERS, text, verdict_json
from clearance.render.report_rows import NO_SOURCES, Sources
from clearance.shelf import replace as replace_file

OUT = "build/clearance"
EXITS = {Decision.PASS: os.EX_OK, Decision.FAIL: 1, Decision.UNKNOWN: 3}
_RENDERED = {
    "summary.md": "markdown",
    "comment.md": "comment",
    "report.html": "html",
    "results.sarif": "sarif",
    "junit.xml": "junit",
}
VERDICT, ENVELOPE = "verdict.json", "verdict.dsse.json"
REPORTS = (VERDICT, ENVELOPE, *_RENDERED)


def publish(
    verdict: Verdict,
    outputs: Mapping[str, str],
    details: Mapping[str, Json],
    form: str,
    out: Path,
    sources: Sources = NO_SOURCES,
) -> None:
    """Write the reports, the verdict last and whole, and print one; an interrupt meanwhile leaves no verdict.

    `sources` are the lines near findings, for the page.
    """
    try:
        for name, renderer in _RENDERED.items():
            page = _page(renderer, verdict, outputs, details, sources)
            (out / name).write_text(page, "utf-8", "replace")
        replace_file(out / VERDICT, verdict_json.render_bytes(verdict))
        shown = _shown(verdict, outputs, details, form, out, sources)
        sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")
        sys.stdout.flush()
    except KeyboardInterrupt:
        (out / VERDICT).unlink(missing_ok=True)
        raise


def _page(
    form: str, verdict: Verdict, outputs: Mapping[str, str], details: Mapping[str, Json], sources: Sources
) -> str:
    return RENDERERS[form](
        verdict, outputs=outputs, details=details, sources=sources, explain=explaining.find, repository=_repository()
    )


def _shown(
    verdict: Verdict,
    outputs: Mapping[str, str],
    details: Mapping[str, Json],
    form: str,
    out: Path,
    sources: Sources,
) -> str:
    if form != "text":
        return _page(form, verdict, outputs, details, sources)
    terminal = sys.stdout.isatty()
    return text.render(
        verdict,
        outputs=outputs,
        colour=terminal and wants_colour(os.environ),
        file=os.path.relpath(out / VERDICT),
        width=shutil.get_terminal_size().columns if terminal else None,
        explain=explaining.find,
    )


def wants_colour(environment: Mapping[str, str]) -> bool:
    """Whether a terminal is to be coloured: not if it cannot be, nor if its user asks not to (https://no-color.org)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _repository() -> str | None:
    """Return the web address of the repository, where a workflow of GitHub says which one it runs for."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else None
