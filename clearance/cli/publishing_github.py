"""`clearance github status|required|approvals|comment`: what GitHub is told and asked, from a workflow or by hand.

The token comes from GITHUB_TOKEN (or GH_TOKEN) and stands in no message. Exit codes: 0 done; 1 `required`: it is not;
2 usage; 3 GitHub does not do it, or does not say.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from clearance import evidence
from clearance.cli import project
from clearance.cli.publishing import OUT, VERDICT
from clearance.model import ClearanceError
from clearance.render import verdict_json
from clearance.render.words import clean
from clearance.runner.report import take_file
from clearance.shelf import replace as replace_file
from clearance.subject import find_root, identify

if TYPE_CHECKING:
    from clearance.github.client import Client
    from clearance.github.event import Event

NAME = "clearance"
NOT_REQUIRED, UNTOLD = 1, 3
_EXITS = "exit codes: 0 done; 1 it is not required; 2 usage; 3 GitHub does not do it or does not say"


@dataclass(frozen=True, slots=True)
class _Verb:
    parser: argparse.ArgumentParser

    def option(self, *names: str, **meaning: Any) -> _Verb:
        self.parser.add_argument(*names, **meaning)
        return self


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `github` with its verbs."""
    parser = verbs.add_parser(
        "github",
        help="put a verdict on its commit, ask who approved it, or whether it is required at all",
        description="Tell GitHub what was decided, and ask it who may have it otherwise. The token is GITHUB_TOKEN's.",
        epilog=_EXITS,
    )
    below = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def verb(name: str, perform: Any, meaning: str) -> _Verb:
        made = below.add_parser(name, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}.", epilog=_EXITS)
        made.add_argument("--repository", metavar="OWNER/NAME", help="default: GITHUB_REPOSITORY")
        made.set_defaults(verb=perform)
        return _Verb(made)

    verdict = {"metavar": "FILE", "help": f"the verdict (default: {OUT}/{VERDICT})"}
    link = {"metavar": "URL", "help": "where there is more (default: the workflow's run)"}
    made = verb("status", status, "put a verdict on its commit, with annotations")
    made.option("--verdict", **verdict).option("--url", **link).option("--name", default=NAME, help="what it is called")
    made.option("--commit", help="another commit than the verdict's: a pull request's head, where its merge was judged")
    made.option(
        "--as",
        dest="kind",
        choices=["check-run", "commit-status"],
        default="check-run",
        help="a check run needs an app's token, as a workflow's is",
    )
    made = verb("required", required, "say whether a check is truly required on a branch, and of the right app")
    made.option("--branch", required=True, help="the protected branch").option(
        "--name", required=True, help="the check"
    )
    made.option("--app", type=int, metavar="ID", help="the app that it must be of (default: GitHub Actions)")
    made = verb("approvals", approvals, "write who of the policy's code owners accepts this change, for --accepted")
    made.option("--event", metavar="FILE", help="the event (default: GITHUB_EVENT_PATH)")
    made.option("--to", required=True, metavar="FILE", help="where it goes; not written where nobody accepts")
    made.option("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")
    made = verb("comment", comment, "write a verdict below the pull request of the run that made it")
    made.option("--verdict", **verdict).option("--event", metavar="FILE", help="the event (default: GITHUB_EVENT_PATH)")


def status(options: argparse.Namespace) -> int:
    """Put a verdict on its commit; 0 only where it stands there."""
    with _asking(options) as client:
        from clearance.github import status as putting

        file = Path(options.verdict) if options.verdict else find_root(Path.cwd()) / OUT / VERDICT
        data = _take(file, "verdict", "`clearance run` leaves one there; or name one with --verdict")
        verdict = verdict_json.loads(data)
        putting.fit(verdict)
        said = putting.Status(
            verdict=verdict,
            digest=evidence.digest(data),
            name=options.name,
            commit=_commit(options.commit or verdict.subject.commit),
            link=options.url or _run(),
        )
        put = putting.put_check_run if options.kind == "check-run" else putting.put_commit_status
        done = put(client, said)
        for note in done.notes:
            print(f"clearance: not published: {clean(note, 600)}", file=sys.stderr)
        print(f"{said.title}, on commit {said.commit[:12]}: {done.url}")
        return os.EX_OK
    return UNTOLD


