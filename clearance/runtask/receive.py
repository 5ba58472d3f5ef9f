"""Takes a webhook in: signature first, then JSON, then it is handed on and answered. Standard library alone.

What is not signed is answered 401, whatever it says; what is signed and no request 400; everything else 200, a
registration's probe and a request that came before too. Where a request can't be handed on the answer is 503, for then
it is sent again. No answer holds anything of the request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clearance.runtask.guard import Guard, place
from clearance.runtask.request import Probe, Request, RequestError, parse
from clearance.runtask.signature import HEADER, Keys, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender is told: an HTTP status and a text for a person. `accepted` and `fault` are for our own log."""

    status: int
    body: str = ""
    accepted: Request | None = None
    fault: str = ""


UNSIGNED = Answer(status=401, body="the signature does not hold\n")


def receive(
    headers: Mapping[str, str], body: bytes | str, *, is_base64: bool, keys: Keys, accept: Callable[[Request], object]
) -> Answer:
    """Answer one delivery. `accept` hands a request on, once for each task_result_id however often it is called."""
    raw = _raw(body, is_base64=is_base64)
    if raw is None or not verify(raw, _signature(headers), keys):
        return UNSIGNED
    try:
        request = parse(raw)
    except RequestError as error:
        return Answer(status=400, body=f"this is no request of a run task: {error}\n")
    if isinstance(request, Probe):
        return Answer(status=200)
    with Guard() as guard:
        accept(request)
    if guard.error is not None:
        return Answer(status=503, body="the request could not be handed on; send it again\n", fault=place(guard.error))
    return Answer(status=200, accepted=request)


def _raw(body: bytes | str, *, is_base64: bool) -> bytes | None:
    """Return the bytes as they were sent, or None where they cannot be known."""
    try:
        if is_base64:
            return base64.b64decode(body, validate=True)
        return body if isinstance(body, bytes) else body.encode()
    except (binascii.Error, ValueError):
        return None


def _signature(headers: Mapping[str, str]) -> str | None:
    """Return the signature, in whatever case its name is written; None where it is absent or there are two of it."""
    found = [value for name, value in headers.items() if name.lower() == HEADER]
    return found[0] if len(found) == 1 else None
