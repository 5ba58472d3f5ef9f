"""Fingerprints: a finding keeps its identity when lines move, messages are reworded, or the tool is upgraded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from clearance.model import Finding


class Fingerprints:
    """Hands out one report's fingerprints; it counts how often it has seen the same content, so each is unique."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, family: str, rule: str, place: str, text: str) -> str:
        """Return 32 hexadecimal digits for a finding of `rule` at `place` (a path or a resource), on the line `text`.

        What is hashed: the tool family, the rule, the place, the flagged line without its white space, and how many
        equal ones came before: no line number, no message, no version. The lengths keep neighbours apart.
        """
        squeezed = "".join(text.split())
        content = f"{len(family)}.{len(rule)}.{len(place)}.{family}{rule}{place}{squeezed}"
        first = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        occurrence = self._seen.get(first, 0)
        self._seen[first] = occurrence + 1
        if occurrence == 0:
            return first
        return hashlib.sha256(f"{first}.{occurrence}".encode()).hexdigest()[:32]


def identified(family: str, found: Iterable[tuple[Finding, str]]) -> tuple[Finding, ...]:
    """Give each finding its fingerprint, from the finding and the text of the line that it flags ("" if there is none).

    A reader of very large reports asks `Fingerprints` itself and so builds each finding once.
    """
    prints = Fingerprints()
    return tuple(
        replace(finding, fingerprint=prints.of(family, finding.rule, finding.resource or finding.path or "", text))
        for finding, text in found
    )
