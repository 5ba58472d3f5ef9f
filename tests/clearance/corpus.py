"""The corpus of reports that say "green" over nothing: `tests/readings/corpus.toml`, what the gate answers, the page.

`python -m tests.clearance.corpus` writes the page, docs/reference/fail-open.md, anew.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clearance import slo
from clearance.judge import judge
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Inputs,
    Materials,
    Objective,
    Policy,
    Reading,
    Report,
    Requirement,
    Stage,
    Subject,
)
from clearance.readers import READERS
from clearance.runner import report

ROOT = Path(__file__).parents[2]
READINGS = ROOT / "tests" / "readings"
PAGE = ROOT / "docs" / "reference" / "fail-open.md"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
SUBJECT = Subject(commit="c" * 40, tree="t" * 40, dirty=False)
LISTING = frozenset({"bandit", "checkov", "detect-secrets", "file-list", "squawk", "zizmor"})
"""The readers of tools that say what they looked at, of which a policy can ask `covers = "inputs"`."""

_HEAD = """# Green over nothing

<!-- Made by `python -m tests.clearance.corpus` from tests/readings/corpus.toml; change that, not this. -->

An exit code says that a tool ended well, not that it looked at anything. Below are {cases} real runs of {tools} tools
that must not pass. The tools exit 0 in {green} of them; the gate passes none. Each run's report lies in
`tests/readings/` beside the script that makes it anew, and `tests/clearance/test_corpus.py` holds the gate to the
answer, under a plain requirement. **UNKNOWN**: it was not looked at, or something was hidden. **FAIL**: what was found
counts. nox is no source of evidence: whatever it says of a session that it skipped, that left no report.

## Exit code 0, and our answer

"""
_OTHERS = """## Another exit code

Here the tool does not say success either. Who forgives one code because it stands for findings forgives a crash that
ends with the same code; the gate reads the report all the same.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A real run of a tool: `reports` maps what it left, below tests/readings, to readers; the first states the reach.

    The check's inputs are what the tool says that it looked at, `inputs` (path to content) and `inputs_from` (prefix to
    a file or folder, relative to tests/readings). `slo` is the SLO file that it is
    held against, `remedy` says what in the policy keeps a blind case from happening.
    """

    id: str
    tool: str
    version: str
    situation: str
    command: str
    exit: int
    reports: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    inputs_from: Mapping[str, str] = field(default_factory=dict)
    reach: int = 1
    objective: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""
    remedy: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    slo: str = ""

    @property
    def folder(self) -> str:
        """The folder of its tool below tests/readings."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All that corpus.toml holds; see the comments there."""

    cases: tuple[Case, ...]
    controls: tuple[Case, ...]
    blind: tuple[Case, ...]
    samples: tuple[Mapping[str, object], ...]
    silencers: tuple[Mapping[str, object], ...]

    def every(self) -> Iterator[Case]:
        """All runs, whatever is said to them."""
        yield from (*self.cases, *self.controls, *self.blind)


def load() -> Corpus:
    """Read the corpus."""
    table = tomllib.loads((READINGS / "corpus.toml").read_text(encoding="utf-8"))
    return Corpus(
        cases=tuple(Case(**each) for each in table.pop("case")),
        controls=tuple(Case(**each) for each in table.pop("control")),
        blind=tuple(Case(**each) for each in table.pop("blind")),
        samples=tuple(table.pop("sample")),
        silencers=tuple(table.pop("silencer")),
        **table,
    )


def answer(case: Case) -> Decision:
    """What the gate says to a run under a plain requirement: the runner's way with reports, the readers, the judge."""
    check = Check(name="it", run=("it",), reports=tuple(Report(file=f, reader=r) for f, r in case.reports.items()))
    requirement = Requirement(
        check="it",
        stage=Stage.CHANGE,
        reach=case.reach,
        covers_inputs=not LISTING.isdisjoint(case.reports.values()),
        objectives=(*((Objective(**case.objective),) if case.objective else ()), *_levels(case)),
    )
    files = _inputs(case)
    reading = read(case, check, files)
    paths = tuple(sorted({*files, *reading.covered}))
    evidence = Evidence(
        **{name: getattr(reading, name) for name in Reading.__dataclass_fields__},
        check="it",
        subject=SUBJECT,
        inputs_digest="same",
        started=NOW,
        seconds=1.0,
    )
    return judge(
        Policy(checks={"it": check}, requirements=(requirement,)),
        {"it": evidence} if case.reports else {},
        stage=Stage.CHANGE,
        subject=SUBJECT,
        inputs={"it": Inputs(digest="same", paths=paths)},
        now=NOW,
        version="0",
    ).decision


def _levels(case: Case) -> Iterator[Objective]:
    """The objectives that a policy makes of the case's SLO file, each level as a whole."""
    if case.slo:
        for level in slo.parse((READINGS / case.slo).read_bytes(), case.slo).levels:
            yield Objective(measure=level.name, at_most=level.budget, min_samples=level.min_samples)


