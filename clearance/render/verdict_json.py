"""Verdict to JSON and back, for programs: `verdict.json`, schema 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import msgspec

from clearance.model import UnreadableError, Verdict

_SCHEMA = b'{"schema":1,'
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Verdict)


def render_bytes(verdict: Verdict) -> bytes:
    """Encode a verdict as one JSON object: `schema` (1), then the fields of `model.Verdict`, every key always there.

    Enumerations are their lower-case values, moments ISO 8601 in UTC with `Z`, days ISO 8601; a number that JSON does
    not have (an open interval's infinity) is null, and half a surrogate pair, as an undecodable file name has it, is
    written as its escape.
    """
    verdict = replace(verdict, judged_at=verdict.judged_at.astimezone(UTC))
    try:
        encoded = _encoder.encode(verdict)
    except UnicodeEncodeError:
        encoded = _encoder.encode(_encodable(msgspec.to_builtins(verdict)))
    return b"".join((_SCHEMA, memoryview(encoded)[1:]))  # a verdict may be large: one copy, not two


def render(verdict: Verdict, **_context: object) -> str:
    """Encode a verdict as one line of JSON: see `render_bytes`."""
    return render_bytes(verdict).decode() + "\n"


def loads(data: bytes) -> Verdict:
    """Decode what `render_bytes` made. Raises UnreadableError for anything else: a cut file, another schema."""
    if not data.startswith(_SCHEMA):
        raise UnreadableError("this is no verdict of schema 1", "make it with `clearance run`")
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableError(f"the verdict is damaged: {error}", "judge again") from error


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    return value
