"""What Terraform Cloud posts to a run task, byte for byte: the payload of each stage, the probes, and the signature.

Fields: https://developer.hashicorp.com/terraform/cloud-docs/api-docs/tasks/run-tasks-integration, "Request Body". The
signature is HMAC-SHA512 over the body as sent, in lower-case hexadecimal; an unsigned request has an empty header.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

USER_AGENT: Final = "TFC/1.0 (+https://app.terraform.io; TFC)"
SIGNATURE: Final = "X-TFC-Task-Signature"


class Stage(StrEnum):
    """When a task is asked, in the order of a run."""

    PRE_PLAN = "pre_plan"
    POST_PLAN = "post_plan"
    PRE_APPLY = "pre_apply"
    POST_APPLY = "post_apply"


class Level(StrEnum):
    """What a failure does: hold the run, or only be shown."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a run comes from: a repository, or an upload, which leaves every `vcs_` field null."""

    branch: str | None = None
    commit: str | None = None
    commit_url: str | None = None
    pull_request_url: str | None = None
    repository_url: str | None = None


UPLOADED: Final = Origin()

# What a registration's probe has looked like: as captured from Terraform Cloud in 2022, before there were stages; with
# the fields of today's documentation; and as bare as HashiCorp's own scaffolding has it in its tests.
_PROBE: Final[dict[str, Any]] = {
    "payload_version": 1,
    "access_token": "test-token",
    "configuration_version_download_url": None,
    "configuration_version_id": None,
    "organization_name": "test-org",
    "run_app_url": "https://app.terraform.io/app/test-org/workspaces/test-workspace/runs/run-xxxxxxxxxxxxxxxx",
    "run_created_at": "2021-01-01T00:00:00.000Z",
    "run_created_by": "test-user",
    "run_id": "run-xxxxxxxxxxxxxxxx",
    "run_message": "Test run message",
    "task_result_callback_url": "https://app.terraform.io/api/v2/task-results/00000000-0000-0000-0000-000000000000/callback",
    "task_result_enforcement_level": "test",
    "task_result_id": "taskrs-xxxxxxxxxxxxxxxx",
    "vcs_branch": "test-branch",
    "vcs_commit_url": "https://example.com/test-org/test-repo/commit/1234567sha",
    "vcs_pull_request_url": None,
    "vcs_repo_url": "https://example.com/test-org/test-repo",
    "workspace_app_url": "https://app.terraform.io/app/test-org/workspaces/test-workspace",
    "workspace_id": "ws-xxxxxxxxxxxxxxxx",
    "workspace_name": "test-workspace",
    "workspace_working_directory": None,
}
PROBES: Final[dict[str, dict[str, Any]]] = {
    "documented": {
        **_PROBE,
        "stage": "post_plan",
        "is_speculative": False,
        "capabilities": {"outcomes": True},
        "vcs_commit_hash": None,
    },
    "captured in 2022": _PROBE,
    "bare": {"access_token": "test-token"},
}


def compact(document: object) -> bytes:
    """Write JSON as Terraform Cloud does: without a space, in UTF-8."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def sign(key: str, body: bytes) -> str:
    """Return what the signature's header holds: empty where the task has no key."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest() if key else ""


def headers(signature: str | None) -> dict[str, str]:
    """Return the headers of a request; None leaves the signature's out altogether."""
    signed = {} if signature is None else {SIGNATURE: signature}
    return {"Content-Type": "application/json", "User-Agent": USER_AGENT, **signed}


def origin_fields(origin: Origin) -> dict[str, str | None]:
    """Return the fields that say where a run comes from."""
    return {
        "vcs_branch": origin.branch,
        "vcs_commit_hash": origin.commit,
        "vcs_commit_url": origin.commit_url,
        "vcs_pull_request_url": origin.pull_request_url,
        "vcs_repo_url": origin.repository_url,
    }