def read(case: Case, check: Check, files: Mapping[str, bytes]) -> Reading:
    """Take in the reports as the runner does: one that is absent or unreadable is a problem of the reading."""
    folder = os.open(READINGS, os.O_RDONLY | os.O_DIRECTORY)
    try:
        held = (READINGS / case.slo).read_bytes() if case.slo else None
        materials = Materials(root=case.root or f"/tmp/readings/{case.folder}", files=files, slo=held)
        return report.read(check, folder, materials=materials, readers=READERS, started=LONG_AGO)[0]
    finally:
        os.close(folder)


def _inputs(case: Case) -> dict[str, bytes]:
    files = {path: text.encode() for path, text in case.inputs.items()}
    for prefix, place in case.inputs_from.items():
        there = (READINGS / place).resolve()
        if there.is_file():
            files[prefix] = there.read_bytes()
        for file in there.rglob("[!_]*.*"):
            name = prefix + file.relative_to(there).as_posix().removesuffix(".txt")
            if file.is_file() and file.name != "report.xml" and "__pycache__" not in file.parts:
                files[name] = file.read_bytes()
    return files


def page(corpus: Corpus) -> str:
    """Write the page that shows the corpus, from corpus.toml alone."""
    green = [case for case in corpus.cases if case.exit == 0]
    tools = len({case.tool for case in corpus.cases})
    head = _HEAD.format(tools=tools, cases=len(corpus.cases), green=len(green))
    return "\n".join(
        [
            *head.splitlines(),
            *_by_tool(green),
            *_OTHERS.splitlines(),
            *_by_tool(case for case in corpus.cases if case.exit),
            *_blind(corpus),
            *_samples(corpus),
            *_silencers(corpus),
        ]
    )


def _table(head: str, rows: Iterable[Iterable[object]]) -> Iterator[str]:
    columns = head.split(" | ")
    yield f"| {head} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
    yield ""


def _by_tool(cases: Iterable[Case]) -> Iterator[str]:
    ordered = sorted(cases, key=lambda case: case.tool.lower())
    yield from _table(
        "tool | situation | its exit code | our answer | reading",
        (
            (f"{case.tool} {case.version}", _told(case), case.exit, f"**{case.answer}**", f"`{case.id}`")
            for case in ordered
        ),
    )


def _told(case: Case) -> str:
    project, _, number = case.source.partition("#")
    link = f" ([{case.source}](https://github.com/{project}/issues/{number}))" if number else ""
    return case.situation + link


def _blind(corpus: Corpus) -> Iterator[str]:
    yield from (
        "## What no report tells",
        "",
        "These reports look like those of a clean run: the tool leaves no trace of what it passed over. So the policy",
        "must not let it happen, and a change to it changes the policy's digest, which is in the verdict.",
        "",
    )
    said = {
        "run": "`{word}` stands in the command of `{check}`",
        "absent": "`{word}` does not stand in the command of `{check}`",
        "config": "`{word}` is `config` of `{check}`: the policy's digest covers it",
        "reports": "`{check}` has a second report, read by `{word}`",
    }
    yield from _table(
        "tool | situation | its exit code | what keeps it from happening | reading",
        (
            (
                f"{case.tool} {case.version}",
                case.situation,
                case.exit,
                said[case.remedy["key"]].format_map(case.remedy),
                f"`{case.id}`",
            )
            for case in sorted(corpus.blind, key=lambda case: case.tool.lower())
        ),
    )


def _samples(corpus: Corpus) -> Iterator[str]:
    yield from (
        "## What other gates call it",
        "",
        "Other programs that wrap the same scanners, as they were measured on 24 November 2026: offline, each at one",
        "version. What they say may have changed since.",
        "",
    )
    by_id = {case.id: case.answer for case in corpus.cases}
    yield from _table(
        "sample | what they said | our answer, held by",
        (
            (
                sample["situation"],
                sample["said"],
                "; ".join(f"{by_id.get(name, 'UNKNOWN')}: `{name}`" for name in _strings(sample["held_by"])),
            )
            for sample in corpus.samples
        ),
    )


def _silencers(corpus: Corpus) -> Iterator[str]:
    yield from (
        "## Silencers",
        "",
        "A comment or a setting that silences a tool is a second policy. It is overridden where the tool lets us, and",
        "a problem of the evidence where it does not; what only the policy can hold off is named as such.",
        "",
    )
    yield from _table(
        "tool | silencer | where | what becomes of it | held by",
        (
            (
                each["tool"],
                each["silencer"],
                each["where"],
                each["becomes"],
                ", ".join(f"`{name}`" for name in _strings(each["held_by"])),
            )
            for each in sorted(corpus.silencers, key=lambda each: str(each["tool"]).lower())
        ),
    )


def _strings(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


if __name__ == "__main__":
    PAGE.write_text(page(load()), encoding="utf-8")
