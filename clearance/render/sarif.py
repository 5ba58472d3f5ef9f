"""Verdict to SARIF 2.1.0 for code scanning: a run a check, what blocks first, within what GitHub takes.

The format is "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01" (OASIS); what GitHub
makes of it and where it stops: GitHub Docs, "SARIF support for code scanning" and "SARIF results exceed one or more
limits". Whatever is left out is said in a notification of the first run, which is the gate's own.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from clearance.model import Decision, Exhibit, Ruling, Subject, Verdict
from clearance.render import words
from clearance.render.sarif_results import TEXT, Results
from clearance.render.sarif_results import quoted as _quoted
from clearance.render.words import clean

RESULTS = 5_000  # GitHub shows no more of a run, and not those that matter most; it refuses a run of 25,000
RUNS = 20
SIZE = 10_000_000  # of the file, gzipped
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = {"%SRCROOT%": {"description": {"text": "The root of the repository."}}}
_FEWEST = 10

Json = dict[str, Any]


def render(verdict: Verdict, *, repository: str | None = None, **_context: object) -> str:
    """Encode a verdict as SARIF; `repository` is the web address that its commit belongs to, where that is known."""
    return render_bytes(verdict, repository=repository).decode() + "\n"


def render_bytes(verdict: Verdict, *, repository: str | None = None, results: int = RESULTS) -> bytes:
    """Encode a verdict as SARIF of at most `results` results a run, and of fewer until the file is small enough."""
    while True:
        data = msgspec.json.encode(_log(verdict, repository, results))
        if len(data) < SIZE * 9 // 10 or results <= _FEWEST or _zipped(data) <= SIZE:
            return data
        results //= 2


def _zipped(data: bytes) -> int:
    return len(zlib.compress(data, 6)) + 12  # gzip's head and tail are twelve bytes longer than zlib's


def _log(verdict: Verdict, repository: str | None, limit: int) -> Json:
    lines = words.lines(verdict)
    shown = lines[: RUNS - 1]
    made = [(line, Results.of(line.ruling, limit)) for line in shown]
    provenance = _provenance(verdict.subject, repository)
    left_out = [
        f"{clean(line.ruling.check, 80)}: {results.left_out:,} of {results.number:,} findings are left out here, "
        "those that matter least; verdict.json has them all"
        for line, results in made
        if results.left_out
    ]
    if len(lines) > len(shown):
        names = ", ".join(clean(line.ruling.check, 80) for line in lines[len(shown) :])
        left_out.append(f"GitHub takes {RUNS} runs a file, so these checks are left out here: {names[:TEXT]}")
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            _gate(verdict, left_out) | provenance,
            *(_run(verdict, line.ruling, line.exhibit, results) | provenance for line, results in made),
        ],
    }


def _gate(verdict: Verdict, left_out: list[str]) -> Json:
    """The run of the gate itself: no results, but all that concerns the whole."""
    said = [_notification("error" if verdict.reasons else "warning", text) for text in words.caveats(verdict)]
    said += [_notification("warning", text) for text in left_out]
    for kind, waivers in (("expired", verdict.expired_waivers), ("idle", verdict.idle_waivers)):
        said += [
            _notification("note", f"{kind} waiver: {words.waiver(one)}; owner {clean(one.owner, 80)}")
            for one in waivers
        ]
    return {
        "tool": {"driver": _clearance(verdict)},
        "automationDetails": {"id": f"clearance/{verdict.stage}/"},
        "invocations": [
            {
                "executionSuccessful": verdict.decision is not Decision.UNKNOWN,
                "toolExecutionNotifications": said,
            }
        ],
        "results": [],
        "properties": {"clearance": _facts(verdict)},
    }


def _run(verdict: Verdict, ruling: Ruling, exhibit: Exhibit | None, results: Results) -> Json:
    """One check. GitHub takes what stands before the last slash of the id as the category, unique in a file."""
    blind = set(ruling.reasons if ruling.decision is Decision.UNKNOWN else ruling.problems)
    return {
        "tool": {"driver": _driver(ruling, exhibit) | {"rules": results.rules}},
        "conversion": {"tool": {"driver": _clearance(verdict)}},
        "automationDetails": {"id": f"clearance/{verdict.stage}/{_quoted(ruling.check, '')}/"},
        "invocations": [
            {
                "executionSuccessful": not blind,
                "toolExecutionNotifications": [
                    _notification("error" if text in blind else "note", clean(text, TEXT)) for text in ruling.reasons
                ],
            }
        ],
        "originalUriBaseIds": _ROOT,
        "results": results.results,
        "properties": {"clearance": _facts(verdict) | _facts_of(ruling, exhibit)},
    }


def _clearance(verdict: Verdict) -> Json:
    return {"name": "Clearance", "version": clean(verdict.version, 80) or "0"}


def _driver(ruling: Ruling, exhibit: Exhibit | None) -> Json:
    """Name the tool that looked, with its version where the report has one; else the check."""
    name, _, version = (exhibit.tool if exhibit else "").rpartition(" ")
    known = clean(name or version, 120) or clean(ruling.check, 120) or "unnamed"
    return {"name": known} | ({"version": clean(version, 80)} if name and version else {})


def _notification(level: str, text: str) -> Json:
    return {"level": level, "message": {"text": text or "no reason was given"}}


def _provenance(subject: Subject, repository: str | None) -> Json:
    """Where the commit belongs; the schema wants an address, so without one the commit stands in the facts alone."""
    if not repository or not subject.commit:
        return {}
    place = {"repositoryUri": _quoted(repository, ":/?&=@+~"), "revisionId": clean(subject.commit, 80)}
    return {"versionControlProvenance": [place | {"properties": {"dirty": subject.dirty}}]}


def _facts(verdict: Verdict) -> Json:
    subject = verdict.subject
    digests = {
        "commit": subject.commit,
        "tree": subject.tree,
        "configDigest": subject.config_digest,
        "planDigest": subject.plan_digest,
        "policyDigest": verdict.policy_digest,
    }
    return {
        "decision": str(verdict.decision),
        "complete": verdict.complete,
        "stage": str(verdict.stage),
        "dirty": subject.dirty,
        "judgedAt": verdict.judged_at.isoformat(),
        **_texts(digests),
    }


def _facts_of(ruling: Ruling, exhibit: Exhibit | None) -> Json:
    facts: Json = {"check": clean(ruling.check, 80), "checkDecision": str(ruling.decision)}
    if exhibit is None:
        return facts
    texts = {"evidenceDigest": exhibit.digest, "inputsDigest": exhibit.inputs_digest, "unit": exhibit.unit}
    return facts | {"reach": exhibit.reach, "reused": exhibit.reused} | _texts(texts)


def _texts(named: Mapping[str, str | None]) -> Json:
    return {name: clean(text, 200) for name, text in named.items() if text}
