"""What was asked holds a token: closed here before it is laid down anywhere, opened only by who works on it."""

from __future__ import annotations

import secrets
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clearance.runtask.request import Probe, Request, dumps, parse
from clearance.runtask.signature import Keys

_NONCE = 12


class SealError(Exception):
    """What lies there was not sealed here, or with a key that is gone, or for another task."""


class Seal(Protocol):
    """Closes a request under the id of its task, and opens it for that id alone."""

    def close(self, request: Request) -> bytes: ...

    def open(self, task: str, sealed: bytes) -> Request: ...


class LocalSeal:
    """AES-256-GCM under a key made from the HMAC key, so that the file alone, without the process, tells nothing.

    HKDF-SHA256 (RFC 5869); the id of the task is authenticated. While keys are replaced either one opens.
    """

    def __init__(self, keys: Keys) -> None:
        self._ciphers = [AESGCM(_derive(key)) for key in keys.all]

    def close(self, request: Request) -> bytes:
        """Seal a request, secrets and all."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, dumps(request), request.task_result_id.encode())

    def open(self, task: str, sealed: bytes) -> Request:
        """Return the request. Raises SealError."""
        for cipher in self._ciphers:
            try:
                return reopened(cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], task.encode()), task)
            except (InvalidTag, ValueError):
                continue
        raise SealError("what was asked cannot be opened: it was sealed with another key")


def reopened(body: bytes, task: str) -> Request:
    """Read what was inside. Raises SealError where it is about another task."""
    request = parse(body)
    if isinstance(request, Probe) or request.task_result_id != task:
        raise SealError("what was asked is about another task")
    return request


def _derive(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"clearance run task queue 1").derive(key)
