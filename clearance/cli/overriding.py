"""`clearance override`: two people let a commit go on without a PASS, for a reason and a few hours; it is counted."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.attest import RefusedError
from clearance.cli import shelving
from clearance.cli.publishing import OUT
from clearance.cli.trusting import need_library, read_trust, refuse, take
from clearance.model import ClearanceError, Override, Subject
from clearance.render import words
from clearance.runner.environment import own_folder
from clearance.shelf import Shelf, fence
from clearance.shelf import replace as replace_file
from clearance.shelf.attempts import Attempt, Kind
from clearance.subject import find_root, identify

if TYPE_CHECKING:
    from clearance.attest.trust import Trust

FILE = "override.dsse.json"


def override(options: argparse.Namespace) -> int:
    """Begin an override, or sign one that another has begun; once two people have, it holds and is filed."""
    need_library()
    from clearance.attest import envelope, keys
    from clearance.attest import override as overrides

    root, now = find_root(Path.cwd()), datetime.now(UTC)
    trust = read_trust(options.keys, root)
    signer = keys.load(options.key, os.environ)
    target = Path(options.to) if options.to else root / OUT / FILE
    try:
        if options.sign:
            begun = take(Path(options.sign), "override")
            overrides.read(begun, trust, now=now)  # or we would put a name to something else
            data = envelope.countersign(begun, signer)
            target = Path(options.to or options.sign)
        else:
            commit = options.commit or _commit(root)
            data = envelope.seal(
                overrides.dumps(commit, options.reason or "", begins=now, lasting=options.lasting), [signer]
            )
        found = overrides.read(data, trust, now=now)
    except RefusedError as error:
        return refuse("not overridden", error)
    if target.parent == root / OUT:
        fence(target.parent)
    replace_file(target, data)
    where = os.path.relpath(target)
    if len(found.people) < overrides.PEOPLE:
        print(f"begun by {found.people[0]}: {where}; a second person signs it: clearance override --sign {where}")
        return os.EX_OK
    file(shelving.of(options.shelf, own_folder(root)), found, data)
    print(f"commit {words.short(found.commit)} is {words.overridden(found)}: {where}")
    return os.EX_OK


def holding(named: str, trust: Trust, commit: str | None, now: datetime) -> tuple[Override, bytes]:
    """Read an override that holds for a commit now. Raises RefusedError."""
    from clearance.attest import override as overrides

    data = take(Path(named), "override")
    return overrides.verify(data, trust, commit, now=now), data


def standing(named: str | None, root: Path, subject: Subject) -> Override | None:
    """Return the override that a report is to show, None where none is named; ClearanceError where it does not hold."""
    if named is None:
        return None
    need_library()
    found, _ = holding(named, read_trust(None, root), subject.commit, datetime.now(UTC))
    return found


def file(shelf: Shelf, found: Override, data: bytes) -> None:
    """Put an override into the history, where it stands once however often it is used, and where a run finds it."""
    with contextlib.suppress(ClearanceError, OSError):  # what follows says it where the shelf takes nothing
        shelf.store(data)
    shelving.attempting(
        shelf,
        Attempt(
            kind=Kind.OVERRIDDEN,
            commit=found.commit,
            at=found.begins,
            digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
            people=found.people,
            reason=found.reason,
            expires=found.expires,
        ),
    )


def _commit(root: Path) -> str:
    commit = identify(root).commit
    if commit is None:
        raise ClearanceError("there is no commit here", "name one with --commit")
    return commit