def required(options: argparse.Namespace) -> int:
    """Say what lets a change merge without the check; 0 where nothing does, as far as this token sees."""
    with _asking(options) as client:
        from clearance.github import required as protecting

        found = protecting.look(client, options.branch)
        doubts = protecting.doubts(found, options.name, options.app or protecting.ACTIONS)
        for doubt in doubts:
            print(clean(doubt, 600))
        for remark in protecting.remarks(found, options.name):
            print(f"clearance: {remark}", file=sys.stderr)
        if doubts:
            return UNTOLD if found.unseen else NOT_REQUIRED
        print(f"{clean(options.name, 100)} is required on {clean(options.branch, 100)}, and of the right app alone")
        return os.EX_OK
    return UNTOLD


def approvals(options: argparse.Namespace) -> int:
    """Write the file for --accepted where somebody accepts; 0 in any case in which that could be told."""
    Path(options.to).unlink(missing_ok=True)
    home = project.find(options.policy)
    subject = identify(home.root)
    with _asking(options) as client:
        from clearance.github.approvals import ask

        found = ask(client, _event(options), _commit(subject.commit), home.policy.files)
        for doubt in found.doubts:
            print(f"clearance: {clean(doubt, 600)}", file=sys.stderr)
        if found.accepted_by:
            said = {"commit": found.commit, "accepted_by": found.accepted_by, "source": "GitHub reviews"}
            replace_file(Path(options.to), msgspec.json.encode(said) + b"\n")
        print(f"commit {found.commit[:12]} is accepted by {', '.join(found.accepted_by) or 'nobody'}")
        return os.EX_OK
    return UNTOLD


def comment(options: argparse.Namespace) -> int:
    """Write a verdict below its pull request, made anew from its facts; 0 where it stands there or there is none."""
    file = Path(options.verdict) if options.verdict else find_root(Path.cwd()) / OUT / VERDICT
    with _asking(options) as client:
        from clearance.github import comment as commenting

        run = _event(options).run
        if run is None:
            raise ClearanceError("this event is about no run", "comment from a workflow on `workflow_run`")
        number = commenting.find_pull(client, run)
        if number is None:
            print(f"commit {run.commit[:12]} is the head of no open pull request: no comment")
            return os.EX_OK
        data = _take(file, "verdict", "name the one that the run left, with --verdict")
        done = commenting.put(client, number, verdict_json.loads(data), link=run.url)
        print(f"commented on #{number}: {done.url}")
        return os.EX_OK
    return UNTOLD


@contextlib.contextmanager
def _asking(options: argparse.Namespace) -> Iterator[Client]:
    """Give the repository's client; where GitHub does not do it, say so and let the verb end with 3."""
    try:
        from clearance.github.client import API, Client, GitHubError
    except ImportError as error:
        raise ClearanceError("speaking to GitHub needs urllib3", "pip install 'clearance[github]'") from error
    repository = options.repository or os.environ.get("GITHUB_REPOSITORY", "")
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    if not repository:
        raise ClearanceError("there is no repository", "give --repository OWNER/NAME")
    if not token:
        raise ClearanceError("there is no token", "set GITHUB_TOKEN; in a workflow: ${{ github.token }}")
    try:
        yield Client(repository, token, api=os.environ.get("GITHUB_API_URL") or API)
    except GitHubError as error:
        print(f"clearance: {clean(str(error), 800)}", file=sys.stderr)
        if error.hint:
            print(f"     hint: {error.hint}", file=sys.stderr)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        print(f"clearance: GitHub's answer is not as documented: {type(error).__name__}: {error}", file=sys.stderr)


def _event(options: argparse.Namespace) -> Event:
    from clearance.github import event

    file = options.event or os.environ.get("GITHUB_EVENT_PATH")
    if not file:
        raise ClearanceError("there is no event", "give --event FILE; a workflow has it in GITHUB_EVENT_PATH")
    return event.loads(_take(Path(file), "event", "a workflow has it in GITHUB_EVENT_PATH"))


def _take(file: Path, what: str, hint: str) -> bytes:
    if not file.is_file():
        raise ClearanceError(f"there is no {what} at {clean(str(file), 300)}", hint)
    return take_file(file)


def _commit(commit: str | None) -> str:
    if not commit:
        raise ClearanceError("the verdict is about no commit", "judge a commit, or name one with --commit")
    return commit


def _run() -> str | None:
    """Return where the workflow's run can be seen, in one."""
    of = [os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return f"{of[0]}/{of[1]}/actions/runs/{of[2]}" if all(of) else None
