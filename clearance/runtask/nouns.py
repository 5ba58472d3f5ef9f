"""The nouns that the worker's rooms share: what a decision is made from, and what it says. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from clearance.attest.trust import Trust
from clearance.model import Evidence, Policy
from clearance.render.outcomes import Outcome
from clearance.runtask.request import Request

Status = Literal["passed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take. `evidence` bounds what the policy says a run waits for evidence.

    Terraform Cloud gives up after `silence` without a `running`, so `heartbeat` stays well below, and after an hour
    whatever it hears: we answer before, once there was no decision for as long as `total`. `oldest` is how old a run
    may be: a store knows for longer what it has answered, so that nothing is taken up twice.
    """

    evidence: timedelta = timedelta(minutes=45)
    heartbeat: timedelta = timedelta(minutes=2)
    silence: timedelta = timedelta(minutes=10)
    total: timedelta = timedelta(minutes=55)
    oldest: timedelta = timedelta(days=80)

    @property
    def lease(self) -> timedelta:
        """How long a claim is held without a beat: whoever takes over still answers before the silence is too long."""
        return self.heartbeat * 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A workspace's runs are held: the last apply was found wanting. `config_digest` is what was applied then."""

    workspace_id: str
    reason: str
    config_digest: str | None
    run_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was learnt of a run at an earlier stage: of its configuration, and of its plan as an HMAC."""

    config_digest: str | None = None
    plan_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """All that a decision is made from, at one moment: fetched before, so that deciding does no I/O.

    `policy` is the protected branch's, pinned by its digest. `config_digest` is that of the run's own tarball, and
    `envelopes` the signed verdicts about it that the shelf has, the oldest first; `fetch` gives what a statement names,
    by digest, and `overrides` those that the shelf has for a commit. `plan` is the plan's JSON and `scan` what Checkov
    saw in it, `plan_key` the key of its HMAC. `kept` is what earlier stages of the run left. `applied` are the
    configurations that were applied to the workspace before, the oldest first. `waited` says that there is no more
    patience: what is absent now is absent. `problems` say what could not be fetched, each in words for a reader:
    whoever needed it fails.
    """

    now: datetime
    policy: Policy
    trust: Trust
    config_digest: str | None = None
    envelopes: tuple[bytes, ...] = ()
    fetch: Callable[[str], bytes | None] = lambda _digest: None
    overrides: Callable[[str], tuple[bytes, ...]] = lambda _commit: ()
    plan: bytes | None = None
    scan: Evidence | None = None
    plan_key: bytes = b""
    kept: Kept = Kept()
    hold: Hold | None = None
    applied: tuple[str, ...] = ()
    canary: Evidence | None = None
    waited: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The answer: `passed` or `failed`, in one message and the outcomes below it, the worst first.

    `kept` is to be remembered of the run; `hold` begins a hold on the workspace, `release` ends the one that there is.
    """

    status: Status
    message: str
    outcomes: tuple[Outcome, ...] = ()
    url: str | None = None
    kept: Kept | None = None
    hold: Hold | None = None
    release: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Not decided yet: the evidence may still come. `message` goes into the heartbeat; it is asked again with `now`."""

    message: str


Decide = Callable[[Request, Materials], "Decided | Waiting"]
