"""What was asked holds a token: closed before it is laid down anywhere, opened only by who works on it. No library.

`seal_local` closes under a key of this process, `seal_kms` under one of AWS's.
"""

from __future__ import annotations

from typing import Protocol

from clearance.runtask.request import Probe, Request, RequestError, parse


class SealError(Exception):
    """What lies there was not sealed here, or with a key that is gone, or for another task."""


class Seal(Protocol):
    """Closes a request under the id of its task, and opens it for that id alone."""

    def close(self, request: Request) -> bytes: ...

    def open(self, task: str, sealed: bytes) -> Request: ...


def reopened(body: bytes, task: str) -> Request:
    """Read what was inside. Raises SealError where it is about another task."""
    try:
        request = parse(body)
    except RequestError:
        request = Probe()
    if isinstance(request, Probe) or request.task_result_id != task:
        raise SealError("what was asked is about another task")
    return request
