"""Signed verdicts: what is signed, by which keys, and why a signature is not believed. Told the moment; does no I/O.

`keys` alone reads a private key, from a file, the environment or AWS KMS. The rest are functions of bytes.
"""

from __future__ import annotations

from clearance.model import ClearanceError, Decision


class RefusedError(ClearanceError):
    """An attestation is not believed, or says no: in one line why. `decision` is FAIL where it is a trusted no."""

    def __init__(self, message: str, hint: str = "", decision: Decision = Decision.UNKNOWN) -> None:
        super().__init__(message, hint)
        self.decision = decision
