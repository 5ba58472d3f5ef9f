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

    `plan_url` is None before there is a plan, `configuration_url` where the configuration cannot be had. `outcomes`
    says that the other side shows more than a message. `enforcement` is "mandatory" or "advisory". Everything that is
    not an id may have been written by whoever queued the run.
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
    if payload.get("payload_version", 1) != 1:
        raise RequestError("payload_version is not 1")
    return Request(
        task_result_id=_id(payload, "task_result_id"),
        stage=_stage(payload),
        run_id=_id(payload, "run_id"),
        organization=_text(payload, "organization_name"),
        workspace=_text(payload, "workspace_name"),
        workspace_id=_id(payload, "workspace_id"),
        access_token=_need(_secret(payload, "access_token"), "access_token"),
        callback_url=_need(_secret(payload, "task_result_callback_url"), "task_result_callback_url"),
        plan_url=_secret(payload, "plan_json_api_url"),
        configuration_url=_secret(payload, "configuration_version_download_url"),
        configuration_version_id=_text(payload, "configuration_version_id") or None,
        speculative=payload.get("is_speculative") is True,
        enforcement=_text(payload, "task_result_enforcement_level"),
        outcomes=_shows_outcomes(payload),
        created_at=_moment(payload, "run_created_at"),
        created_by=_text(payload, "run_created_by"),
        message=_text(payload, "run_message"),
        run_url=_text(payload, "run_app_url") or None,
        commit=_text(payload, "vcs_commit_hash") or None,
        branch=_text(payload, "vcs_branch") or None,
        working_directory=_text(payload, "workspace_working_directory"),
    )


def dumps(request: Request) -> bytes:
    """Write a request so that `parse` reads the same again: secrets too, so only to be sealed."""
    known: dict[str, Any] = {
        "payload_version": 1,
        "stage": request.stage.value,
        "access_token": request.access_token.reveal(),
        "capabilities": {"outcomes": request.outcomes},
        "configuration_version_download_url": _revealed(request.configuration_url),
        "configuration_version_id": request.configuration_version_id,
        "is_speculative": request.speculative,
        "organization_name": request.organization,
        "plan_json_api_url": _revealed(request.plan_url),
        "run_app_url": request.run_url,
        "run_created_at": request.created_at and request.created_at.isoformat(),
        "run_created_by": request.created_by,
        "run_id": request.run_id,
        "run_message": request.message,
        "task_result_callback_url": request.callback_url.reveal(),
        "task_result_enforcement_level": request.enforcement,
        "task_result_id": request.task_result_id,
        "vcs_branch": request.branch,
        "vcs_commit_hash": request.commit,
        "workspace_id": request.workspace_id,
        "workspace_name": request.workspace,
        "workspace_working_directory": request.working_directory,
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


def _text(payload: dict[str, Any], key: str) -> str:
    """Return a text that can be written anywhere: half a character, which JSON can spell, is none."""
    value = payload.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestError(f"{key} is no text")
    return value[:_LONGEST].encode("utf-8", "replace").decode()


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
    said = payload.get("capabilities", payload.get("capabilitites"))
    return isinstance(said, dict) and said.get("outcomes") is True


def _moment(payload: dict[str, Any], key: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(payload, key))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
