"""Holds a callback's body against every limit that is published for it: pure, from a document to what is wrong.

Sources: the "Run Tasks Integration API" page and the JSON schema beside it. The schema names some attributes wrongly
and so holds nobody to them; here they are held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

STATUSES: Final = ("running", "passed", "failed")
LEVELS: Final = ("none", "info", "warning", "error")
MESSAGE: Final = 1000
URL: Final = 500
OUTCOMES: Final = 250
OUTCOME_ID: Final = 64
DESCRIPTION: Final = 1000
BODY: Final = 10_000
TAGS: Final = 10
LABEL: Final = 32
LABELS: Final = 32
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ATTRIBUTES: Final = {"status", "message", "url"}
_OUTCOME: Final = {"outcome-id", "description", "body", "url", "tags"}

Complaint = tuple[str, str]  # where (a JSON pointer), and what is wrong there


def complaints(document: Any) -> list[Complaint]:
    """Return what is wrong with a callback's body, nothing if it is right."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        return [("/data", "is missing")]
    return [*_head(data), *_outcomes(data.get("relationships"))]


def _head(data: dict[str, Any]) -> Iterator[Complaint]:
    if data.get("type") != "task-results":
        yield "/data/type", "is task-results"
    attributes = data.get("attributes")
    if not isinstance(attributes, dict):
        yield "/data/attributes", "is missing"
        return
    where = "/data/attributes"
    yield from _unknown(where, attributes, _ATTRIBUTES)
    if attributes.get("status") not in STATUSES:
        yield f"{where}/status", f"is one of {', '.join(STATUSES)}"
    yield from _text(f"{where}/message", attributes.get("message"), 1, MESSAGE, needed=False)
    yield from _url(f"{where}/url", attributes.get("url"))


def _outcomes(relationships: Any) -> Iterator[Complaint]:
    if relationships is None:
        return
    related = relationships.get("outcomes") if isinstance(relationships, dict) else None
    listed = related.get("data") if isinstance(related, dict) else None
    where = "/data/relationships/outcomes/data"
    if not isinstance(listed, list) or not 1 <= len(listed) <= OUTCOMES:
        yield where, f"has 1 to {OUTCOMES} outcomes"
        return
    for number, outcome in enumerate(listed):
        yield from _outcome(f"{where}/{number}", outcome)


def _outcome(where: str, outcome: Any) -> Iterator[Complaint]:
    attributes = outcome.get("attributes") if isinstance(outcome, dict) else None
    if not isinstance(attributes, dict) or outcome.get("type") != "task-result-outcomes":
        yield where, "is an object of type task-result-outcomes with attributes"
        return
    yield from _unknown(where, attributes, _OUTCOME)
    yield from _text(f"{where}/outcome-id", attributes.get("outcome-id"), 1, OUTCOME_ID)
    yield from _text(f"{where}/description", attributes.get("description"), 1, DESCRIPTION)
    if "\n" in str(attributes.get("description")):
        yield f"{where}/description", "is one line"
    yield from _text(f"{where}/body", attributes.get("body"), 0, BODY, needed=False)
    yield from _url(f"{where}/url", attributes.get("url"))
    yield from _tags(f"{where}/tags", attributes.get("tags"))


def _tags(where: str, tags: Any) -> Iterator[Complaint]:
    if tags is None:
        return
    if not isinstance(tags, dict) or not 1 <= len(tags) <= TAGS:
        yield where, f"has 1 to {TAGS} tags"
        return
    for name, labels in tags.items():
        if not _TAG.fullmatch(name):
            yield f"{where}/{name}", "begins with a letter or _, and has letters, digits and _ alone"
        if not isinstance(labels, list) or not 1 <= len(labels) <= LABELS:
            yield f"{where}/{name}", f"has 1 to {LABELS} labels"
            continue
        for number, label in enumerate(labels):
            yield from _label(f"{where}/{name}/{number}", label)


def _label(where: str, label: Any) -> Iterator[Complaint]:
    if not isinstance(label, dict):
        yield where, "is an object"
        return
    yield from _text(f"{where}/label", label.get("label"), 1, LABEL)
    if label.get("level", "none") not in LEVELS:
        yield f"{where}/level", f"is one of {', '.join(LEVELS)}"


def _text(where: str, value: Any, least: int, most: int, *, needed: bool = True) -> Iterator[Complaint]:
    if value is None and not needed:
        return
    if not isinstance(value, str) or not least <= len(value) <= most:
        yield where, f"is a text of {least} to {most} characters"


def _url(where: str, value: Any) -> Iterator[Complaint]:
    if value is None:
        return
    if not isinstance(value, str) or len(value) > URL or not value.startswith(("https://", "http://")):
        yield where, f"is a URL of at most {URL} characters that begins with http"


def _unknown(where: str, attributes: dict[str, Any], known: set[str]) -> Iterator[Complaint]:
    for name in sorted(attributes.keys() - known):
        yield f"{where}/{name}", "is not known"
