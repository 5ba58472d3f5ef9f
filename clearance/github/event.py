"""What a workflow's event says, strictly read: which pull request, which queue, which run; pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from clearance.model import ClearanceError

_QUEUED = re.compile(r"refs/heads/gh-readonly-queue/(?P<branch>.+)/pr-(?P<pull>[0-9]+)-(?P<base>[0-9a-f]{40,64})")


class _Commit(msgspec.Struct, frozen=True):
    sha: str
    ref: str = ""


class _Pull(msgspec.Struct, frozen=True):
    number: int
    head: _Commit
    base: _Commit


class _Group(msgspec.Struct, frozen=True):
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str


class _Owner(msgspec.Struct, frozen=True):
    login: str


class _Repository(msgspec.Struct, frozen=True):
    owner: _Owner


class _Run(msgspec.Struct, frozen=True):
    id: int
    head_sha: str
    head_branch: str | None
    head_repository: _Repository | None
    html_url: str = ""
    event: str = ""


class _Payload(msgspec.Struct, frozen=True):
    pull_request: _Pull | None = None
    merge_group: _Group | None = None
    workflow_run: _Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A place in a merge queue: what it merges, onto which commit, into which branch."""

    pull: int
    base: str
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has ended: of which commit, and from whose branch."""

    id: int
    commit: str
    owner: str
    branch: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The pull request with its head, or the place in the queue, or the run; whichever the event is about."""

    pull: int | None = None
    head: str | None = None
    queued: Queued | None = None
    run: Run | None = None


def loads(data: bytes) -> Event:
    """Read the payload of `pull_request`, `merge_group` or `workflow_run`; others say nothing."""
    try:
        said = msgspec.json.decode(data, type=_Payload)
    except msgspec.MsgspecError as error:
        raise ClearanceError(f"this is no event of GitHub: {error}", "GITHUB_EVENT_PATH names it") from error
    if said.pull_request:
        return Event(pull=said.pull_request.number, head=said.pull_request.head.sha)
    if said.merge_group:
        place = queued(said.merge_group.head_ref)
        if place is None or place.base != said.merge_group.base_sha:
            raise ClearanceError(
                f"{said.merge_group.head_ref} is no place in a merge queue as GitHub names them",
                "nothing is accepted for it: merge the pull request alone",
            )
        return Event(queued=place)
    run = said.workflow_run
    if run:
        owner = run.head_repository.owner.login if run.head_repository else ""  # a fork that is gone
        branch = run.head_branch or ""
        return Event(run=Run(id=run.id, commit=run.head_sha, owner=owner, branch=branch, url=run.html_url))
    return Event()


def queued(ref: str) -> Queued | None:
    """Read the name of a merge queue's temporary branch."""
    found = _QUEUED.fullmatch(ref)
    return found and Queued(pull=int(found["pull"]), base=found["base"], branch=found["branch"])
