"""Which keys are trusted, for what and when: `clearance.keys.toml`, read strictly."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from msgspec import Meta
from securesystemslib.signer import SSlibKey

from clearance.attest import RefusedError
from clearance.model import ClearanceError

FILE = "clearance.keys.toml"
_Text = Annotated[str, Meta(min_length=1, pattern=r"\S")]
_Moment = Annotated[datetime, Meta(tz=True)]


class Use(Enum):
    """What a key may sign: verdicts, which a machine signs, or overrides, which people sign."""

    VERDICT = "verdict"
    OVERRIDE = "override"

    def __str__(self) -> str:
        return self.value


class KeyTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[[key]]`: a public key, whose it is, and from when until when its signatures count."""

    id: _Text
    owner: _Text
    use: Use
    public_key: _Text
    not_before: _Moment
    not_after: _Moment
    revoked: _Text | None = None


class TrustFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The keys that this repository trusts."""

    key: Annotated[list[KeyTable], Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key with what the trust file says of it."""

    table: KeyTable
    public: SSlibKey

    @property
    def owner(self) -> str:
        return self.table.owner

    @property
    def named(self) -> str:
        """The key as a message names it."""
        return f"key {self.table.id[:12]} of {self.table.owner}"

    def admit(self, use: Use, *, signed: datetime, now: datetime) -> None:
        """Raise RefusedError unless it may have signed for this use, at that moment and still.

        Both moments count: whoever has stolen an expired key writes whatever moment of signing they like.
        """
        if self.table.revoked is not None:
            raise RefusedError(f"{self.named} is revoked: {self.table.revoked}")
        if self.table.use is not use:
            raise RefusedError(f"{self.named} signs {self.table.use}s, not {use}s")
        for moment in (signed, now):
            if moment < self.table.not_before:
                raise RefusedError(f"{self.named} is not valid before {self.table.not_before}")
            if moment > self.table.not_after:
                raise RefusedError(f"{self.named} has expired: it was valid until {self.table.not_after}")


Trust = Mapping[str, TrustedKey]


def parse(text: bytes, name: str = FILE) -> Trust:
    """Read the trust file: the keys by id. Raises ClearanceError, which names the key, for whatever is not right."""
    try:
        raw = tomllib.loads(text.decode())
        tables = msgspec.convert(raw, TrustFile).key
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _unusable(name, str(error)) from error
    trust: dict[str, TrustedKey] = {}
    for number, table in enumerate(tables, 1):
        where = f"[[key]] {number}"
        public = _load(table.public_key, name, where)
        if public.keyid != table.id:
            raise _unusable(name, f"{where}: the id of this public key is {public.keyid}")
        if table.id in trust:
            raise _unusable(name, f"{where} is there twice")
        if table.not_after <= table.not_before:
            raise _unusable(name, f"{where}: not_after is not after not_before")
        trust[table.id] = TrustedKey(table=table, public=public)
    return trust


def entry(public: SSlibKey, *, owner: str, use: Use, not_before: datetime, not_after: datetime) -> str:
    """Write a key as the trust file has it."""
    quoted = json.dumps(owner, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON's escapes are among TOML's
    return (
        f'[[key]]\nid = "{public.keyid}"\nowner = {quoted}\nuse = "{use}"\n'
        f"not_before = {not_before.isoformat()}\nnot_after = {not_after.isoformat()}\n"
        f'public_key = """\n{pem(public)}"""\n'
    )


def identified(public: Any) -> SSlibKey:
    """Give a public key the id under which envelopes and trust files name it: the SHA-256 of its DER encoding.

    So `openssl pkey -pubin -outform DER | sha256sum` says the same. Raises ClearanceError for a kind of key that we do
    not take: Ed25519 and ECDSA on P-256 are all.
    """
    ours = isinstance(public, Ed25519PublicKey) or (
        isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)
    )
    if not ours:
        raise ClearanceError(
            "the key is neither Ed25519 nor ECDSA on P-256", "make one: openssl genpkey -algorithm ed25519"
        )
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest())


def pem(public: SSlibKey) -> str:
    """Write a public key as PEM, SubjectPublicKeyInfo."""
    value: str = public.keyval["public"]
    if value.startswith("-----"):
        return value.rstrip("\n") + "\n"
    raw = Ed25519PublicKey.from_public_bytes(bytes.fromhex(value))
    return raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _load(text: str, name: str, where: str) -> SSlibKey:
    try:
        return identified(load_pem_public_key(text.encode()))
    except ClearanceError as error:
        raise _unusable(name, f"{where}: {error}") from error
    except Exception as error:
        raise _unusable(name, f"{where}: public_key is no public key in PEM") from error


def _unusable(name: str, why: str) -> ClearanceError:
    return ClearanceError(
        f"{name}: {why}", "`clearance key` prints a [[key]] table; docs/reference/attestation.md has each key"
    )
