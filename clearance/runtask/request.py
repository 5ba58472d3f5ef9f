"""What Terraform Cloud asks: the payload of a run task's webhook as a value. Knows the standard library alone.

Format: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/tasks/run-tasks-integration. Fields that we do not
use are passed over, for there are more of them every year. What opens a door is a `Secret`, which no text shows.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

TEST_TOKEN, TEST_LEVEL = "test-token", "test"  # what a registration's probe says instead of a token and a level
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST = 8000  # characters of a token or a URL: sealed in parts, four of them still fit into a queue's message


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

    `plan_url` is None before there is a plan, `configuration_url` where the configuration cannot be had. `outcomes`
    says that the other side shows more than a message. `commit` is what Terraform Cloud says it is of, or None.
    """

    task_result_id: str
    stage: RunStage
    run_id: str
    workspace_id: str
    access_token: Secret
    callback_url: Secret
    plan_url: Secret | None = None
    configuration_url: Secret | None = None
    speculative: bool = False
    outcomes: bool = False
    created_at: datetime | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a registration sends to see whether somebody answers: 200, and nothing is done."""


def parse(body: bytes) -> Request | Probe:
    """Read a body whose signature holds. Raises RequestError for what is no request of a run task."""
    try:
        payload = json.loads(body.decode())
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise RequestError("the body is no JSON object")
    if payload.get("access_token") == TEST_TOKEN or payload.get("task_result_enforcement_level") == TEST_LEVEL:
        return Probe()
    if payload.get("payload_version") not in (1, "1", None):
        raise RequestError("payload_version is not 1")
    return Request(
        task_result_id=_id(payload, "task_result_id"),
        stage=_stage(payload),
        run_id=_id(payload, "run_id"),
        workspace_id=_id(payload, "workspace_id"),
        access_token=_need(_secret(payload, "access_token"), "access_token"),
        callback_url=_need(_secret(payload, "task_result_callback_url"), "task_result_callback_url"),
        plan_url=_secret(payload, "plan_json_api_url"),
        configuration_url=_secret(payload, "configuration_version_download_url"),
        speculative=payload.get("is_speculative") is True,
        outcomes=_shows_outcomes(payload),
        created_at=_moment(payload.get("run_created_at")),
        commit=_commit(payload.get("vcs_commit_hash")),
    )


def dumps(request: Request) -> bytes:
    """Write a request so that `parse` reads the same again: secrets too, so only to be sealed."""
    known: dict[str, Any] = {
        "payload_version": 1,
        "stage": request.stage.value,
        "access_token": request.access_token.reveal(),
        "capabilities": {"outcomes": request.outcomes},
        "configuration_version_download_url": _revealed(request.configuration_url),
        "is_speculative": request.speculative,
        "plan_json_api_url": _revealed(request.plan_url),
        "run_created_at": request.created_at and request.created_at.isoformat(),
        "run_id": request.run_id,
        "task_result_callback_url": request.callback_url.reveal(),
        "task_result_id": request.task_result_id,
        "vcs_commit_hash": request.commit,
        "workspace_id": request.workspace_id,
    }
    return json.dumps({key: value for key, value in known.items() if value is not None}, separators=(",", ":")).encode()


def _id(payload: dict[str, Any], key: str) -> str:
    value = payload.get(key)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise RequestError(f"{key} is no id")
    return value


def _stage(payload: dict[str, Any]) -> RunStage:
    for stage in RunStage:
        if payload.get("stage") == stage.value:
            return stage
    raise RequestError("stage is none of pre_plan, post_plan, pre_apply, post_apply")


def _secret(payload: dict[str, Any], key: str) -> Secret | None:
    value = payload.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST or not (value.isascii() and value.isprintable()):
        raise RequestError(f"{key} is neither a token nor a URL")
    return Secret(value)


def _need(secret: Secret | None, key: str) -> Secret:
    if secret is None:
        raise RequestError(f"{key} is missing")
    return secret


def _shows_outcomes(payload: dict[str, Any]) -> bool:
    """Read what the other side can show; its documentation had the name misspelt, and some send it so."""
    said = payload.get("capabilities") or payload.get("capabilitites")
    return isinstance(said, dict) and said.get("outcomes") is True


def _moment(said: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _commit(said: object) -> str | None:
    """Return a whole commit hash; whatever else stands there names none."""
    return said if isinstance(said, str) and _COMMIT.fullmatch(said) else None


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
