"""DSSE envelopes: a payload with its signatures, and whose they are.

The format and what is signed of it: https://github.com/secure-systems-lab/dsse, envelope.md and protocol.md. It is read
only in the very bytes in which it was written, so that no bit of it can be changed and nobody notice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Signature, Signer

from clearance.attest import RefusedError
from clearance.attest.trust import Trust, TrustedKey

PAYLOAD = "application/vnd.in-toto+json"


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_Signature]


def seal(payload: bytes, signers: Iterable[Signer]) -> bytes:
    """Put a payload into an envelope and have each signer sign it."""
    envelope = Envelope(payload, PAYLOAD, {})
    for signer in signers:
        envelope.sign(signer)
    return _write(envelope)


def countersign(data: bytes, signer: Signer) -> bytes:
    """Add a signature to an envelope."""
    envelope = read(data)
    envelope.sign(signer)
    return _write(envelope)


def read(data: bytes) -> Envelope:
    """Open an envelope; nothing of it is believed yet. Raises RefusedError."""
    try:
        shape = msgspec.json.decode(data, type=_Envelope)
        signatures = {one.keyid: Signature(one.keyid, _decode(one.sig).hex()) for one in shape.signatures}
        envelope = Envelope(_decode(shape.payload), shape.payload_type, signatures)
    except (msgspec.MsgspecError, UnicodeError, binascii.Error, RecursionError) as error:
        raise RefusedError(f"this is no signed envelope, or a damaged one: {error}") from error
    if _write(envelope) != data:
        raise RefusedError("the envelope is not as it was written: some of its bytes were changed")
    if envelope.payload_type != PAYLOAD:
        raise RefusedError(f"the envelope holds no in-toto statement but {envelope.payload_type!r}")
    return envelope


def signers(envelope: Envelope, trust: Trust) -> tuple[TrustedKey, ...]:
    """Return the trusted keys that have signed exactly this; RefusedError where there is none, or a false one."""
    if not envelope.signatures:
        raise RefusedError("nobody has signed it")
    known = [trust[keyid] for keyid in envelope.signatures if keyid in trust]
    if not known:
        ids = ", ".join(f"{keyid[:12]!r}" for keyid in envelope.signatures)
        raise RefusedError(f"it is signed by a key that is not trusted here: {ids}")
    for key in known:
        try:
            envelope.verify([key.public], 1)
        except VerificationError as error:
            raise RefusedError(
                f"the signature of {key.named} is not of this content: it was changed or is forged"
            ) from error
    return tuple(known)


def _write(envelope: Envelope) -> bytes:
    shape = _Envelope(
        base64.b64encode(envelope.payload).decode(),
        envelope.payload_type,
        [
            _Signature(keyid, base64.b64encode(bytes.fromhex(one.signature)).decode())
            for keyid, one in envelope.signatures.items()
        ],
    )
    return msgspec.json.encode(shape) + b"\n"


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode(), validate=True)
