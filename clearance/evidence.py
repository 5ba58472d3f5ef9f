"""Evidence to JSON and back: the one wire format between a run, the shelf, and whoever judges."""

from __future__ import annotations

import hashlib
import json

import msgspec

from clearance.model import Evidence, UnreadableError

_SCHEMA = b'{"schema":1,'
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Evidence)


def dumps(evidence: Evidence) -> bytes:
    """Encode evidence as one JSON object: `schema` (1), then the fields of `model.Evidence`; times are ISO 8601.

    What UTF-8 cannot hold, as a file name that is none may, is written as `?`.
    """
    try:
        encoded = _encoder.encode(evidence)
    except UnicodeEncodeError:
        encoded = json.dumps(msgspec.to_builtins(evidence), ensure_ascii=False).encode("utf-8", "replace")
    return b"".join((_SCHEMA, memoryview(encoded)[1:]))  # it may be large: one copy, not two


def loads(data: bytes) -> Evidence:
    """Decode what `dumps` made. Raises UnreadableError for anything else: a cut file, another schema, a wrong type."""
    if not data.startswith(_SCHEMA):
        raise UnreadableError(
            "this is no evidence of schema 1",
            "make it with `clearance run --evidence-only`, by the version of Clearance that judges it",
        )
    try:
        evidence = _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableError(f"the evidence is damaged: {error}", "run the check again") from error
    if evidence.started.utcoffset() is None:
        raise UnreadableError("the evidence is damaged: `started` has no time zone", "run the check again")
    return evidence


def digest(data: bytes) -> str:
    """Name evidence by its content."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
