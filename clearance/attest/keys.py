"""Private keys behind one seam, securesystemslib's `Signer`: from a file, from the environment, or kept by AWS KMS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.signer import AWSSigner, CryptoSigner, Signature, Signer, SSlibKey

from clearance.attest.trust import identified
from clearance.model import ClearanceError

VARIABLE = "CLEARANCE_SIGNING_KEY"
KMS = "awskms:"
ENVIRONMENT = "env:"
_HINT = f"name a PEM file, env:VARIABLE or {KMS}KEY with --key, or put the PEM itself into {VARIABLE}"


def load(named: str | None, environ: Mapping[str, str]) -> Signer:
    """Return the signer that is named: a path, `env:VARIABLE`, `awskms:KEY`, or what CLEARANCE_SIGNING_KEY holds.

    Raises ClearanceError where there is no such key or we do not take its kind; no message ever holds any of the key.
    """
    if named is not None and named.startswith(KMS):
        return _kms(named.removeprefix(KMS))
    if named is None or named.startswith(ENVIRONMENT):
        variable = named.removeprefix(ENVIRONMENT) if named else VARIABLE
        if not environ.get(variable):
            raise ClearanceError(f"there is no key to sign with: {variable} is not set", _HINT)
        return _local(environ[variable].encode(), variable)
    try:
        return _local(Path(named).read_bytes(), named)
    except OSError as error:
        raise ClearanceError(f"the key {named} cannot be read: {error.strerror}", _HINT) from error


def public(signer: Signer) -> SSlibKey:
    """Return the public half of a signer's key."""
    key = signer.public_key
    if not isinstance(key, SSlibKey):
        raise ClearanceError("the key is of a kind that we do not take", _HINT)
    return key


def _local(pem: bytes, source: str) -> Signer:
    try:
        private: Any = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ClearanceError(f"{source} holds no private key in PEM, or one under a pass phrase", _HINT) from error
    return CryptoSigner(private, identified(private.public_key()))


class _Kms(AWSSigner):
    """A signer that speaks of KMS's refusals as we do."""

    def sign(self, payload: bytes) -> Signature:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return super().sign(payload)
        except (BotoCoreError, ClientError) as error:
            raise ClearanceError(f"AWS KMS does not sign: {error}", "the role needs kms:Sign for this key") from error


def _kms(key: str) -> Signer:
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise ClearanceError("keys in AWS KMS need boto3", "pip install 'clearance[aws]'") from error
    try:
        _, found = AWSSigner.import_(key)
        return _Kms(key, identified(load_pem_public_key(found.keyval["public"].encode())))
    except (BotoCoreError, ClientError) as error:
        raise ClearanceError(
            f"AWS KMS does not give the key {key}: {error}", "check its name, the region and the role"
        ) from error
    except KeyError as error:
        raise ClearanceError(
            f"the key {key} of AWS KMS cannot sign", "make one of ECC_NIST_P256, SIGN_VERIFY"
        ) from error
