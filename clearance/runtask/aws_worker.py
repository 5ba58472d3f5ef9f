"""What the worker's and the undertaker's functions do with a queue's messages; made once in an environment.

A message is gone once its task has ended, or rests until a later message. A duplicate of what another works on is sent
again for later, so that it never counts as failed.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from clearance.model import ClearanceError
from clearance.runtask.aws_services import Event, client, read_message
from clearance.runtask.clock import SystemClock
from clearance.runtask.compose import client_of, ports_of
from clearance.runtask.dynamodb import connect
from clearance.runtask.guard import Guard, place
from clearance.runtask.nouns import Limits
from clearance.runtask.ports import Line
from clearance.runtask.request import Request
from clearance.runtask.seal import Seal, SealError
from clearance.runtask.seal_kms import KmsSeal
from clearance.runtask.store import Standing
from clearance.runtask.work import Again, Done, give_up, work

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_log = logging.getLogger(__name__)
_LONGEST_DELAY_S = 900  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_LATER = timedelta(minutes=4)


class UnfinishedError(Exception):
    """A message has to be delivered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Takes messages one after another. What rests is sent to `queue`; None leaves it in the queue it came from."""

    step: Callable[[Request], Done]
    seal: Seal
    sqs: SQSClient
    queue: str | None

    def take(self, event: Event) -> dict[str, Any]:
        """Work on a batch, and name the messages that have to be delivered again."""
        failed = []
        for record in event["Records"]:
            with Guard() as guard:
                self._one(record["body"])
            if guard.error is not None:
                failed.append({"itemIdentifier": record["messageId"]})
                if not isinstance(guard.error, UnfinishedError):
                    _log.error("a message failed: %s", place(guard.error))
        return {"batchItemFailures": failed}

    def _one(self, body: str) -> None:
        try:
            task, sealed = read_message(body)
            request = self.seal.open(task, sealed)
        except SealError as error:
            _log.log(logging.ERROR, "a message that nobody can read is dropped: %s", error)
            return
        done = self.step(request)
        if isinstance(done, Again):
            self._later(body, done.after)
        elif done is Standing.BUSY:
            self._later(body, _LATER)

    def _later(self, body: str, after: timedelta) -> None:
        if self.queue is None:
            raise UnfinishedError
        seconds = min(_LONGEST_DELAY_S, round(after.total_seconds()))
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body, DelaySeconds=seconds)


@functools.cache
def worker() -> Worker:
    """Make the worker from the environment: it works on what was asked.

    What is not as it must be, a policy that is not the pinned one say, no later worker would find otherwise: so that is
    answered at once, and not when Terraform Cloud has long given up.
    """
    store = connect(os.environ["CLEARANCE_RUNTASK_TABLE"])
    plan_key = _secret(os.environ["CLEARANCE_RUNTASK_PLAN_SECRET_ARN"])
    try:
        ports = ports_of(os.environ, store, plan_key)
    except ClearanceError as error:
        _log.log(logging.ERROR, "the worker cannot be made: %s; %s", error, error.hint)
        return _undertaker(f"{error}; {error.hint}")
    return Worker(
        step=lambda request: work(request, ports, store),
        seal=_seal(),
        sqs=client("sqs"),
        queue=os.environ["CLEARANCE_RUNTASK_QUEUE_URL"],
    )


@functools.cache
def undertaker() -> Worker:
    """Make the undertaker from the environment: it answers `failed`."""
    return _undertaker("see the log of the worker")


def _undertaker(why: str) -> Worker:
    store = connect(os.environ["CLEARANCE_RUNTASK_TABLE"])
    line = Line(clock=SystemClock(), terraform=client_of(os.environ), limits=Limits())
    return Worker(step=lambda request: give_up(request, line, store, why), seal=_seal(), sqs=client("sqs"), queue=None)


def _seal() -> KmsSeal:
    return KmsSeal(os.environ["CLEARANCE_RUNTASK_SEAL_KEY_ARN"], client("kms"))


def _secret(arn: str) -> bytes:
    found: str = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return found.encode()
