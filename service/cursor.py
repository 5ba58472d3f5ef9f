"""The cursor of a page: where the last page ended, bound to the filters it was asked with. Opaque to clients; pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from service.domain import KEY_RULES, Key
from service.rules import FieldError

if TYPE_CHECKING:
    from service.domain import Filters

_VERSION = 1
_TEXT = re.compile(r"[A-Za-z0-9_-]{1,256}").fullmatch  # too short to nest deeply


def encode(key: Key, filters: Filters) -> str:
    """Return the cursor of the page that begins after `key`: base64url of JSON, without padding.

    It is no secret and carries no right: whoever forges one asks for a page that the filters could have asked for.
    """
    document = json.dumps([_VERSION, _digest(filters), *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


def decode(text: str, filters: Filters) -> Key:
    """Return the key that a cursor holds; `FieldError` on `cursor` for any other text, and for other filters."""
    try:
        version, digest, *values = _document(text)
        key = Key._make(rule.read(value) for rule, value in zip(KEY_RULES.values(), values, strict=True))
    except (ValueError, TypeError):
        raise FieldError("cursor", "expected a next_cursor of an earlier page") from None
    if version != _VERSION:
        raise FieldError("cursor", "is of another version; begin again without it")
    if digest != _digest(filters):
        raise FieldError("cursor", "belongs to other filters; begin again without it")
    return key


def _document(text: str) -> Any:
    if not _TEXT(text):
        raise ValueError
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _digest(filters: Filters) -> str:
    return hashlib.sha256(json.dumps(astuple(filters)).encode()).hexdigest()[:16]
