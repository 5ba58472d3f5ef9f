"""Seals requests with AES-256-GCM under a key made from the HMAC key: the file without the process tells nothing.

The key is made by HKDF-SHA256 (RFC 5869); the id of the task is authenticated.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clearance.runtask.request import Request, dumps
from clearance.runtask.seal import SealError, reopened
from clearance.runtask.signature import Keys

_NONCE = 12


class LocalSeal:
    """Closes with the current key; while keys are replaced either one opens."""

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
                body = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], task.encode())
            except (InvalidTag, ValueError):
                continue
            return reopened(body, task)
        raise SealError("what was asked cannot be opened: it was sealed with another key")


def _derive(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"clearance run task queue 1").derive(key)
