"""What a failed scenario's report says of it: the step, the message, and what was asked and answered.

A step's exception may carry notes, one a line, that pytest writes into its report: `step: …` and, for each exchange
with the service, `request: METHOD PATH`, `sent: …`, `answer: STATUS REASON` and `body: …`. A `conftest.py` adds them in
the hook `pytest_bdd_step_error`; without them there is the message alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clearance.model import Json
from clearance.readers.defensive_xml import clip
from clearance.readers.junit_cases import Case
from clearance.readers.junit_outcomes import NOT_RUN, RERUN, Mark
from clearance.readers.scrubbing import scrub

EXCHANGES = 5
_MESSAGE, _BODY = 800, 2200
_NOTE = re.compile(r"(step|request|sent|answer|body): (.*)", re.DOTALL)


def told(cases: Iterable[Case]) -> Iterator[Json]:
    """Give each failure as `{"step", "message", "exchanges": [{"request", "sent", "answer", "body"}]}`, scrubbed."""
    for case in cases:
        for mark in case.marks:
            if mark.kind not in NOT_RUN | RERUN:
                yield _told(mark)


def why_not(cases: Iterable[Case]) -> str:
    """Say why cases did not run, as the report has it; "" where it gives no reason."""
    said = ((mark.message or mark.text).strip() for case in cases for mark in case.marks if mark.kind in NOT_RUN)
    return clip(scrub(next(filter(None, said), "")), 300)


def _told(mark: Mark) -> Json:
    lines, notes = _split(mark.message)
    further = _split("\n".join(re.sub(r"\AE   ", "", line) for line in mark.text.splitlines()))[1]
    complete = notes if len(mark.message) < len(mark.text) and len(notes) >= len(further) else further or notes
    step = next((text for name, text in [*notes, *further] if name == "step"), "")
    message = "\n".join(lines).strip() or mark.text.strip().partition("\n")[0]
    return {
        "step": clip(scrub(step), 400),
        "message": clip(scrub(message), _MESSAGE),
        "exchanges": _exchanges(complete)[-EXCHANGES:],
    }


def _split(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Part a text into what comes before the notes, and the notes: what follows one on further lines belongs to it."""
    before: list[str] = []
    notes: list[tuple[str, str]] = []
    for line in text.splitlines():
        found = _NOTE.fullmatch(line)
        if found and (notes or found[1] in ("step", "request")):
            notes.append((found[1], found[2]))
        elif notes:
            notes[-1] = (notes[-1][0], f"{notes[-1][1]}\n{line}")
        else:
            before.append(line)
    return before, notes


def _exchanges(notes: Iterable[tuple[str, str]]) -> list[Json]:
    found: list[Json] = []
    for name, text in notes:
        if name == "request":
            found.append({})
        if found and name != "step":
            found[-1].setdefault(name, clip(scrub(text), _BODY))
    return found
