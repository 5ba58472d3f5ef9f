"""Which shelf a verb uses, what is filed there about a commit, and `clearance history`, which shows it."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from clearance.cli.publishing import VERDICT
from clearance.model import ClearanceError, Decision, Verdict
from clearance.render import words
from clearance.runner.environment import own_folder
from clearance.shelf import Folder, Shelf
from clearance.shelf.attempts import Attempt, Kind, judged
from clearance.subject import find_root

_T = TypeVar("_T")
_S3 = "s3://"
_NOTHING = 3


def of(named: str | None, state: Path) -> Shelf:
    """Open the shelf that is named, a folder or `s3://bucket/prefix`; the project's own where none is."""
    if named is None:
        return Folder(state / "shelf")
    if named.startswith(_S3):
        from clearance.shelf.bucket import Bucket

        return Bucket(named)
    return Folder(Path(named))


class Forgiving:
    """A shelf whose loss costs no verdict: what it refuses first is said, and it is asked for no more of that kind.

    So a fork, which may only read, finds evidence and files nothing.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._refused: set[str] = set()

    def find(self, check: str, inputs_digest: str) -> bytes | None:
        """Return what was kept last for this check and these inputs, or None."""
        return self._ask("evidence is found", lambda: self._shelf.find(check, inputs_digest))

    def keep(self, check: str, inputs_digest: str, data: bytes) -> None:
        """Keep evidence for a later run; without it the later run makes its own."""
        self._ask("evidence is kept", lambda: self._shelf.keep(check, inputs_digest, data))

    def record(self, verdict: Verdict, out: Path) -> None:
        """File that a commit was judged."""
        if verdict.subject.commit is None:
            return
        with (out / VERDICT).open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        attempting(self._shelf, judged(verdict, digest, at=datetime.now(UTC)))

    def _ask(self, what: str, question: Callable[[], _T]) -> _T | None:
        if what in self._refused:
            return None
        try:
            return question()
        except ClearanceError as error:
            self._refused.add(what)
            print(f"clearance: no {what}: {error}", file=sys.stderr)
            return None


def attempting(shelf: Shelf, attempt: Attempt) -> None:
    """File a record, or say that it could not be filed."""
    try:
        shelf.file(attempt)
    except (ClearanceError, OSError) as error:
        print(f"clearance: this attempt is not in the history: {error}", file=sys.stderr)


def history(options: argparse.Namespace) -> int:
    """Show what became of a commit, the oldest first."""
    if not re.fullmatch(r"[0-9a-f]{7,64}", options.commit):
        raise ClearanceError(f"{options.commit} is no commit", "give seven or more of its hexadecimal digits")
    shelf = of(options.shelf, own_folder(find_root(Path.cwd())) if options.shelf is None else Path())
    attempts = shelf.attempts(options.commit)
    commits = sorted({attempt.commit for attempt in attempts})
    if len(commits) > 1:
        raise ClearanceError(
            f"{words.count(len(commits), 'commit')} of the history begin with {options.commit}",
            f"give more: {commits[0]}",
        )
    if options.format == "json":
        print(msgspec.json.encode(attempts).decode())
    else:
        print(f"commit {options.commit[:12]}: {summary(attempts)}")
        for line in _lines(attempts):
            print(line)
    return os.EX_OK if attempts else _NOTHING


def summary(attempts: Iterable[Attempt]) -> str:
    """Return "4 attempts (2 fail, 1 unknown, 1 pass), 1 signed, 1 overridden"; what is damaged is counted too."""
    kinds = Counter(attempt.kind for attempt in attempts)
    decisions = Counter(attempt.decision for attempt in attempts if attempt.kind is Kind.JUDGED)
    each = [f"{decisions[one]:,} {one}" for one in reversed(Decision) if decisions[one]]
    said = [words.count(kinds[Kind.JUDGED], "attempt") + (f" ({', '.join(each)})" if each else "")]
    named = {Kind.ATTESTED: "signed", Kind.OVERRIDDEN: "overridden", Kind.UNREADABLE: "damaged"}
    said += [f"{kinds[kind]:,} {name}" for kind, name in named.items() if kinds[kind]]
    return ", ".join(said)


def _lines(attempts: Iterable[Attempt]) -> Iterator[str]:
    for one in attempts:
        when = words.moment(one.at)
        if one.kind is Kind.UNREADABLE:
            yield "a record that is damaged: somebody or something has changed it"
        elif one.kind is Kind.OVERRIDDEN:
            until = words.moment(one.expires) if one.expires else "no end"
            people = " and ".join(words.clean(person, 60) for person in one.people)
            yield f"{when}  overridden until {until} by {people}: {words.clean(one.reason, 200)}"
        else:
            what = "signed" if one.kind is Kind.ATTESTED else "judged"
            yield f"{when}  {what}  {str(one.decision).upper():<7}  {one.stage}{_why(one)}"


def _why(one: Attempt) -> str:
    said = [
        f"{name} {', '.join(words.clean(check, 60) for check in checks)}"
        for name, checks in (("failed:", one.failing), ("unknown:", one.unknown))
        if checks
    ]
    said += [", ".join(one.flags)] if one.flags else []
    return f"  {'; '.join(said)}" if said else ""
