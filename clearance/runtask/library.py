"""What the worker has with it, the policy and the keys that it trusts, and what it finds on the shelf."""

from __future__ import annotations

from pathlib import Path

from clearance import policy
from clearance.attest import trust
from clearance.model import ClearanceError, Policy, PolicyError
from clearance.readers import READERS
from clearance.shelf import Folder, Shelf
from clearance.shelf.attempts import Kind

_S3 = "s3://"


class PinnedLibrary:
    """The protected branch's policy and keys, read once from files beside the worker, and a shelf.

    `pin` is the digest that the policy must have; None takes the file's word for it. Raises ClearanceError.
    """

    def __init__(self, policy_file: Path, trust_file: Path, shelf: Shelf, pin: str | None) -> None:
        self._policy = _policy(policy_file)
        if pin is not None and self._policy.digest != pin:
            raise PolicyError(
                f"the policy is {self._policy.digest}, not the pinned {pin}", "pin the digest of the protected branch's"
            )
        self._trust = trust.parse(_read(trust_file), trust_file.name)
        self._shelf = shelf

    def policy(self) -> Policy:
        """Return the policy."""
        return self._policy

    def trust(self) -> trust.Trust:
        """Return the keys that are trusted."""
        return self._trust

    def envelopes(self, config_digest: str) -> tuple[bytes, ...]:
        """Return the signed verdicts that were filed under a configuration, the oldest first."""
        return self._filed(config_digest.removeprefix("sha256:"), Kind.ATTESTED)

    def overrides(self, commit: str) -> tuple[bytes, ...]:
        """Return the signed overrides of a commit, the latest first."""
        return self._filed(commit, Kind.OVERRIDDEN)[::-1]

    def fetch(self, digest: str) -> bytes | None:
        """Return what was stored under a digest, or None."""
        return self._shelf.fetch(digest)

    def _filed(self, name: str, kind: Kind) -> tuple[bytes, ...]:
        filed = (one for one in self._shelf.attempts(name) if one.kind is kind and one.digest)
        found = (self._shelf.fetch(one.digest) for one in filed)
        return tuple(data for data in found if data is not None)


def open_shelf(named: str) -> Shelf:
    """Open a folder, or `s3://bucket/prefix`."""
    if named.startswith(_S3):
        from clearance.shelf.bucket import Bucket

        return Bucket(named)
    return Folder(Path(named))


def _policy(file: Path) -> Policy:
    root = file.resolve().parent
    return policy.parse(_read(file), readers=READERS, read=lambda path: (root / path).read_bytes())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ClearanceError(f"{file} can't be read: {error.strerror}", "check the path") from error
