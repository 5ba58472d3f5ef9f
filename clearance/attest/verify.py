"""Is there a signed verdict that lets this subject pass? Yes with who signed it, or in one line why not; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearance.attest import RefusedError, envelope, statement
from clearance.attest.statement import Statement
from clearance.attest.trust import Trust, TrustedKey, Use
from clearance.model import ClearanceError, Decision, Stage

_SKEW = timedelta(minutes=5)  # two machines' clocks may differ by this much


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a verdict has to be about; None says that it does not matter, but one of the subject's three must.

    `max_age` is how long ago it may have been judged.
    """

    commit: str | None = None
    tree: str | None = None
    config_digest: str | None = None
    policy_digest: str | None = None
    stage: Stage | None = Stage.CHANGE
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A statement that is believed, and the keys that vouch for it."""

    statement: Statement
    keys: tuple[TrustedKey, ...]


def verify(
    data: bytes,
    trust: Trust,
    expected: Expectation,
    *,
    now: datetime,
    find: Callable[[str, str], bytes | None] | None,
) -> Attestation:
    """Return the attestation if it is trusted and says that the subject passed; RefusedError otherwise.

    `find` takes the name and the digest of the verdict and of each piece of evidence and gives its bytes; where it is
    None, the signature's word is taken for them. The error's decision is FAIL where a trusted verdict says so.
    """
    opened = envelope.read(data)
    keys = envelope.signers(opened, trust)
    said = statement.loads(opened.payload)
    for key in keys:
        key.admit(Use.VERDICT, signed=said.predicate.time_verified, now=now)
    _about(said, expected)
    _whole(said)
    _recent(said, expected, now)
    if find is not None:
        _founded(said, find)
    _passed(said)
    return Attestation(statement=said, keys=keys)


def _about(said: Statement, expected: Expectation) -> None:
    wanted = {"commit": expected.commit, "tree": expected.tree, "configuration": expected.config_digest}
    if not any(wanted.values()):
        raise ClearanceError("nothing says which subject the verdict has to be about", "name a commit")
    for name, digest in wanted.items():
        if digest is not None and said.digest(name) != digest:
            raise RefusedError(f"it is about another subject: {name} {_short(said.digest(name))}, not {_short(digest)}")
    if expected.policy_digest is not None and said.policy_digest != expected.policy_digest:
        made, wanted_policy = _short(said.policy_digest), _short(expected.policy_digest)
        raise RefusedError(f"it was judged by another policy: {made}, not {wanted_policy}")
    stage = said.predicate.particulars.stage
    if expected.stage is not None and stage is not expected.stage:
        raise RefusedError(f"it was judged for stage {stage}, not {expected.stage}")


def _whole(said: Statement) -> None:
    """An honest signer refuses these; a signature does not make a partial verdict a whole one."""
    particulars = said.predicate.particulars
    if particulars.now_overridden or particulars.subject_overridden:
        raise RefusedError("the verdict was overridden: its moment or its subject was set by hand")
    if not particulars.complete or particulars.missing:
        raise RefusedError(
            f"the verdict is incomplete: {', '.join(particulars.missing) or 'some checks'} was not judged"
        )
    if particulars.dirty:
        raise RefusedError("the verdict is about a dirty tree, which no commit holds")


def _recent(said: Statement, expected: Expectation, now: datetime) -> None:
    age = now - said.predicate.time_verified
    if age < -_SKEW:
        raise RefusedError(f"it says that it was judged {_whole_seconds(-age)} from now")
    if expected.max_age is not None and age > expected.max_age:
        raise RefusedError(f"it has expired: judged {_whole_seconds(age)} ago, {expected.max_age} is allowed")


def _founded(said: Statement, find: Callable[[str, str], bytes | None]) -> None:
    if statement.VERDICT not in said.inputs:
        raise RefusedError("it names no verdict that it was made from")
    for name, digest in said.inputs.items():
        found = find(name, digest)
        if found is None:
            raise RefusedError(f"evidence is missing: there is no {name}")
        if f"sha256:{hashlib.sha256(found).hexdigest()}" != digest:
            raise RefusedError(f"evidence is not what was judged: {name} has been changed")


def _passed(said: Statement) -> None:
    decision = said.predicate.particulars.decision
    passed = said.predicate.verification_result == "PASSED"
    if decision is Decision.PASS and passed:
        return
    if decision is Decision.FAIL and not passed:
        raise RefusedError("the verdict is FAIL", decision=Decision.FAIL)
    raise RefusedError("the verdict is UNKNOWN" if not passed else "the statement contradicts itself")


def _short(digest: str | None) -> str:
    return digest.removeprefix("sha256:")[:12] if digest else "none"


def _whole_seconds(age: timedelta) -> timedelta:
    return timedelta(seconds=int(age.total_seconds()))
