"""Who sent it: an HMAC-SHA512 over the raw bytes of the body, compared in constant time. Standard library alone.

Format: the header X-TFC-Task-Signature of Terraform Cloud's run tasks, lower-case hexadecimal, empty where the task has
no key. It names no moment, so that what was signed once is signed for ever: a replay is known by its task_result_id.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

HEADER = "x-tfc-task-signature"


class KeyMissingError(ValueError):
    """There is no key to hold a signature against; without one everybody's word would count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key, and while it is replaced the one before it. Raises KeyMissingError for an empty one."""

    current: bytes
    previous: bytes | None = None

    def __post_init__(self) -> None:
        if not self.current.strip() or (self.previous is not None and not self.previous.strip()):
            raise KeyMissingError("the HMAC key is empty: everybody could send requests")

    def __repr__(self) -> str:
        return "Keys(...)"

    @property
    def all(self) -> tuple[bytes, ...]:
        """The keys that count, the current one first."""
        return (self.current,) if self.previous is None else (self.current, self.previous)


def sign(body: bytes, key: bytes) -> str:
    """Return the signature of a body as the header has it."""
    return hmac.new(key, body, hashlib.sha512).hexdigest()


def verify(body: bytes, signature: str | None, keys: Keys) -> bool:
    """Whether one of the keys has signed exactly these bytes; each is tried, whichever one it was."""
    said = (signature or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(body, key).encode(), said) for key in keys.all]
    return any(matches)
