"""A shelf in S3, for evidence, signed verdicts and history: in a bucket that keeps every version of every object.

One role writes to it, from the protected branch's workflow through OIDC; everybody else reads. Whoever could delete or
replace an attempt could hide it: so the bucket must be versioned, with a default retention by object lock, and the
history is read from all versions, those behind a delete marker too. Needs boto3: the extra `aws`.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clearance.model import ClearanceError
from clearance.shelf import safe
from clearance.shelf.attempts import Attempt, dumps, loads, name

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_ABSENT = ("NoSuchKey", "404")
_THERE_ALREADY = ("PreconditionFailed", "412")


class Bucket:
    """A shelf at `s3://bucket/prefix`; where, and as whom, is for the AWS SDK's usual variables to say."""

    def __init__(self, url: str) -> None:
        found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*?))?/?", url)
        if found is None:
            raise ClearanceError(f"{url} is no place in S3", "write s3://bucket/prefix")
        self.bucket = found[1]
        self.prefix = f"{found[2]}/" if found[2] else ""
        self._client = _connect()
        self._lasting = False

    def find(self, check: str, inputs_digest: str) -> bytes | None:
        """Return what was kept last for this check and these inputs, or None."""
        return self._get(self._evidence(check, inputs_digest))

    def keep(self, check: str, inputs_digest: str, data: bytes) -> None:
        """Keep `data`; what these inputs had before stays an older version."""
        self._put(self._evidence(check, inputs_digest), data, replace=True)

    def store(self, data: bytes) -> str:
        """Keep `data` by its content, and return its digest."""
        digest = hashlib.sha256(data).hexdigest()
        self._put(f"objects/{digest}", data)
        return f"sha256:{digest}"

    def fetch(self, digest: str) -> bytes | None:
        """Return what was stored under a digest, or None; what it is, the caller checks."""
        return self._get(f"objects/{safe(digest.removeprefix('sha256:'))}")

    def file(self, attempt: Attempt) -> None:
        """Add a record to a commit's history."""
        data = dumps(attempt)
        self._put(f"attempts/{safe(attempt.commit)}/{name(attempt, data)}", data)

    def attempts(self, commit: str) -> tuple[Attempt, ...]:
        """Return the history of the commits that begin so, the oldest first, whatever was deleted or replaced since."""
        found = []
        with _speaking(self.bucket):
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}attempts/{safe(commit)}"):
                for version in page.get("Versions", []):
                    body = self._client.get_object(
                        Bucket=self.bucket, Key=version["Key"], VersionId=version["VersionId"]
                    )["Body"]
                    found.append(loads(body.read(), version["Key"].split("/")[-2]))
        return tuple(sorted(found, key=lambda attempt: attempt.at))

    @staticmethod
    def _evidence(check: str, inputs_digest: str) -> str:
        return f"evidence/{safe(check)}/{safe(inputs_digest.removeprefix('sha256:'))}.json"

    def _get(self, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        with _speaking(self.bucket):
            try:
                return self._client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise

    def _put(self, key: str, data: bytes, *, replace: bool = False) -> None:
        from botocore.exceptions import ClientError

        self._insist_on_lasting()
        key = self.prefix + key
        with _speaking(self.bucket):
            try:
                if replace:
                    self._client.put_object(Bucket=self.bucket, Key=key, Body=data, ChecksumAlgorithm="SHA256")
                else:
                    self._client.put_object(
                        Bucket=self.bucket, Key=key, Body=data, ChecksumAlgorithm="SHA256", IfNoneMatch="*"
                    )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _THERE_ALREADY:
                    raise

    def _insist_on_lasting(self) -> None:
        """Refuse a bucket in which what was filed could be made to disappear."""
        if self._lasting:
            return
        from botocore.exceptions import ClientError

        with _speaking(self.bucket):
            versioning = self._client.get_bucket_versioning(Bucket=self.bucket).get("Status")
            try:
                lock = self._client.get_object_lock_configuration(Bucket=self.bucket)["ObjectLockConfiguration"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
                    raise
                lock = {}
        if versioning != "Enabled" or not lock.get("Rule", {}).get("DefaultRetention"):
            raise ClearanceError(
                f"the bucket {self.bucket} would let history be rewritten",
                "turn on versioning, and object lock with a default retention",
            )
        self._lasting = True


def _connect() -> S3Client:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ClearanceError("a shelf in S3 needs boto3", "pip install 'clearance[aws]'") from error
    try:
        patience = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
        return boto3.client("s3", config=patience)
    except (BotoCoreError, ValueError) as error:
        raise ClearanceError(f"S3 cannot be asked: {error}", "set AWS_REGION and a role") from error


@contextlib.contextmanager
def _speaking(bucket: str) -> Iterator[None]:
    """Turn what the SDK says into an error of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ClearanceError(
            f"the shelf in the bucket {bucket} does not answer: {error}", "check the bucket, the region and the role"
        ) from error
