"""A ruling's findings as SARIF results and the rules that they broke."""

from __future__ import annotations

import itertools
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clearance.model import Finding, Ruling, Severity, Waiver
from clearance.render import words
from clearance.render.words import clean

TEXT = 2000
NOWHERE = "clearance.toml"  # GitHub refuses a whole file for one result without a place: then the policy stands there
FINGERPRINT = "clearance/v1"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub calls over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+\Z", re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLACEHOLDER = re.compile(r"\{\d+\}")
_LINES = 2**31 - 1

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Results:
    """The results of one run and, each at the index that its results name, their rules; `number` counts all of them."""

    number: int
    results: list[Json] = field(default_factory=list)
    rules: list[Json] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, ruling: Ruling, limit: int) -> Results:
        """Take the first `limit` findings of a ruling: what blocks, then the rest, each by severity."""
        number = len(ruling.blocking) + len(ruling.new) + len(ruling.tolerated) + len(ruling.waived)
        made = cls(number=number)
        for state, finding, waiver in itertools.islice(_sorted(ruling), limit):
            made.add(ruling.check, state, finding, waiver)
        return made

    @property
    def left_out(self) -> int:
        return self.number - len(self.results)

    def add(self, check: str, state: str, finding: Finding, waiver: Waiver | None) -> None:
        """Add a finding; its rule is described after the first that breaks it, which is the worst."""
        severity = finding.severity or Severity.HIGH
        rule = clean(finding.rule, 200) or "unnamed"
        index = self._known.setdefault(rule, len(self.rules))
        if index == len(self.rules):
            self.rules.append(_rule(rule, check, severity, finding))
        elif severity > _severity(self.rules[index]):
            self.rules[index]["defaultConfiguration"]["level"] = _LEVELS[severity]
            self.rules[index]["properties"] |= _score(severity)
        self.results.append(
            {
                "ruleId": rule,
                "ruleIndex": index,
                "level": _LEVELS[severity],
                "message": {"text": _message(finding)},
                "locations": [_location(finding)],
                "suppressions": [_suppression(waiver)] if waiver else [],
                "properties": _properties(state, finding),
                **({"partialFingerprints": {FINGERPRINT: clean(finding.fingerprint)}} if finding.fingerprint else {}),
            }
        )


def quoted(text: str, safe: str) -> str:
    """Percent-encode text as UTF-8; bytes that are none, as a file name may hold them, as those very bytes."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return urllib.parse.quote_from_bytes(data, safe=safe)


def relative(path: str) -> str:
    """Return a path as a relative URI reference, in which nothing looks like a scheme or a host."""
    return quoted(path.lstrip("/"), "/") or NOWHERE


def _sorted(ruling: Ruling) -> Iterator[tuple[str, Finding, Waiver | None]]:
    yield from (("blocks", finding, None) for finding in ruling.blocking)
    rest: list[tuple[str, Finding, Waiver | None]] = [
        *(("new", finding, None) for finding in ruling.new),
        *(("tolerated", finding, None) for finding in ruling.tolerated),
        *(("waived", one.finding, one.waiver) for one in ruling.waived),
    ]
    rank = {severity: -number for number, severity in enumerate(Severity)}
    yield from sorted(rest, key=lambda placed: rank[placed[1].severity or Severity.HIGH])


def _rule(rule: str, check: str, severity: Severity, finding: Finding) -> Json:
    described: Json = {
        "id": rule,
        "shortDescription": {"text": rule},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"tags": [clean(check, 80)], **_score(severity)},
    }
    if address := _address(finding.help_url):
        described |= {"helpUri": address, "help": {"text": address}}
    return described


def _score(severity: Severity) -> Json:
    score = _SCORES.get(severity)
    return {"clearance/severity": str(severity)} | ({"security-severity": score} if score else {})


def _severity(rule: Json) -> Severity:
    return Severity(rule["properties"]["clearance/severity"])


def _address(url: str | None) -> str | None:
    """Return the address of a help page, if it is one."""
    return url if url and len(url) < TEXT and _ADDRESS.match(url) and not _BROKEN_ESCAPE.search(url) else None


def _message(finding: Finding) -> str:
    """Say what is wrong, and where if no file says it; in SARIF `[a](b)` is a link, and `{0}` an argument's place."""
    text = clean(finding.message, TEXT) or "no message"
    if finding.resource or not finding.path:
        text = f"{words.place(finding)}: {text}"
    return _PLACEHOLDER.sub(lambda found: f"{{{found[0]}}}", text.replace("](", "] ("))


def _location(finding: Finding) -> Json:
    place: Json = {"artifactLocation": {"uri": relative(finding.path or NOWHERE), "uriBaseId": "%SRCROOT%"}}
    if finding.path and finding.line is not None and 0 < finding.line <= _LINES:
        place["region"] = {"startLine": finding.line}
    location: Json = {"physicalLocation": place}
    if finding.resource:
        location["logicalLocations"] = [{"fullyQualifiedName": clean(finding.resource, TEXT), "kind": "resource"}]
    return location


def _suppression(waiver: Waiver) -> Json:
    until = f"{clean(waiver.owner, 80)}: {clean(waiver.reason, 600)} (expires {waiver.expires})"
    return {"kind": "external", "status": "accepted", "justification": until}


def _properties(state: str, finding: Finding) -> Json:
    severity = str(finding.severity) if finding.severity else "unrated"
    silenced = {"clearance/silencedInTheCode": True} if finding.suppressed else {}
    return {"clearance/state": state, "clearance/severity": severity, **silenced}
