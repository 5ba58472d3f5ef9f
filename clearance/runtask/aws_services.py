"""What the functions in AWS share: the SDK's clients, and how a message is written into the queue and read from it.

The SDK is imported when it is called for, since the receiver's core is to start within the answer's time.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from clearance.runtask.seal import SealError

Event = Mapping[str, Any]


@functools.cache
def client(service: str) -> Any:
    """Return the SDK's client of a service, made once."""
    import boto3
    from botocore.config import Config

    patience = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})
    session: Any = boto3.Session()
    return session.client(service, config=patience)


def write_message(task: str, sealed: bytes) -> str:
    """Write what lies in the queue: a JSON object of the task's id and its sealed request."""
    return json.dumps({"task": task, "sealed": sealed.decode()})


def read_message(body: str) -> tuple[str, bytes]:
    """Read a message: the task's id and its sealed request. Raises SealError for what is no message of ours."""
    try:
        said = json.loads(body)
        return str(said["task"]), str(said["sealed"]).encode()
    except (ValueError, TypeError, KeyError) as error:
        raise SealError("it is no message of ours") from error
