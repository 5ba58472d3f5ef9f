"""`clearance attest`, `verify` and `key`: a verdict gets a signature, a signature is held against what is here."""

from __future__ import annotations

import argparse
import importlib
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clearance import evidence
from clearance.attest import RefusedError
from clearance.cli import project
from clearance.cli.judging import EXITS, OUT
from clearance.model import ClearanceError, UnreadableError, Verdict
from clearance.render import verdict_json, words
from clearance.runner.report import take_file
from clearance.shelf import replace as replace_file
from clearance.subject import find_root, identify

if TYPE_CHECKING:
    from clearance.attest.statement import Statement
    from clearance.attest.trust import Trust, TrustedKey
    from clearance.attest.verify import Expectation

ENVELOPE = "verdict.dsse.json"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def attest(options: argparse.Namespace) -> int:
    """Sign a verdict, whatever it decided, if it is whole and its evidence lies beside it."""
    _need_library()
    from clearance.attest import envelope, keys, statement

    file = Path(options.verdict) if options.verdict else find_root(Path.cwd()) / OUT / statement.VERDICT
    data = take_file(file)
    verdict = verdict_json.loads(data)
    reason = statement.unfit(verdict) or _unfounded(verdict, file.parent)
    if reason:
        return _refuse("not attested", RefusedError(reason))
    signer = keys.load(options.key, os.environ)
    payload = statement.dumps(
        verdict,
        evidence.digest(data),
        resource=options.resource,
        verifier=options.verifier or statement.VERIFIER,
    )
    target = Path(options.to) if options.to else file.parent / ENVELOPE
    replace_file(target, envelope.seal(payload, [signer]))
    said = _say(statement.loads(payload))
    print(f"attested {said} by key {keys.public(signer).keyid[:12]}: {os.path.relpath(target)}")
    return os.EX_OK


def verify(options: argparse.Namespace) -> int:
    """Say whether a signed verdict lets this subject pass, or in one line why not."""
    _need_library()
    from clearance.attest import verify as verifying

    home = project.find(options.policy)
    file = Path(options.envelope) if options.envelope else home.root / OUT / ENVELOPE
    trust = read_trust(options.keys, home.root)
    expected = _expectation(options, home)
    try:
        data = take_file(file)
        found = verifying.verify(data, trust, expected, now=datetime.now(UTC), find=_beside(file.parent))
    except UnreadableError as error:
        return _refuse("not verified", RefusedError(f"there is no signed verdict: {error}"))
    except RefusedError as error:
        return _refuse("not verified", error)
    print(f"verified {_say(found.statement)} by {_names(found.keys)}")
    return os.EX_OK


def key(options: argparse.Namespace) -> int:
    """Print the public half of a key as a table of the trust file."""
    _need_library()
    from clearance.attest import keys, trust

    now = datetime.now(UTC).replace(microsecond=0)
    public = keys.public(keys.load(options.key, os.environ))
    end = now + timedelta(days=options.days)
    print(trust.entry(public, owner=options.owner, use=trust.Use(options.use), not_before=now, not_after=end), end="")
    return os.EX_OK


def read_trust(named: str | None, root: Path) -> Trust:
    """Read the trust file that is named, or the project's."""
    from clearance.attest import trust

    file = Path(named) if named else root / trust.FILE
    try:
        return trust.parse(file.read_bytes(), file.name)
    except OSError as error:
        raise ClearanceError(
            f"the trust file {named or file} can't be read: {error.strerror}",
            "`clearance key` prints what belongs there",
        ) from error


def duration(text: str) -> timedelta:
    """Read "90m", "24h" or "30d"."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no duration: write 90m, 24h or 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _need_library() -> None:
    try:
        importlib.import_module("securesystemslib.signer")
    except ModuleNotFoundError as error:
        raise ClearanceError(
            "signing needs a library that is not installed", "pip install 'clearance[sign]'"
        ) from error


def _expectation(options: argparse.Namespace, home: project.Project) -> Expectation:
    from clearance.attest.verify import Expectation

    here = None if options.commit else identify(home.root)
    return Expectation(
        commit=here.commit if here else options.commit,
        tree=here.tree if here else None,
        config_digest=options.config_digest,
        policy_digest=home.policy.digest,
        stage=options.stage,
        max_age=options.max_age,
    )


def _unfounded(verdict: Verdict, folder: Path) -> str | None:
    """Return which piece of a verdict's evidence does not lie beside it as it was judged, or None."""
    find = _beside(folder)
    for exhibit in verdict.evidence:
        data = find(f"evidence/{exhibit.check}.json", exhibit.digest)
        if data is None:
            return f"evidence is missing: there is no evidence/{exhibit.check}.json"
        if evidence.digest(data) != exhibit.digest:
            return f"evidence is not what was judged: evidence/{exhibit.check}.json has been changed"
    return None


def _beside(folder: Path) -> Callable[[str, str], bytes | None]:
    """Find a verdict's files in the folder where a run leaves them; names that lead elsewhere name nothing."""

    def find(name: str, _digest: str) -> bytes | None:
        if not re.fullmatch(r"(evidence/)?[^/\\]+\.json", name):
            return None
        try:
            return take_file(folder / name)
        except UnreadableError:
            return None

    return find


def _refuse(what: str, error: RefusedError) -> int:
    print(f"{what}: {words.clean(str(error), 400)}")
    return EXITS[error.decision]


def _say(said: Statement) -> str:
    commit, summary = words.short(said.digest("commit")), said.predicate
    when = words.moment(summary.time_verified)
    return f"{summary.verification_result}: commit {commit}, stage {summary.particulars.stage}, judged {when},"


def _names(keys: tuple[TrustedKey, ...]) -> str:
    return " and ".join(words.clean(one.named, 120) for one in keys)
