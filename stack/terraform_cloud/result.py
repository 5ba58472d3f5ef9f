"""One task result: what a run task was asked, what it has said since, and what became of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from stack.terraform_cloud.payload import Level, Stage

SILENCE_S: Final = 600.0  # without a sign of life
TOTAL_S: Final = 3600.0  # whatever is heard


class Status(StrEnum):
    """The states of a task result, as the API names them."""

    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    UNREACHABLE = "unreachable"


FINAL: Final = frozenset({Status.PASSED, Status.FAILED, Status.ERRORED, Status.UNREACHABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One posting of a request: the status of its answer (None: there was none), and the seconds until then."""

    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One callback: when, what was answered, and what it said (None where that was no JSON)."""

    at: datetime
    answered: int
    document: Any


@dataclass(slots=True, kw_only=True, eq=False)
class Result:
    """A task result. `token` and `secret`, the callback's, are its own; `began`, `heard` are seconds of the clock."""

    run_id: str
    stage: Stage
    level: Level
    token_until: float
    began: float
    url_code: str | None = None
    id: str = field(default_factory=lambda: f"taskrs-{secrets.token_hex(8)}")
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    status: Status = Status.PENDING
    message: str = ""
    url: str | None = None
    outcomes: tuple[dict[str, Any], ...] = ()
    heard: float = 0.0
    deliveries: list[Delivery] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self.status in FINAL

    @property
    def patience(self) -> float:
        """Until when, in seconds of the clock, it may stay as it is."""
        return min(self.heard + SILENCE_S, self.began + TOTAL_S)

    def take(self, document: dict[str, Any], now: float) -> None:
        """Take a callback's body that is within the limits."""
        data = document["data"]
        attributes = data["attributes"]
        self.status = Status(attributes["status"])
        self.message = attributes.get("message") or self.message
        self.url = attributes.get("url") or self.url
        related = (data.get("relationships") or {}).get("outcomes") or {}
        self.outcomes = tuple(each["attributes"] for each in related.get("data", ())) or self.outcomes
        self.heard = now

    def give_up(self, now: float) -> None:
        """Become errored where patience has run out."""
        if not self.final and now >= self.patience:
            total = now >= self.began + TOTAL_S
            self.status = Status.ERRORED
            self.message = (
                f"no end within {TOTAL_S / 60:.0f} minutes"
                if total
                else f"no sign of life for {SILENCE_S / 60:.0f} minutes"
            )

    def said(self, status: str) -> int:
        """How many callbacks with this status were taken."""
        return sum(
            call.answered == 200 and call.document["data"]["attributes"]["status"] == status for call in self.calls
        )
