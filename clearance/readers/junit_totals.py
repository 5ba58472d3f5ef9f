"""The arithmetic of a JUnit report: whether the totals that a suite states can be those of the cases beneath it.

Tools differ in what they count, so each total has a set of accepted values; anything outside it is a contradiction.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import product

from clearance.readers.defensive_xml import clip

Tally = Counter[str]

_NAMES = {
    "tests": ("tests",),
    "failures": ("failures",),
    "errors": ("errors",),
    "skipped": ("skipped", "skips", "skip", "ignored"),
    "disabled": ("disabled",),
}
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)


def contradictions(label: str, attributes: Mapping[str, str], own: Tally, beneath: Tally) -> list[str]:
    """Name each stated total that neither the suite's own cases nor those with nested suites bear out.

    Known ways of counting: without the cases that did not run; errors among the failures where no errors are stated
    (ant's children); each rerun as a test (surefire, apache/maven-surefire#2138); elements or the cases that hold
    them (GoogleTest writes several failures a case); disabled cases among the skipped or the other way round.
    """
    stated, problems = _stated(label, attributes)
    for total, number in stated.items():
        if not any(number in _accepted(total, stated, tally) for tally in (own, beneath)):
            shown = _count(total, beneath)
            problems.append(
                f"{label} states {total}={number}, but the report shows {shown}: "
                f"{_amiss(number, shown)}; it is incomplete, was altered, or counts what it does not write (as pytest "
                "does with passing subtests, doctest with assertions): run the check again"
            )
    return problems


def unmarked(attributes: Mapping[str, str], own: Tally) -> int:
    """Count the cases beyond a suite's stated total that bear no mark."""
    stated, _ = _stated("", attributes)
    silent = own["cases"] - own["failed"] - own["errored only"] - own["skipped"] - own["disabled"]
    return max(0, min(silent, own["cases"] - stated.get("tests", own["cases"])))


def _amiss(stated: int, shown: int) -> str:
    return f"{stated - shown} are missing" if stated > shown else f"{shown - stated} are too many"


def _stated(label: str, attributes: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    stated, problems = {}, []
    for total, names in _NAMES.items():
        for name in names:
            text = attributes.get(name, "").strip()
            if _NUMBER.fullmatch(text):
                stated[total] = int(text) + _ignored_besides(attributes, name)
                break
            if text:
                problems.append(f"{label} states {name}={clip(text, 40)!r}, which is no number")
    return stated, problems


def _ignored_besides(attributes: Mapping[str, str], name: str) -> int:
    """How many cases TestNG calls ignored beside those that it skipped."""
    text = attributes.get("ignored", "").strip()
    return int(text) if name == "skipped" and _NUMBER.fullmatch(text) else 0


def _accepted(total: str, stated: Mapping[str, int], tally: Tally) -> set[int]:
    skips = {tally["skipped"], tally["skips"]}
    if total == "tests":
        left_out = {0, tally["skipped"], tally["disabled"], tally["skipped"] + tally["disabled"]}
        added = {0, tally["reruns"], tally["orphans"]}
        return {tally["cases"] - less + more for less, more in product(left_out, added)}
    if total == "failures":
        failures = {tally["failed"], tally["failures"], tally["failed only"]}
        among = {0} if stated.get("errors") else {0, tally["errored"], tally["errors"], tally["errored only"]}
        return {sum(parts) for parts in product(failures, among, {0, tally["rerun failures"]})}
    if total == "errors":
        errors = {tally["errored"], tally["errors"], tally["errored only"]}
        return {sum(parts) for parts in product(errors, {0, tally["rerun errors"]})}
    both = tally["skipped"] + tally["disabled"]
    if "skipped" in stated and "disabled" in stated and stated["skipped"] + stated["disabled"] == both:
        return {stated[total]}
    if total == "skipped":
        return skips | {both}
    return {tally["disabled"], both}


def _count(total: str, tally: Tally) -> int:
    return tally["cases"] if total == "tests" else tally[total]
