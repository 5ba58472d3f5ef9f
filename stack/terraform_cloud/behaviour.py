"""What Terraform Cloud can be told to do otherwise than usual, or wrong: for a run, or one request after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

ATTEMPTS: Final = 3  # how often a delivery is tried is not published
TOKEN_S: Final = 3600.0  # likewise; a run task's time is over after an hour
OBJECT_S: Final = 60.0  # the documentation of `json-output`: a redirection's link is valid for one minute


class Door(StrEnum):
    """Where a run task asks Terraform Cloud for something, or tells it something."""

    PLAN = "plan"
    CONFIGURATION = "configuration"
    OBJECT = "object"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One answer that is not as it should be. `status` 0 is none at all: the connection is closed.

    With `done` what was asked for is done nevertheless, and only the answer is wrong. `delay_s` is our seconds.
    """

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    done: bool = False
    delay_s: float = 0.0


DROPPED: Final = Trouble()
DONE_AND_DROPPED: Final = Trouble(done=True)
NOT_READY: Final = Trouble(status=204)
OLD_TERRAFORM: Final = Trouble(
    status=422, body=b'{"errors":[{"status":"422","title":"unprocessable","detail":"needs Terraform 0.12 or newer"}]}'
)


def refusal(status: int, *, retry_after: str | None = None) -> Trouble:
    """Return an answer that is an error, with the seconds (or the date) after which to try again."""
    later = () if retry_after is None else (("Retry-After", retry_after),)
    return Trouble(status=status, headers=later, body=b'{"errors":[{"status":"%d","title":"trouble"}]}' % status)


def redirection(status: int, location: str) -> Trouble:
    """Return a redirection to somewhere else than it should lead."""
    return Trouble(status=status, headers=(("Location", location),))


def _same(document: dict[str, Any]) -> dict[str, Any]:
    return document


def _as_is(body: bytes) -> bytes:
    return body


def _signed(signature: str) -> str | None:
    return signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a run's deliveries and doors behave; all as documented unless said.

    `at_once` deliveries are made of each request, side by side, and `again` more after its result is final. `payload`
    changes the document, `body` its bytes before they are signed, `signature` the header afterwards. `attempts` bounds
    how often a request is posted until it is answered 200. Troubles happen once each, in their order; then the door is
    well. Lifetimes are seconds of the simulated clock.
    """

    at_once: int = 1
    again: int = 0
    attempts: int = ATTEMPTS
    payload: Callable[[dict[str, Any]], dict[str, Any]] = _same
    body: Callable[[bytes], bytes] = _as_is
    signature: Callable[[str], str | None] = _signed
    url_code: bool = False
    inline_plan: bool = False
    token_s: float = TOKEN_S
    object_s: float = OBJECT_S
    troubles: Mapping[Door, tuple[Trouble, ...]] = field(default_factory=dict)


WELL: Final = Behaviour()
