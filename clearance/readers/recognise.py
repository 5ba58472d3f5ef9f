"""Guesses from a report's content which reader understands it: by the names at its top, never by the file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from clearance.readers.decoding import ENCODINGS

HEAD = 256 * 1024
"""So much of a report that is broken, or too large, is looked at."""

# A string that does not end is taken to the end at once: to try again from each quote in it would take for ever.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*:)?|\\?\Z)|[{}\[\]]', re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<![^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """The keys that a reader's JSON object has, or each item of its list; `early` are enough of one that is cut off."""

    reader: str
    keys: frozenset[str]
    early: frozenset[str]


def _sign(reader: str, keys: str, early: str = "") -> Sign:
    return Sign(reader=reader, keys=frozenset(keys.split()), early=frozenset((early or keys).split()))


OBJECTS = (
    _sign("sarif", "runs version", "runs"),
    _sign("bandit", "errors generated_at metrics results", "errors generated_at metrics"),
    _sign("coverage", "meta files totals", "meta files"),
    _sign("cyclonedx", "bomFormat specVersion", "bomFormat"),
    _sign("detect-secrets", "plugins_used results", "plugins_used"),
    _sign("pip-audit", "dependencies fixes"),
    _sign("load-comparison", "schema kind base head runs", "kind base head"),
    _sign("checkov", "check_type results", "check_type"),
    _sign("terraform-plan", "format_version planned_values"),
    _sign("terraform-validate", "format_version valid diagnostics", "format_version valid"),
    _sign("checkov", "passed failed skipped checkov_version"),
)
ITEMS = (
    _sign("checkov", "check_type results", "check_type"),
    _sign("locust", "num_requests num_failures response_times", "name method num_requests"),
    _sign("squawk", "file level rule_name"),
    _sign("pip-audit", "name version vulns"),
    _sign("zizmor", "ident determinations locations", "ident desc url"),
)
ARCHIVES = (("load", re.compile(rb"PK\x03\x04.{26}header\.json", re.DOTALL)),)  # the first member of a zip archive
ROOTS = {"testsuites": "junit", "testsuite": "junit"}  # scenarios are JUnit too: only the feature files tell them apart
LOGS = (
    ("checkov-log", re.compile(r"^checkov ended with exit code \d+$", re.MULTILINE)),
    (
        "squawk",
        re.compile(r"^[\d:]+ \[INFO\] (?:checking file path|excluded rules|using config file path): ", re.MULTILINE),
    ),
    ("zizmor", re.compile(r"^(?:\S+Z)? *INFO audit: zizmor: |^(?: *INFO zizmor: )?\W*zizmor v\d", re.MULTILINE)),
)


def guess(report: bytes) -> str | None:
    """Name the reader that a report is for, whole or cut off; None for what looks like no report.

    A list without items, and what a tool prints as prose, says nothing about its tool.
    """
    archived = next((reader for reader, sign in ARCHIVES if sign.match(report)), None)
    if archived is not None:
        return archived
    text = head(report)
    start = text.lstrip()[:1]
    if start == "<":
        return ROOTS.get(root_of(text))
    if start and start in "{[":
        return _by_keys(report, text) or _by_log(text)
    return _by_log(text)


def head(report: bytes) -> str:
    """Return the head of a report in characters; "" for what is binary."""
    encoding = next((name for mark, name in ENCODINGS.items() if report.startswith(mark)), None)
    if encoding is not None:
        return report[:HEAD].decode(encoding, "replace").removeprefix("\ufeff")
    return "" if b"\0" in report[:HEAD] else report[:HEAD].decode("utf-8-sig", "replace")


def root_of(text: str) -> str:
    """Return the name of an XML document's root element, without its prefix; "" where there is none."""
    place = 0
    while before := _BEFORE_ROOT.match(text, place):
        place = before.end()
    root = _ROOT.match(text, place)
    return root[1] if root else ""


def _by_log(text: str) -> str | None:
    plain = _COLOUR.sub("", text)
    return next((reader for reader, sign in LOGS if sign.search(plain)), None)


def _by_keys(report: bytes, text: str) -> str | None:
    signs = ITEMS if text.lstrip().startswith("[") else OBJECTS
    whole = _whole(report)
    keys = _first_keys(text) if whole is None else whole
    return next((sign.reader for sign in signs if (sign.early if whole is None else sign.keys) <= keys), None)


def keys_of(report: bytes, text: str) -> set[str]:
    """Return the keys of a JSON object, or of a list's first item; of one that is broken, those that its head shows."""
    whole = _whole(report)
    return _first_keys(text) if whole is None else whole


def _whole(report: bytes) -> set[str] | None:
    """The keys at the top of well-formed JSON; None for anything else."""
    try:
        whole = msgspec.json.decode(report, type=dict[str, msgspec.Raw] | list[dict[str, msgspec.Raw]])
    except (msgspec.MsgspecError, RecursionError, MemoryError, UnicodeDecodeError):
        return None
    return set(whole if isinstance(whole, dict) else whole[0] if whole else {})


def _first_keys(text: str) -> set[str]:
    """The keys of an object, or of the objects in a list, as far as the text goes."""
    depth = 1 if text.lstrip().startswith("{") else 2
    keys, level = set(), 0
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            level += 1
        elif token[0] in "}]":
            level -= 1
        elif token[2] and level == depth:
            keys.add(token[1])
    return keys
