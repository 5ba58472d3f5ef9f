"""A verdict as an in-toto Statement whose predicate is SLSA's verification summary, and back.

Formats: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://slsa.dev/spec/v1.0/verification_summary. What of a verdict they have no place for stands in the predicate under
`clearance_verdict`, which readers of the format pass over.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Literal

import msgspec

from clearance.attest import RefusedError
from clearance.model import POLICY_RULING, Decision, Stage, Subject, Verdict

VERIFIER = "urn:clearance:gate"
VERDICT = "verdict.json"
_SHA256 = "sha256:"
_SHA256_DIGITS = 64
_LEVEL = "CLEARANCE_{}"  # SLSA keeps the names that begin with SLSA_ to itself


class Resource(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Something by digest: `name` in a subject, `uri` among inputs and policies."""

    digest: dict[str, str]
    name: str | msgspec.UnsetType = msgspec.UNSET
    uri: str | msgspec.UnsetType = msgspec.UNSET


class Verifier(msgspec.Struct, kw_only=True):
    """Who judged: an identifier, and the version of each component."""

    id: str
    version: dict[str, str] = {}


class Particulars(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a verdict says beyond passed or failed; `base_policy` is a second policy that was judged by."""

    decision: Decision
    stage: Stage
    complete: bool
    dirty: bool
    now_overridden: bool
    subject_overridden: bool
    missing: list[str] = []
    base_policy: Resource | None = None


class Summary(msgspec.Struct, rename="camel", kw_only=True):
    """The predicate: https://slsa.dev/verification_summary/v1, with an extension of ours."""

    verifier: Verifier
    time_verified: datetime
    resource_uri: str
    policy: Resource
    input_attestations: list[Resource]
    verification_result: Literal["PASSED", "FAILED"]
    verified_levels: list[str]
    particulars: Particulars = msgspec.field(name="clearance_verdict")


class Statement(msgspec.Struct, rename="camel", kw_only=True):
    """A verdict about some subjects: commit, tree, configuration and plan, each by digest."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(
        name="_type", default="https://in-toto.io/Statement/v1"
    )
    subject: list[Resource]
    predicate_type: Literal["https://slsa.dev/verification_summary/v1"] = "https://slsa.dev/verification_summary/v1"
    predicate: Summary

    def digest(self, name: str) -> str | None:
        """The digest of one subject as the model writes it, or None where the statement has no such subject."""
        found = next((one for one in self.subject if one.name == name), None)
        if found is None or len(found.digest) != 1:
            return None
        ((algorithm, digits),) = found.digest.items()
        return f"{_SHA256}{digits}" if algorithm == "sha256" else digits

    @property
    def inputs(self) -> dict[str, str]:
        """The digest of the verdict and of each piece of evidence, by name."""
        return {
            one.uri: _SHA256 + one.digest.get("sha256", "")
            for one in self.predicate.input_attestations
            if isinstance(one.uri, str)
        }

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that was judged by."""
        return _SHA256 + self.predicate.policy.digest.get("sha256", "")


def unfit(verdict: Verdict) -> str | None:
    """Return why a verdict may not be signed, or None.

    A FAIL and an UNKNOWN may: they are signed as FAILED. What may not is a verdict about something else than a commit
    as it stands, at the moment at which it was judged, under the whole of the policy.
    """
    overridden = [
        flag for flag, on in (("--now", verdict.now_overridden), ("--subject", verdict.subject_overridden)) if on
    ]
    worst = max((ruling.decision for ruling in verdict.rulings), default=Decision.UNKNOWN)
    unfounded = {one.check for one in verdict.rulings} - {one.check for one in verdict.evidence} - {POLICY_RULING}
    if overridden:
        return f"the verdict was overridden: it was made with {' and '.join(overridden)}"
    if not verdict.complete or verdict.missing:
        lacking = f": {', '.join(verdict.missing)} was not judged" if verdict.missing else ""
        return f"the verdict is incomplete{lacking}"
    if verdict.subject.commit is None:
        return "the verdict is about no commit"
    if verdict.subject.dirty:
        return "the verdict is about a dirty tree, which no commit holds"
    if worst > verdict.decision or (verdict.decision is Decision.PASS and (verdict.reasons or unfounded)):
        return "the verdict contradicts itself: it is better than its own rulings and evidence"
    return None


def dumps(verdict: Verdict, verdict_digest: str, *, resource: str | None = None, verifier: str = VERIFIER) -> bytes:
    """Make the statement, as compact JSON. `verdict_digest` is the digest of `verdict.json` as it lies there."""
    passed = verdict.decision is Decision.PASS
    files = {f"evidence/{one.check}.json": one.digest for one in verdict.evidence}
    statement = Statement(
        subject=_subjects(verdict.subject),
        predicate=Summary(
            verifier=Verifier(id=verifier, version={"clearance": verdict.version}),
            time_verified=verdict.judged_at.astimezone(UTC),
            resource_uri=resource or _gitoid(verdict.subject.commit or ""),
            policy=Resource(uri="clearance.toml", digest=_sha256(verdict.policy_digest)),
            input_attestations=[
                Resource(uri=uri, digest=_sha256(digest)) for uri, digest in {VERDICT: verdict_digest, **files}.items()
            ],
            verification_result="PASSED" if passed else "FAILED",
            verified_levels=[_LEVEL.format(verdict.stage.name) if passed else "FAILED"],
            particulars=Particulars(
                decision=verdict.decision,
                stage=verdict.stage,
                complete=verdict.complete,
                dirty=verdict.subject.dirty,
                now_overridden=verdict.now_overridden,
                subject_overridden=verdict.subject_overridden,
                missing=list(verdict.missing),
                base_policy=_base_policy(verdict.base_policy_digest),
            ),
        ),
    )
    return msgspec.json.encode(statement)


def loads(payload: bytes) -> Statement:
    """Decode what `dumps` made, or another's statement that says as much. Raises RefusedError."""
    try:
        statement = msgspec.json.decode(payload, type=Statement)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RefusedError(f"what is signed is no verdict of Clearance: {error}") from error
    if statement.predicate.time_verified.utcoffset() is None:
        raise RefusedError("what is signed is no verdict of Clearance: its time has no zone")
    names = [one.name for one in statement.subject] + [one.uri for one in statement.predicate.input_attestations]
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:  # or one reader would hold it to the first of the two, and another to the last
        raise RefusedError(f"what is signed is no verdict of Clearance: it names {twice[0]} more than once")
    return statement


def _subjects(of: Subject) -> list[Resource]:
    known = {
        "commit": {"gitCommit": of.commit},
        "tree": {"gitTree": of.tree},
        "configuration": {"sha256": of.config_digest and of.config_digest.removeprefix(_SHA256)},
        "plan": {"sha256": of.plan_digest and of.plan_digest.removeprefix(_SHA256)},
    }
    return [
        Resource(name=name, digest={key: value for key, value in digest.items() if value})
        for name, digest in known.items()
        if any(digest.values())
    ]


def _base_policy(digest: str | None) -> Resource | None:
    return None if digest is None else Resource(uri="clearance.toml of the base", digest=_sha256(digest))


def _gitoid(commit: str) -> str:
    return f"gitoid:commit:{'sha256' if len(commit) == _SHA256_DIGITS else 'sha1'}:{commit}"


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix(_SHA256)}
