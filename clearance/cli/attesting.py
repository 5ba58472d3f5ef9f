"""`clearance attest`, `verify` and `key`: a verdict gets a signature, a signature is held against what is here."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clearance import evidence
from clearance.attest import RefusedError
from clearance.cli import overriding, project, shelving
from clearance.cli.publishing import ENVELOPE, OUT, VERDICT
from clearance.cli.trusting import need_library, read_trust, refuse, take
from clearance.model import ClearanceError, UnreadableError, Verdict
from clearance.render import verdict_json, words
from clearance.runner.environment import own_folder
from clearance.runner.report import AbsentError, take_file
from clearance.shelf import Shelf
from clearance.shelf import replace as replace_file
from clearance.shelf.attempts import Kind, judged
from clearance.subject import configured, find_root, identify

if TYPE_CHECKING:
    from clearance.attest.statement import Statement
    from clearance.attest.verify import Expectation

Find = Callable[[str, str], bytes | None]


def attest(options: argparse.Namespace) -> int:
    """Sign a verdict, whatever it decided, if it is whole and its evidence lies beside it."""
    need_library()
    from clearance.attest import envelope, keys, statement

    file = Path(options.verdict) if options.verdict else find_root(Path.cwd()) / OUT / VERDICT
    data = take(file, "verdict")
    verdict = verdict_json.loads(data)
    find = _beside(file.parent)
    if reason := statement.unfit(verdict):
        return refuse("not attested", RefusedError(reason))
    try:
        _insist_on_evidence(verdict, find)
    except RefusedError as error:
        return refuse("not attested", error)
    signer = keys.load(options.key, os.environ)
    payload = statement.dumps(
        verdict,
        evidence.digest(data),
        resource=options.resource,
        verifier=options.verifier or statement.VERIFIER,
    )
    sealed = envelope.seal(payload, [signer])
    _file(options.shelf, verdict, sealed, [data, *(find(*named) or b"" for named in _named(verdict))])
    target = Path(options.to) if options.to else file.parent / ENVELOPE
    replace_file(target, sealed)
    said = _say(statement.loads(payload))
    _warn_of_no_configuration(verdict)
    print(f"attested {said} by key {keys.public(signer).keyid[:12]}: {os.path.relpath(target)}")
    return os.EX_OK


def verify(options: argparse.Namespace) -> int:
    """Say whether a signed verdict lets this subject pass, or in one line why not."""
    need_library()
    from clearance.attest import verify as verifying

    home = project.find(options.policy)
    trust, now = read_trust(options.keys, home.root), datetime.now(UTC)
    shelf = shelving.of(options.shelf, own_folder(home.root))
    expected = _expectation(options, home)
    try:
        data = _envelope(options, home, shelf, expected)
        found = verifying.verify(data, trust, expected, now=now, find=_finder(options, home, shelf))
    except RefusedError as refusal:
        if not options.override:
            return refuse("not verified", refusal)
        try:
            override, signed = overriding.holding(options.override, trust, expected.commit, now)
        except RefusedError as error:
            return refuse("not verified", RefusedError(f"{refusal}; and {error}", decision=refusal.decision))
        overriding.file(shelf, override, signed)
        print(f"not verified: {words.clean(str(refusal), 400)}; but {words.overridden(override)}")
        return os.EX_OK
    print(f"verified {_say(found.statement)} by {' and '.join(words.clean(one.named, 120) for one in found.keys)}")
    return os.EX_OK


def key(options: argparse.Namespace) -> int:
    """Print the public half of a key as a table of the trust file."""
    need_library()
    from clearance.attest import keys, trust

    public = keys.public(keys.load(options.key, os.environ))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # a verdict may be older than its key
    end = today + options.days + timedelta(days=1)
    entry = trust.entry(public, owner=options.owner, use=trust.Use(options.use), not_before=today, not_after=end)
    trust.parse(entry.encode("utf-8", "surrogateescape"))  # what nobody could use is not printed
    print(entry, end="")
    return os.EX_OK


def _envelope(options: argparse.Namespace, home: project.Project, shelf: Shelf, expected: Expectation) -> bytes:
    if options.shelf is not None and not options.envelope:
        return _last(shelf, expected)
    return take(_place(options, home), "signed verdict")


def _finder(options: argparse.Namespace, home: project.Project, shelf: Shelf) -> Find:
    """Find what a statement names: on the shelf that was named, else beside the envelope."""
    if options.shelf is None:
        return _beside(_place(options, home).parent)
    return lambda _name, digest: shelf.fetch(digest)


def _place(options: argparse.Namespace, home: project.Project) -> Path:
    return Path(options.envelope) if options.envelope else home.root / OUT / ENVELOPE


def _last(shelf: Shelf, expected: Expectation) -> bytes:
    """Return the envelope that was signed last about a commit at a stage."""
    commit, stage = expected.commit, expected.stage
    about = [one for one in shelf.attempts(commit or "none") if one.commit == commit and one.stage is stage]
    signed = [one for one in about if one.kind is Kind.ATTESTED]
    data = shelf.fetch(signed[-1].digest) if signed else None
    if data is None:
        raise RefusedError(
            f"there is no signed verdict about commit {words.short(commit)}, stage {stage}, on the shelf"
        )
    return data


def _file(named: str | None, verdict: Verdict, sealed: bytes, founded_on: list[bytes]) -> None:
    """File that a verdict was signed; on a shelf of its own, with all that it names, so that others can verify it.

    Whoever signs need not stand in the project, as long as there is a shelf to file it on.
    """
    attempt = judged(verdict, evidence.digest(sealed), at=datetime.now(UTC), kind=Kind.ATTESTED)
    if named is None:
        if (root := _project()) is not None:
            shelving.of(None, own_folder(root)).file(attempt)
        return
    shelf = shelving.of(named, Path())
    for data in (*founded_on, sealed):
        shelf.store(data)
    shelf.file(attempt)
    if verdict.subject.config_digest is not None:  # by which a Terraform run finds it, whatever commit it names
        shelf.file(replace(attempt, commit=verdict.subject.config_digest.removeprefix("sha256:")))


def _expectation(options: argparse.Namespace, home: project.Project) -> Expectation:
    from clearance.attest.verify import Expectation

    here = None if options.commit else identify(home.root)
    if here and not here.commit:
        raise ClearanceError("there is no commit here that a verdict could be about", "name one with --commit")
    return Expectation(
        commit=here.commit if here else options.commit,
        tree=here.tree if here else None,
        config_digest=options.config_digest,
        policy_digest=home.policy.digest,
        stage=options.stage,
        max_age=options.max_age,
    )


def _warn_of_no_configuration(verdict: Verdict) -> None:
    """Say why no Terraform run can be held against a verdict, where the project is here and has a configuration."""
    root = _project()
    if verdict.subject.config_digest is None and root is not None:
        try:
            configured(root)
        except ClearanceError as error:
            print(f"clearance: the Terraform configuration has no digest: {error}", file=sys.stderr)


def _project() -> Path | None:
    try:
        return find_root(Path.cwd())
    except ClearanceError:
        return None


def _named(verdict: Verdict) -> list[tuple[str, str]]:
    return [(f"evidence/{exhibit.check}.json", exhibit.digest) for exhibit in verdict.evidence]


def _insist_on_evidence(verdict: Verdict, find: Find) -> None:
    """Raise RefusedError unless each piece of a verdict's evidence lies beside it as it was judged."""
    for name, digest in _named(verdict):
        data = find(name, digest)
        if data is None:
            raise RefusedError(f"evidence is missing: there is no {name}")
        if evidence.digest(data) != digest:
            raise RefusedError(f"evidence is not what was judged: {name} has been changed")


def _beside(folder: Path) -> Find:
    """Find a verdict's files in the folder where a run leaves them; names that lead elsewhere name nothing.

    What is there, and is no ordinary file, is refused as that.
    """

    def find(name: str, _digest: str) -> bytes | None:
        if not re.fullmatch(r"(evidence/)?[^/\\]+\.json", name):
            return None
        try:
            return take_file(folder / name)
        except AbsentError:
            return None
        except UnreadableError as error:
            raise RefusedError(f"evidence is not what was judged: {error}") from error

    return find


def _say(said: Statement) -> str:
    commit, summary = words.short(said.digest("commit")), said.predicate
    when = words.moment(summary.time_verified)
    return f"{summary.verification_result}: commit {commit}, stage {summary.particulars.stage}, judged {when},"
