"""The run task in AWS Lambda: `receive` behind an API or a function's URL, `work` and `give_up` behind queues.

`receive` is a zip of the standard library and what Lambda's Python brings along; it can close what was asked, and not
open it again. The others are a container image, and import what they need once they are called. The environment names
places and never holds a secret: infra/gate has each variable.
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from clearance.runtask import receive as receiving
from clearance.runtask.aws_services import Event, client, write_message
from clearance.runtask.request import Request
from clearance.runtask.seal_kms import KmsSeal
from clearance.runtask.signature import Keys

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
for _name in ("boto3", "botocore", "urllib3"):  # told to, they log what they send, and that holds tokens
    logging.getLogger(_name).setLevel(logging.WARNING)
_FRESH_S = 60  # so long a key is believed to be the current one


def receive(event: Event, _: object) -> dict[str, Any]:
    """Answer an event of a function's URL or an HTTP API (payload 2.0), a REST API (payload 1.0) or a load balancer."""
    answer = receiving.receive(
        _headers(event),
        event.get("body") or "",
        is_base64=event.get("isBase64Encoded") is True,
        keys=_keys(int(time.monotonic() // _FRESH_S)),
        accept=_queue,
    )
    if answer.accepted is not None:
        _log.info("%s: %s of %s", answer.accepted.task_result_id, answer.accepted.stage, answer.accepted.run_id)
    elif answer.fault:
        _log.error("a request could not be queued: %s", answer.fault)
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "body": answer.body,
        "isBase64Encoded": False,
    }


def work(event: Event, _: object) -> dict[str, Any]:
    """Work on what a queue delivers; what failed is delivered again."""
    from clearance.runtask.aws_worker import worker

    return worker().take(event)


def give_up(event: Event, _: object) -> dict[str, Any]:
    """Answer `failed` to what no worker could finish."""
    from clearance.runtask.aws_worker import undertaker

    return undertaker().take(event)


def _headers(event: Event) -> dict[str, str]:
    """Return the headers by name, whichever of the two ways an event has them; one that is there twice holds both."""
    several: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    return dict(event.get("headers") or {}) | {name: ", ".join(values) for name, values in several.items()}


def _queue(request: Request) -> None:
    sealed = KmsSeal(os.environ["CLEARANCE_RUNTASK_SEAL_KEY_ARN"], client("kms")).close(request)
    client("sqs").send_message(
        QueueUrl=os.environ["CLEARANCE_RUNTASK_QUEUE_URL"], MessageBody=write_message(request.task_result_id, sealed)
    )


@functools.lru_cache(maxsize=1)
def _keys(_: int) -> Keys:
    """Read the HMAC key, and the one before it where there is one: a secret's current and previous version."""
    secrets, arn = client("secretsmanager"), os.environ["CLEARANCE_RUNTASK_HMAC_SECRET_ARN"]
    current = secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
    try:
        previous = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        return Keys(current=current.encode())
    return Keys(current=current.encode(), previous=previous.encode())
