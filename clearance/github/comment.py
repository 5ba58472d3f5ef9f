"""The verdict as one comment on its pull request, replaced by the next: for a workflow that trusts nothing it is given.

Which pull request it is, only the event's own words tell, held against the API. What is posted is made here from the
verdict, and nothing that came along as text.
"""

from __future__ import annotations

from urllib.parse import quote

from clearance.github.client import Client
from clearance.github.event import Run
from clearance.github.status import Published
from clearance.model import Verdict
from clearance.render import markdown

MARK = "<!-- clearance -->"
_FOOT = 600  # bytes beside the verdict, at most
_BOT = "github-actions[bot]"


def find_pull(client: Client, run: Run) -> int | None:
    """Find the open pull request whose head is the very commit of a run, or None: it may have moved on or be closed."""
    if not run.owner or not run.branch:
        return None
    pulls = client.pages("/pulls", state="open", head=f"{run.owner}:{run.branch}")
    return next((one["number"] for one in pulls if one["head"]["sha"] == run.commit), None)


def put(client: Client, number: int, verdict: Verdict, *, link: str, author: str = _BOT) -> Published:
    """Write the comment, or replace what an earlier run wrote. Raises GitHubError."""
    body = write(verdict, link)
    comments = client.pages(f"/issues/{number}/comments")
    mine = next((one for one in comments if _is_mine(one, author)), None)
    if mine is None:
        made = client.post(
            f"/issues/{number}/comments",
            {"body": body},
            find=lambda: next(
                (one for one in client.pages(f"/issues/{number}/comments") if _is_mine(one, author)), None
            ),
        )
    elif mine.get("body") == body:
        made = mine
    else:
        made = client.patch(f"/issues/comments/{int(mine['id'])}", {"body": body})
    return Published(url=str(made.get("html_url", "")))


def write(verdict: Verdict, link: str) -> str:
    """Put the verdict into a comment that GitHub takes, with what it is worth."""
    page = markdown.render(verdict, limit=markdown.COMMENT - _FOOT)
    said = "What the run of this change says of itself; what counts is the required check."
    target = quote(link, safe=":/") if link.startswith("https://") else ""
    return f"{MARK}\n{page}\n<sub>{said}{f' [The run]({target})' if target else ''}</sub>\n"[: markdown.COMMENT]


def _is_mine(one: object, author: str) -> bool:
    if not isinstance(one, dict) or not str(one.get("body", "")).startswith(MARK):
        return False
    user = one.get("user")
    return isinstance(user, dict) and user.get("login") == author
