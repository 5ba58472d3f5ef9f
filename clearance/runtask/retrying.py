"""Asks again, within bounds: at growing and random intervals, and not before Retry-After says so."""

from __future__ import annotations

import email.utils
import http
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from clearance.runtask.exchange import DroppedError, Reply, TooLargeError
from clearance.runtask.ports import Clock
from clearance.runtask.trouble import TokenRefusedError, TroubleError, UnreachableError

_FIRST_S, _LONGEST_S, _ASKED_MOST_S = 1.0, 30.0, 120.0
_TOO_MANY = http.HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often something is tried, on which clock; `chance` gives numbers from 0 to 1."""

    clock: Clock
    tries: int = 6
    chance: Callable[[], float] = random.random

    def insist(self, what: str, attempt: Callable[[], Reply]) -> Reply:
        """Try until there is an answer that trying again would not change. Raises TroubleError."""
        said = ""
        for number in range(self.tries):
            reply, said = _tried(what, attempt)
            if reply is not None and not _passing(reply.status):
                return _admitted(what, reply)
            if number + 1 < self.tries:
                self.clock.pause(self._interval(number, reply))
        raise UnreachableError(f"{what}: Terraform Cloud was asked {self.tries} times and said at last: {said}")

    def _interval(self, number: int, reply: Reply | None) -> float:
        growing = min(_LONGEST_S, _FIRST_S * 2.0**number) * (0.5 + self.chance() / 2)
        return growing + (min(_ASKED_MOST_S, retry_after(reply, self.clock.now())) if reply else 0.0)


def retry_after(reply: Reply, now: datetime) -> float:
    """Return for how many seconds we are asked to wait: a number, or a moment (RFC 9110, 10.2.3)."""
    text = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds())


def _tried(what: str, attempt: Callable[[], Reply]) -> tuple[Reply | None, str]:
    too_large = False
    try:
        reply = attempt()
    except DroppedError as error:
        return None, str(error)
    except TooLargeError:
        too_large = True
    if too_large:
        raise TroubleError(f"{what} is larger than it may be")
    return reply, str(reply.status)


def _admitted(what: str, reply: Reply) -> Reply:
    if reply.status == http.HTTPStatus.UNAUTHORIZED:
        raise TokenRefusedError(f"{what}: the token of this request is not accepted (401)")
    return reply


def _passing(status: int) -> bool:
    """Whether it is an answer that may be another one later."""
    return status == _TOO_MANY or status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
