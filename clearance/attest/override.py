"""Break-glass: two people's signed word that a commit may go on without a PASS, for a reason and a few hours; pure.

It makes no verdict better: it stands beside one, in every report and in the history.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from clearance.attest import RefusedError, envelope
from clearance.attest.trust import Trust, Use
from clearance.model import ClearanceError, Override

LIMIT = timedelta(hours=4)
PEOPLE = 2
_SKEW = timedelta(minutes=5)
_Moment = Annotated[datetime, Meta(tz=True)]
_Commit = Annotated[str, Meta(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]


class _Predicate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=1, pattern=r"\S")]
    begins: _Moment
    expires: _Moment


class _Subject(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Literal["commit"] = "commit"
    digest: Annotated[dict[Literal["gitCommit"], _Commit], Meta(min_length=1)]


class _Statement(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(
        name="_type", default="https://in-toto.io/Statement/v1"
    )
    subject: Annotated[list[_Subject], Meta(min_length=1, max_length=1)]
    predicate_type: Literal["urn:clearance:override:v1"] = "urn:clearance:override:v1"
    predicate: _Predicate


def dumps(commit: str, reason: str, *, begins: datetime, lasting: timedelta) -> bytes:
    """Make the statement that both sign. Raises ClearanceError without a reason, or for longer than LIMIT."""
    if not reason.strip():
        raise ClearanceError("an override needs a reason", 'say why: --reason "..."')
    if not timedelta() < lasting <= LIMIT:
        raise ClearanceError(f"an override lasts {LIMIT} at most", "give fewer hours, and renew it if need be")
    begins = begins.astimezone(UTC)
    return msgspec.json.encode(
        _Statement(
            subject=[_Subject(digest={"gitCommit": commit})],
            predicate=_Predicate(reason=reason.strip(), begins=begins, expires=begins + lasting),
        )
    )


def read(data: bytes, trust: Trust, *, now: datetime) -> Override:
    """Return what an envelope's signers have put their names to, however few they are.

    Raises RefusedError where it is not theirs, or does not hold now: nobody adds a name to what is over.
    """
    opened = envelope.read(data)
    keys = envelope.signers(opened, trust)
    try:
        said = msgspec.json.decode(opened.payload, type=_Statement)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RefusedError(f"what is signed is no override: {error}") from error
    for key in keys:
        key.admit(Use.OVERRIDE, signed=said.predicate.begins, now=now)
    if said.predicate.expires - said.predicate.begins > LIMIT:
        raise RefusedError(f"the override lasts longer than {LIMIT}")
    if now + _SKEW < said.predicate.begins:
        raise RefusedError(f"the override begins at {said.predicate.begins}")
    if now > said.predicate.expires:
        raise RefusedError(f"the override has expired: it held until {said.predicate.expires}")
    return Override(
        commit=said.subject[0].digest["gitCommit"],
        people=tuple(sorted({_person(key.owner): key.owner for key in keys}.values())),
        reason=said.predicate.reason,
        begins=said.predicate.begins,
        expires=said.predicate.expires,
    )


def verify(data: bytes, trust: Trust, commit: str | None, *, now: datetime) -> Override:
    """Return the override if it holds for this commit now; RefusedError says in one line why not."""
    found = read(data, trust, now=now)
    if len(found.people) < PEOPLE:
        raise RefusedError(f"the override is signed by {', '.join(found.people)} alone: it takes two people")
    if found.commit != commit:
        raise RefusedError(f"the override is for another commit: {found.commit[:12]}, not {(commit or 'none')[:12]}")
    return found


def _person(owner: str) -> str:
    """One name for one person, however it is spelt: letter case, spaces and composed letters make nobody a second."""
    return " ".join(unicodedata.normalize("NFKC", owner).casefold().split())
