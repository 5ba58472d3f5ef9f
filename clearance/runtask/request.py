"""What Terraform Cloud asks: the payload of a run task's webhook as a value. Knows the standard library alone.

Format: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/tasks/run-tasks-integration. Fields that we do not
use are passed over, for there are more of them every year. What opens a door is a `Secret`, which no text shows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

TEST_TOKEN, TEST_LEVEL = "test-token", "test"  # what a registration's probe says instead of a token and a level
_LONGEST = 20_000  # of one field; a URL has 2,000 characters at most, a commit message may have more


class RequestError(ValueError):
    """It is signed, and no request for a run task; the text says which field is wrong and never what is in it."""


class RunStage(Enum):
    """The moment of a run at which the task is asked."""

    PRE_PLAN = "pre_plan"
    POST_PLAN = "post_plan"
    PRE_APPLY = "pre_apply"
    POST_APPLY = "post_apply"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that opens a door: a token, or a URL with one in it. Only `reveal` shows it."""

    _text: str

    def reveal(self) -> str:
        """Return the text, for the one who needs it now; never for a log, a report or an exception."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question about one stage of one run; `task_result_id` names it, however often it is delivered.

    `plan_url` is None before there is a plan, `configuration_url` where the configuration cannot be had. `outcomes` says
    that the other side shows more than a message. `enforcement` is "mandatory" or "advisory". Everything that is not
    an id may have been written by whoever queued the run.
    """

    task_result_id: str
    stage: RunStage
    run_id: str
    organization: str
    workspace: str
    workspace_id: str
    access_token: Secret
    callback_url: Secret
    plan_url: Secret | None = None
    configuration_url: Secret | None = None
    configuration_version_id: str | None = None
    speculative: bool = False
    enforcement: str = "mandatory"
    outcomes: bool = False
    created_at: datetime | None = None
    created_by: str = ""
    message: str = ""
    run_url: str | None = None
    commit: str | None = None
    branch: str | None = None
    working_directory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a registration sends to see whether somebody answers: 200, and nothing is done."""
