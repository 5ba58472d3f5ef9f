"""Who accepts that a change asks less of itself: code owners of the policy, on the pull request's very head.

For a merge group that is asked of each pull request in it. An approval of an earlier commit, a review that was taken
back, and the author's own word count for nothing; what cannot be told counts as no.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clearance.github.client import Client, GitHubError
from clearance.github.codeowners import PLACES, owners
from clearance.github.event import Event, Queued, queued
from clearance.model import ClearanceError

POLICY = "clearance.toml"
_ABSENT = 404
_MOST_FILES = 3000  # GitHub lists no more: https://docs.github.com/en/rest/pulls/pulls
_LONGEST_QUEUE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Who accepts, of which judged commit; `doubts` say why nobody does, and then `accepted_by` is empty."""

    commit: str
    accepted_by: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def ask(client: Client, event: Event, judged: str, paths: Collection[str]) -> Approvals:
    """Ask for the event's pull requests; `paths` are the policy and all files that it names. Raises GitHubError."""
    if event.pull is not None:
        numbers = [event.pull]
        _insist_on_head(client, event.pull, event.head, judged)
    elif event.queued is not None:
        numbers = [place.pull for place in _group(client, event.queued)]
    else:
        return Approvals(commit=judged, doubts=("no pull request and no merge group: nobody could accept anything",))
    names: dict[str, None] = {}
    doubts: list[str] = []
    touched = False
    for number in numbers:
        policy = _touched(client, number, paths)
        touched |= bool(policy)
        for path in policy:
            found, why = _approvers(client, number, path)
            names |= dict.fromkeys(f"{name} (#{number})" for name in found)
            doubts += [] if found else [f"pull request {number}: {why}"]
    doubts += [] if touched else ["nothing here touches the policy, so there is nothing to accept"]
    return Approvals(commit=judged, accepted_by=() if doubts else tuple(names), doubts=tuple(dict.fromkeys(doubts)))


def _insist_on_head(client: Client, number: int, head: str | None, judged: str) -> None:
    """Raise ClearanceError unless what was judged is the pull request's head as it stands now, or the merge of it."""
    now = client.get(f"/pulls/{number}")["head"]["sha"]
    parents = [parent["sha"] for parent in client.get(f"/commits/{quote(judged, safe='')}")["parents"]]
    if now != head or head not in (judged, *parents):
        raise ClearanceError(
            f"pull request {number} has moved on to {now[:12]}, and what was judged is {judged[:12]}",
            "judge its newest commit",
        )


def _group(client: Client, place: Queued) -> list[Queued]:
    """Follow the queue from one place back to the branch: all of them merge together."""
    tip = client.get(f"/branches/{quote(place.branch, safe='')}")["commit"]["sha"]
    refs = client.pages(f"/git/matching-refs/heads/gh-readonly-queue/{quote(place.branch)}/")
    heads = {one["object"]["sha"]: queued(one["ref"]) for one in refs}
    found = [place]
    while found[-1].base != tip:
        before = heads.get(found[-1].base)
        if before is None or len(found) > _LONGEST_QUEUE:
            raise ClearanceError(
                f"the queue does not say what lies between {place.branch} and {found[-1].base[:12]}",
                "nothing is accepted for it; let it queue again",
            )
        found.append(before)
    return found


def _touched(client: Client, number: int, paths: Collection[str]) -> list[str]:
    """Name the files of the policy that a pull request changes; of one too large to tell, the policy itself."""
    files = list(client.pages(f"/pulls/{number}/files"))
    changed = {name for one in files for name in (one.get("filename"), one.get("previous_filename")) if name}
    found = [path for path in (POLICY, *paths) if path in changed]
    return list(dict.fromkeys(found or ([POLICY] if len(files) >= _MOST_FILES else [])))


def _approvers(client: Client, number: int, path: str) -> tuple[list[str], str]:
    """Name the code owners of a path who approve a pull request as it stands, or say why there are none."""
    pull = client.get(f"/pulls/{number}")
    listed = owners(_codeowners(client, pull["base"]["ref"]), path)
    if not listed:
        return [], f"nobody owns {path} in the CODEOWNERS of {pull['base']['ref']}"
    head, author = pull["head"]["sha"], pull["user"]["login"].lower()
    approving = [
        login for login in _approving(client.pages(f"/pulls/{number}/reviews"), head) if login.lower() != author
    ]
    doubts: list[str] = []
    found = [login for login in approving if _is_owner(client, login, listed, doubts)]
    wanted = f"no code owner of {path} ({', '.join(listed)}) approves {head[:12]}"
    return found, "; ".join([wanted, *doubts])


def _approving(reviews: Iterable[Any], head: str) -> list[str]:
    """Name those whose last word on the pull request is an approval of this head; comments are no last word."""
    last: dict[str, Any] = {}
    for review in reviews:
        if review.get("state") in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"} and review.get("user"):
            last[review["user"]["login"]] = review
    return [
        login for login, review in last.items() if review["state"] == "APPROVED" and review.get("commit_id") == head
    ]


def _is_owner(client: Client, login: str, listed: Iterable[str], doubts: list[str]) -> bool:
    for owner in listed:
        name = owner.removeprefix("@")
        if "/" not in name and owner.startswith("@") and name.lower() == login.lower():
            return True
        if "/" in name and owner.startswith("@") and _is_member(client, login, name, doubts):
            return True
    return False


def _is_member(client: Client, login: str, team: str, doubts: list[str]) -> bool:
    """Whether someone is of a team; where the token may not look, no, and said."""
    organisation, _, slug = team.partition("/")
    try:
        found = client.get(f"//orgs/{quote(organisation)}/teams/{quote(slug)}/memberships/{quote(login)}")
    except GitHubError as error:
        if error.status is None or error.status >= 500:
            raise
        doubts.append(
            f"whether {login} is of {team} this token does not tell ({error.status}): name people, or use an app"
        )
        return False
    return isinstance(found, dict) and found.get("state") == "active"


def _codeowners(client: Client, ref: str) -> str:
    """Read the CODEOWNERS of the branch that is merged into: a pull request's own says nothing about it."""
    for place in PLACES:
        try:
            found = client.get(f"/contents/{place}", ref=ref)
        except GitHubError as error:
            if error.status != _ABSENT:
                raise
            continue
        return base64.b64decode(found["content"]).decode("utf-8", "replace")
    return ""
