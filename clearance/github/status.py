"""A verdict on its commit: as a check run with annotations, or as a commit status where the token makes no check runs.

Either can be published again: what is there already is found and kept. A check run is completed by the last request
alone, so that one cut short never stands there as a success.
https://docs.github.com/en/rest/checks/runs, https://docs.github.com/en/rest/commits/statuses
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any

from clearance.github.annotations import PER_REQUEST, Annotations, annotate
from clearance.github.client import Client, GitHubError
from clearance.model import ClearanceError, Decision, Json, Verdict
from clearance.render import markdown, words
from clearance.render.words import clean

_SUMMARY = 60_000  # bytes; GitHub takes 65,535 characters
_DESCRIPTION = 140
_REFUSED = 422
_STATES = {Decision.PASS: "success", Decision.UNKNOWN: "error", Decision.FAIL: "failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is to be said: `digest` is the verdict file's, by which it is found again; `link` is where more is."""

    verdict: Verdict
    digest: str
    name: str
    commit: str
    link: str | None = None

    @property
    def title(self) -> str:
        return f"{self.verdict.decision.name}: {words.tally(self.verdict)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where it can be seen, and what of it could not be published."""

    url: str
    notes: tuple[str, ...] = ()


def fit(verdict: Verdict) -> None:
    """Raise ClearanceError for a PASS that must not stand on a commit: partial, of changed files, made with flags."""
    wrong = {
        "it is partial": not verdict.complete or bool(verdict.missing and verdict.decision is Decision.PASS),
        "it is about no commit": verdict.subject.commit is None,
        "it is about files that no commit holds": verdict.subject.dirty,
        "it was made with --now or --subject": verdict.now_overridden or verdict.subject_overridden,
    }
    reasons = [reason for reason, true in wrong.items() if true]
    if reasons and verdict.decision is Decision.PASS:
        raise ClearanceError(
            f"this PASS is not for others to see: {' and '.join(reasons)}", "judge the whole stage on a clean checkout"
        )


def put_check_run(client: Client, status: Status, *, limit: int | None = None) -> Published:
    """Publish a check run; the token is of a GitHub App, as that of a workflow is. Raises GitHubError."""
    chosen = annotate(status.verdict) if limit is None else annotate(status.verdict, limit)
    there = _find(client, status)
    notes: list[str] = []
    if there is None:
        there = client.post("/check-runs", _opening(status), find=lambda: _find(client, status))
    run, done = f"/check-runs/{there['id']}", _posted(there)
    while done < len(chosen.shown) and not notes:
        batch = chosen.shown[done : done + PER_REQUEST]
        body = {"output": {**_output(status, chosen), "annotations": batch}}
        try:
            client.patch(run, body, find=partial(_with, client, run, done + len(batch)))
        except GitHubError as error:
            if error.status != _REFUSED:
                raise
            notes.append(f"{words.count(len(chosen.shown) - done, 'annotation')} refused: {error}")
        done += len(batch)
    completed = client.patch(run, _closing(status, chosen, notes))
    return Published(url=_url(completed), notes=(*notes, *_left_out(chosen)))


def put_commit_status(client: Client, status: Status) -> Published:
    """Publish a commit status, which any token with `statuses: write` may. Raises GitHubError."""
    wanted = {
        "state": _STATES[status.verdict.decision],
        "context": status.name,
        "description": clean(status.title, _DESCRIPTION),
        **({"target_url": status.link} if status.link else {}),
    }
    last = next((one for one in client.pages(f"/commits/{status.commit}/statuses") if _is(one, status.name)), None)
    if last is None or any(last.get(key) != value for key, value in wanted.items()):
        last = client.post(f"/statuses/{status.commit}", wanted)
    return Published(url=_url(last))


def _is(one: Any, context: str) -> bool:
    return isinstance(one, dict) and one.get("context") == context


def _find(client: Client, status: Status) -> Any | None:
    """Find the check run of this very verdict, of a run before or of a request whose answer was lost."""
    runs = client.pages(f"/commits/{status.commit}/check-runs", "check_runs", check_name=status.name, filter="all")
    return next((one for one in runs if one.get("external_id") == status.digest), None)


def _with(client: Client, run: str, number: int) -> Any | None:
    """Return the check run if it has so many annotations: each request adds to them, also one that is sent again."""
    there = client.get(run)
    return there if _posted(there) >= number else None


def _posted(there: Mapping[str, Any]) -> int:
    output = there.get("output")
    number = output.get("annotations_count") if isinstance(output, dict) else None
    return number if isinstance(number, int) else 0


def _opening(status: Status) -> Json:
    link = {"details_url": status.link} if status.link else {}
    return {
        "name": status.name,
        "head_sha": status.commit,
        "external_id": status.digest,
        "status": "in_progress",
        "started_at": _moment(status),
        **link,
    }


def _closing(status: Status, chosen: Annotations, notes: list[str]) -> Json:
    success = status.verdict.decision is Decision.PASS
    return {
        "status": "completed",
        "conclusion": "success" if success else "failure",
        "completed_at": _moment(status),
        "output": _output(status, chosen, notes),
    }


def _output(status: Status, chosen: Annotations, notes: list[str] | None = None) -> Json:
    summary = markdown.render(status.verdict, limit=_SUMMARY)
    said = [f"Beside the code: {chosen}.", *(notes or [])]
    return {"title": clean(status.title, 200), "summary": summary + "\n" + "\n".join(map(markdown.prose, said))}


def _left_out(chosen: Annotations) -> tuple[str, ...]:
    return (f"{chosen}: the rest stands in the verdict",) if chosen.left_out or chosen.placeless else ()


def _moment(status: Status) -> str:
    return status.verdict.judged_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _url(made: Any) -> str:
    return clean(str(made.get("html_url") or made.get("url") or ""), 400) if isinstance(made, dict) else ""
