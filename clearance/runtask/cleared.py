"""Is a configuration cleared? Its signed evidence is verified and judged again: by the pinned policy, at this moment.

There is no checkout here, so what evidence was made from cannot be digested again. What binds it instead: the archive's
digest is the signed statement's, the statement names the verdict and each piece of evidence by digest, and the verdict
the digest of the inputs that each was made from. Whether every input was looked at, and what unbound evidence was made
from, was judged when it was signed; everything else is judged afresh. docs/explanation/how-a-run-is-bound.md says more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from clearance import __version__, evidence
from clearance.attest import RefusedError, envelope, override, statement, verify
from clearance.attest.statement import VERDICT, Statement
from clearance.attest.trust import Use
from clearance.judge import judge
from clearance.model import (
    Decision,
    Evidence,
    Inputs,
    Override,
    Policy,
    Stage,
    Subject,
    UnreadableError,
    Verdict,
)
from clearance.render import verdict_json
from clearance.runtask.nouns import Materials
from clearance.runtask.request import Request

MOST = 100  # whoever can write to the shelf could pile up more than anybody wants to verify
_SHOWN = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """The answer for a configuration. `absent` says that nothing is signed yet, `verdict` is what was judged today.

    `commits` are those that a trusted signature, or Terraform Cloud, says the configuration is of.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    verdict: Verdict | None = None
    signed_by: tuple[str, ...] = ()
    absent: bool = False
    commits: tuple[str, ...] = ()


def clear(request: Request, materials: Materials, stage: Stage = Stage.CHANGE) -> Clearing:
    """Look for the latest trusted answer about the run's configuration at a stage.

    An UNKNOWN is no answer, so that an older PASS stands. What is signed for another stage is as good as absent.
    """
    known = commits(request, materials)
    if materials.config_digest is None:
        why = materials.problems or ("the run's configuration cannot be had",)
        return Clearing(decision=Decision.UNKNOWN, reasons=why, commits=known)
    candidates = [data for data in materials.envelopes if _claimed(data)[1] in {None, stage}]
    if not candidates:
        why = ("nothing signed speaks of this configuration", *materials.problems)
        return Clearing(decision=Decision.UNKNOWN, reasons=why, commits=known, absent=not materials.problems)
    refused = []
    for data in _latest_first(candidates):
        try:
            return replace(_judged(data, request, materials, stage), commits=known)
        except RefusedError as error:
            if error.decision is Decision.FAIL:
                return Clearing(decision=Decision.FAIL, reasons=(f"signed, and {error}",), commits=known)
            refused.append(str(error))
    more = (f"and {len(refused) - _SHOWN:,} more that are not believed",) if len(refused) > _SHOWN else ()
    return Clearing(decision=Decision.UNKNOWN, reasons=(*refused[:_SHOWN], *more), commits=known)


def overridden(clearing: Clearing, materials: Materials) -> Override | None:
    """Return the override that two people have signed for one of the configuration's commits, if it holds now."""
    for commit in clearing.commits:
        for data in materials.overrides(commit):
            try:
                return override.verify(data, materials.trust, commit, now=materials.now)
            except RefusedError:
                continue
    return None


def _claimed(data: bytes) -> tuple[datetime, Stage | None]:
    """When and for which stage an envelope says it was judged; whether it says so rightly is verified later."""
    try:
        said = statement.loads(envelope.read(data).payload).predicate
    except RefusedError:
        return _NEVER, None
    return said.time_verified, said.particulars.stage


def _latest_first(envelopes: Iterable[bytes]) -> list[bytes]:
    return sorted(envelopes, key=lambda data: _claimed(data)[0], reverse=True)[:MOST]


def commits(request: Request, materials: Materials) -> tuple[str, ...]:
    """Give the commits that the run's configuration is of: as trusted signatures say, else as Terraform Cloud does."""
    signed = tuple(dict.fromkeys(_signed_commits(materials)))
    return signed or ((request.commit,) if request.commit else ())


def _signed_commits(materials: Materials) -> Iterator[str]:
    for data in _latest_first(materials.envelopes):
        try:
            opened = envelope.read(data)
            keys = envelope.signers(opened, materials.trust)
            said = statement.loads(opened.payload)
            for key in keys:
                key.admit(Use.VERDICT, signed=said.predicate.time_verified, now=materials.now)
        except RefusedError:
            continue
        commit = said.digest("commit")
        if said.digest("configuration") == materials.config_digest and commit:
            yield commit


def _judged(data: bytes, request: Request, materials: Materials, stage: Stage) -> Clearing:
    found = verify.verify(
        data,
        materials.trust,
        verify.Expectation(config_digest=materials.config_digest, stage=stage),
        now=materials.now,
        find=lambda _name, digest: materials.fetch(digest),
    )
    signed, pieces = _opened(found.statement, materials)
    said = found.statement
    verdict = judge(
        without_checkout(materials.policy),
        pieces,
        stage=stage,
        subject=Subject(
            commit=said.digest("commit"),
            tree=said.digest("tree"),
            dirty=False,
            config_digest=materials.config_digest,
            run_id=request.run_id,
            workspace=request.workspace_id,
        ),
        inputs={exhibit.check: Inputs(digest=exhibit.inputs_digest) for exhibit in signed.evidence},
        now=materials.now,
        version=__version__,
        exhibits=signed.evidence,
    )
    reasons = tuple(
        f"{ruling.check}: {'; '.join(ruling.reasons[:2])}"
        for ruling in verdict.rulings
        if ruling.decision is not Decision.PASS
    )
    names = tuple(key.named for key in found.keys)
    return Clearing(decision=verdict.decision, reasons=(*verdict.reasons, *reasons), verdict=verdict, signed_by=names)


def without_checkout(policy: Policy) -> Policy:
    """Make the policy that judges evidence whose inputs are not at hand: what was settled when it was signed stays so.

    Without checks nothing is asked about unbound inputs, without `covers_inputs` nothing about unread ones.
    """
    requirements = tuple(replace(requirement, covers_inputs=False) for requirement in policy.requirements)
    return replace(policy, checks={}, requirements=requirements)


def _opened(said: Statement, materials: Materials) -> tuple[Verdict, dict[str, Evidence]]:
    """Read what a believed statement names: it has been fetched once, and is as it was signed."""
    pieces: dict[str, Evidence] = {}
    try:
        signed = verdict_json.loads(materials.fetch(said.inputs[VERDICT]) or b"")
        for name, digest in said.inputs.items():
            if name != VERDICT:
                one = evidence.loads(materials.fetch(digest) or b"")
                pieces[one.check] = one
    except UnreadableError as error:
        raise RefusedError(f"what was signed cannot be read by this version: {error}") from error
    if signed.subject.config_digest != materials.config_digest:
        raise RefusedError("the verdict that was signed is about another configuration than its statement says")
    return signed, pieces
