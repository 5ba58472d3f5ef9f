"""Fingerprints: a finding keeps its identity when lines move, messages are reworded, or the tool is upgraded."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from clearance.model import Finding


def identified(family: str, found: Iterable[tuple[Finding, str]]) -> tuple[Finding, ...]:
    """Give each finding its fingerprint, from the finding and the text of the line that it flags ("" if there is none).

    The fingerprint hashes the tool family, the rule, the path or resource, the flagged line without its white space,
    and how many equal ones came before: no line number, no message, no version.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    out = []
    for finding, text in found:
        key = (finding.rule, finding.resource or finding.path or "", "".join(text.split()))
        occurrence = seen[key]
        seen[key] += 1
        content = "\0".join((family, *key, str(occurrence)))
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        out.append(replace(finding, fingerprint=digest[:32]))
    return tuple(out)
