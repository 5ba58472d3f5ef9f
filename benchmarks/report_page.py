"""A report page of 10,000 findings: made, and opened in Chromium until something is painted and all of it is there."""

from __future__ import annotations

import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Figure, SpoiltError, announce, ordinary, run, scratch
from clearance.model import Decision, Exhibit, Finding, Ruling, Severity, Stage, Subject, Verdict
from clearance.render import html, verdict_json
from clearance.render.report_rows import NO_SOURCES, Sources, shown

RESULTS, CHECKS, SEED, ROUNDS = 10_000, 10, 20_261_124, 7
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) done(found.startTime);
}).observe({ type: "paint", buffered: true }))"""
FOUND = """() => {
  const begin = performance.now(), box = document.querySelector("[name=q]");
  box.value = "source_7.py sink";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  const later = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  return new Promise((done) => later(() => done(performance.now() - begin)));
}"""


def measure() -> Iterator[Figure]:
    """Make the page in a fresh process and open it in a fresh browser context, each time."""
    with scratch() as folder:
        verdict, page = folder / "verdict.json", folder / "report.html"
        verdict.write_bytes(verdict_json.render_bytes(_verdict()))
        command = [sys.executable, "-m", "benchmarks.report_page", str(verdict), str(page)]
        announce(command)
        made = [_made(command, folder) for _ in range(ROUNDS + 1)][1:]  # the first one makes the bytecode
        text = page.read_text("utf-8")
        if text.count('","R0') < RESULTS:
            raise SpoiltError("not every finding is in the page")
        painted, ready, found = _opened(page)
    yield Figure(
        name="10,000 findings to a page, a fresh process", value=statistics.median(w for w, _ in made), unit="s"
    )
    yield Figure(name="the page alone", value=statistics.median(s for _, s in made), unit="s", at_most=2)
    yield Figure(name="its size", value=len(text.encode()) / 1e6, unit="MB")
    yield Figure(name="first contentful paint", value=painted / 1000, unit="s", at_most=1)
    yield Figure(name="loaded, its script through", value=ready / 1000, unit="s")
    yield Figure(name="a search among all of them", value=found / 1000, unit="s")


def _made(command: list[str], folder: Path) -> tuple[float, float]:
    used = run(command, env=ordinary(folder / "bytecode"))
    if used.code != 0:
        raise SpoiltError(used.output[-2000:])
    return used.wall, float(json.loads(used.output)["seconds"])


def _opened(page: Path) -> tuple[float, float, float]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SpoiltError("there is no Chromium on PATH")
    times: list[tuple[float, float, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        for _ in range(ROUNDS):
            context = browser.new_context(viewport={"width": 1200, "height": 900})
            shown_page = context.new_page()
            shown_page.goto(page.as_uri())
            painted = float(shown_page.evaluate(PAINTED))
            ready = float(shown_page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventStart"))
            times.append((painted, ready, float(shown_page.evaluate(FOUND))))
            context.close()
        browser.close()
    painted, ready, found = (statistics.median(column) for column in zip(*times, strict=True))
    return painted, ready, found


def _verdict() -> Verdict:
    rng = random.Random(SEED)
    rulings = tuple(
        Ruling(
            check=f"check{number}",
            decision=Decision.FAIL,
            reasons=(f"{RESULTS // CHECKS:,} findings at or above low, 0 allowed",),
            blocking=tuple(_finding(rng, number) for _ in range(RESULTS // CHECKS)),
        )
        for number in range(CHECKS)
    )
    known: dict[str, Any] = {"digest": "sha256:" + "e" * 64, "inputs_digest": "sha256:" + "1" * 64, "tool": "big 1.0"}
    return Verdict(
        decision=Decision.FAIL,
        complete=True,
        missing=(),
        stage=Stage.CHANGE,
        subject=Subject(commit="3f2a91c07b1e" + "0" * 28, tree="c73fb75d0009" + "0" * 28, dirty=False),
        rulings=rulings,
        idle_waivers=(),
        expired_waivers=(),
        policy_digest="sha256:" + "c" * 64,
        evidence=tuple(
            Exhibit(check=ruling.check, reach=2000, unit="files", reused=False, seconds=9.5, **known)
            for ruling in rulings
        ),
        judged_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
        now_overridden=False,
        subject_overridden=False,
        version="0.1.0",
    )


def _finding(rng: random.Random, check: int) -> Finding:
    number = rng.randrange(10**9)
    return Finding(
        rule=f"R{rng.randrange(300):04d}",
        message=f"The value of parameter {number} reaches a sink unchecked; validate it before it is used in <b>.",
        severity=rng.choice(list(Severity)),
        path=f"src/package_{check}/module_{rng.randrange(40)}/source_{rng.randrange(200)}.py",
        line=rng.randrange(1, 3000),
        help_url=f"https://rules.example/{number % 300}",
        fingerprint=f"{rng.randrange(16**64):064x}",
    )


def _sources(verdict: Verdict) -> Sources:
    """Give every finding that the page shows five lines of source."""
    found: dict[str, dict[int, str]] = {}
    for finding in (finding for ruling in verdict.rulings for finding in shown(ruling)):
        at = finding.line or 1
        lines = {number: f"    value_{number} = compute(first, second, third)" for number in range(at - 2, at + 3)}
        found.setdefault(finding.path or "", {}).update(lines)
    return found or NO_SOURCES


def main(source: Path, target: Path) -> None:
    """Make one page and say how long that took, without the interpreter's start and the decoding."""
    verdict = verdict_json.loads(source.read_bytes())
    sources = _sources(verdict)
    start = time.perf_counter()
    page = html.render(verdict, sources=sources)
    seconds = time.perf_counter() - start
    target.write_text(page, "utf-8")
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
