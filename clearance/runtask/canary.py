"""Asks the deployed API for its canary, once, and says as evidence whether it sings."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from clearance.model import Evidence, Finding, Severity, Subject
from clearance.runtask.exchange import DroppedError, TooLargeError, ask
from clearance.runtask.places import secure
from clearance.runtask.request import Secret

CHECK = "canary"
_MOST = 1 << 20
_TRIES = 3  # an environment that just started may be slow once


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Where it sits, an address of the API; the token with which it may be asked; how long until it is asked again."""

    url: str
    token: Secret | None = None
    pause_s: float = 2.0

    def ask(self) -> Evidence:
        """Return one finding where the API does not answer 200, and a problem where it cannot be asked."""
        started, begun = datetime.now(UTC), time.monotonic()
        problem, finding = self._look()
        return Evidence(
            check=CHECK,
            subject=Subject(),
            inputs_digest=f"sha256:{hashlib.sha256(self.url.encode()).hexdigest()}",
            started=started,
            seconds=time.monotonic() - begun,
            reach=0 if problem else 1,
            unit="requests",
            findings=(finding,) if finding else (),
            problems=(problem,) if problem else (),
        )

    def _look(self) -> tuple[str, Finding | None]:
        place = secure(Secret(self.url))
        if place is None:
            return "the canary's address is not one over TLS: set another", None
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token.reveal()}"}
        said = ""
        for number in range(_TRIES):
            if number:
                time.sleep(self.pause_s)
            try:
                status = ask("GET", place, into=io.BytesIO(), most=_MOST, headers=headers).status
            except (DroppedError, TooLargeError) as error:
                said = f"gave no whole answer ({error or type(error).__name__})"
            else:
                if status == 200:
                    return "", None
                said = f"answered {status}"
        return "", Finding(rule="canary", severity=Severity.CRITICAL, message=f"the API {said}", resource=CHECK)


def absent(check: str, problem: str) -> Evidence:
    """Make the evidence of a check that cannot be made here."""
    return Evidence(
        check=check,
        subject=Subject(),
        inputs_digest="",
        started=datetime.now(UTC),
        seconds=0.0,
        reach=0,
        problems=(problem,),
    )
