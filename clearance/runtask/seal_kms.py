"""Seals requests by AWS KMS: who may only encrypt with the key closes them, and can't open them again.

KMS takes 4,096 bytes at a time (https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html), so a request is
sealed in parts. Each is bound, by the encryption context, to its task, its place and their number.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from clearance.runtask.request import Request, dumps
from clearance.runtask.seal import SealError, reopened

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

_PART, _PARTS_MOST = 4096, 24


class KmsSeal:
    """Closes and opens under one key."""

    def __init__(self, key: str, client: KMSClient) -> None:
        self._key, self._client = key, client

    def close(self, request: Request) -> bytes:
        """Seal a request, secrets and all: a JSON list of parts in base64."""
        body = dumps(request)
        parts = [body[start : start + _PART] for start in range(0, len(body), _PART)]
        return json.dumps([self._encrypt(part, request.task_result_id, at) for at, part in _placed(parts)]).encode()

    def open(self, task: str, sealed: bytes) -> Request:
        """Return the request. Raises SealError; what KMS itself can't do now stays an error of its own."""
        try:
            parts = [base64.b64decode(part, validate=True) for part in json.loads(sealed)]
        except (ValueError, TypeError, binascii.Error, RecursionError):
            parts = []
        if not 0 < len(parts) <= _PARTS_MOST:
            raise SealError("what was asked cannot be opened: it is damaged")
        return reopened(b"".join(self._decrypt(part, task, at) for at, part in _placed(parts)), task)

    def _encrypt(self, part: bytes, task: str, at: str) -> str:
        done = self._client.encrypt(KeyId=self._key, Plaintext=part, EncryptionContext=_context(task, at))
        return base64.b64encode(done["CiphertextBlob"]).decode()

    def _decrypt(self, part: bytes, task: str, at: str) -> bytes:
        known = self._client.exceptions
        try:
            done = self._client.decrypt(KeyId=self._key, CiphertextBlob=part, EncryptionContext=_context(task, at))
        except (known.InvalidCiphertextException, known.IncorrectKeyException) as error:
            why = "it was sealed with another key, or for another task"
            raise SealError(f"what was asked cannot be opened: {why}") from error
        return done["Plaintext"]


def _placed(parts: list[bytes]) -> list[tuple[str, bytes]]:
    return [(f"{number} of {len(parts)}", part) for number, part in enumerate(parts, 1)]


def _context(task: str, at: str) -> dict[str, str]:
    return {"clearance": "run task", "task": task, "part": at}
