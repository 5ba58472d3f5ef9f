"""What became of a commit, attempt by attempt: small records that are added and never replaced."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from clearance.model import Decision, Stage, Verdict


class Kind(Enum):
    """What was done: a verdict was made, a verdict was signed, people overrode the gate; or the record is damaged."""

    JUDGED = "judged"
    ATTESTED = "attested"
    OVERRIDDEN = "overridden"
    UNREADABLE = "unreadable"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a commit. `digest` names the verdict that was made, or the envelope that was signed.

    `flags` say what keeps a verdict from being signed; `people`, `reason` and `expires` are an override's.
    """

    kind: Kind
    commit: str
    at: Annotated[datetime, Meta(tz=True)]
    digest: str = ""
    decision: Decision | None = None
    stage: Stage | None = None
    failing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    reason: str = ""
    expires: Annotated[datetime, Meta(tz=True)] | None = None


def judged(verdict: Verdict, digest: str, *, at: datetime, kind: Kind = Kind.JUDGED) -> Attempt:
    """Make the record of a verdict about a commit."""
    flags = {
        "partial": not verdict.complete,
        "dirty": verdict.subject.dirty,
        "--now": verdict.now_overridden,
        "--subject": verdict.subject_overridden,
    }
    by_decision = {
        decision: tuple(ruling.check for ruling in verdict.rulings if ruling.decision is decision)
        for decision in Decision
    }
    return Attempt(
        kind=kind,
        commit=verdict.subject.commit or "",
        at=at,
        digest=digest,
        decision=verdict.decision,
        stage=verdict.stage,
        failing=by_decision[Decision.FAIL],
        unknown=by_decision[Decision.UNKNOWN],
        flags=tuple(flag for flag, on in flags.items() if on),
    )


def dumps(attempt: Attempt) -> bytes:
    """Encode a record as one JSON object."""
    return msgspec.json.encode(attempt)


def loads(data: bytes, commit: str) -> Attempt:
    """Decode a record of a commit; a damaged one, or another commit's, is an attempt of which no more is known."""
    try:
        attempt = msgspec.json.decode(data, type=Attempt)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        attempt = None
    if attempt is None or attempt.commit != commit:
        return Attempt(kind=Kind.UNREADABLE, commit=commit, at=datetime.fromtimestamp(0, UTC))
    return attempt


def name(attempt: Attempt, data: bytes) -> str:
    """Name a record's file: by its moment, so that they sort, and its content, so that none takes another's place."""
    moment = attempt.at.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S.%f}Z-{attempt.kind}-{hashlib.sha256(data).hexdigest()[:12]}.json"
