"""The seams of the worker: what it is given to reach Terraform Cloud, the shelf, the store and the clock through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import BinaryIO, Protocol

from clearance.attest.trust import Trust
from clearance.model import Evidence, Policy
from clearance.runtask.nouns import Decide, Decided, Hold, Kept, Limits
from clearance.runtask.request import Request


class Clock(Protocol):
    """The moment, and waiting for a later one: `pause` ends early, and says so, once `unless` is set."""

    def now(self) -> datetime: ...

    def pause(self, seconds: float, unless: Event | None = None) -> bool: ...


class Library(Protocol):
    """What is pinned in the worker, and what lies on the shelf.

    `policy` raises ClearanceError where the policy's digest is not the pinned one. `envelopes` gives the signed
    verdicts about a configuration, the oldest first, and `overrides` the signed overrides of a commit; nothing of them
    is believed yet. `fetch` gives bytes by digest.
    """

    def policy(self) -> Policy: ...

    def trust(self) -> Trust: ...

    def envelopes(self, config_digest: str) -> tuple[bytes, ...]: ...

    def overrides(self, commit: str) -> tuple[bytes, ...]: ...

    def fetch(self, digest: str) -> bytes | None: ...


class Inspection(Protocol):
    """What looks at a plan, and what asks the deployed API: each returns evidence, with problems where it can't see."""

    def scan(self, plan: bytes) -> Evidence: ...

    def canary(self, request: Request) -> Evidence: ...

    def close(self) -> None: ...


class Terraform(Protocol):
    """Terraform Cloud as one request lets us use it. Every error is a `client.TroubleError`, without any secret."""

    def plan(self, request: Request) -> bytes: ...

    def configuration(self, request: Request) -> BinaryIO: ...

    def running(self, request: Request, message: str) -> None: ...

    def finish(self, request: Request, decided: Decided) -> None: ...


class Memory(Protocol):
    """What is remembered of runs and workspaces from one stage to the next."""

    def kept(self, run_id: str) -> Kept: ...

    def keep(self, run_id: str, kept: Kept) -> None: ...

    def hold(self, workspace_id: str) -> Hold | None: ...

    def set_hold(self, hold: Hold) -> None: ...

    def release(self, workspace_id: str) -> None: ...

    def applied(self, workspace_id: str) -> tuple[str, ...]: ...

    def add_applied(self, workspace_id: str, config_digest: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What it takes to say something to Terraform Cloud in time."""

    clock: Clock
    terraform: Terraform
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports(Line):
    """All seams of one worker."""

    library: Library
    inspection: Inspection
    memory: Memory
    decide: Decide
    plan_key: bytes
