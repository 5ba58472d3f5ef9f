"""What the verbs that sign and verify share: the library, the trust file, and how a refusal is said."""

from __future__ import annotations

import argparse
import importlib
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.attest import RefusedError
from clearance.cli.publishing import EXITS
from clearance.model import ClearanceError, UnreadableError
from clearance.render import words
from clearance.runner.report import AbsentError, take_file

if TYPE_CHECKING:
    from clearance.attest.trust import Trust

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def need_library() -> None:
    """Raise ClearanceError where the extra that signs is not installed."""
    try:
        importlib.import_module("securesystemslib.signer")
        importlib.import_module("cryptography")
    except ModuleNotFoundError as error:
        raise ClearanceError(
            "signing needs a library that is not installed", "pip install 'clearance[sign]'"
        ) from error


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


def take(file: Path, what: str) -> bytes:
    """Read what was signed, or what it was made from. Raises RefusedError, which says what is wrong with the file."""
    try:
        return take_file(file)
    except AbsentError as error:
        raise RefusedError(f"there is no {what}: {os.path.relpath(file)} is not there") from error
    except UnreadableError as error:
        raise RefusedError(f"the {what} cannot be read: {error}", error.hint) from error


def refuse(what: str, error: RefusedError) -> int:
    """Say in one line why not, and return the exit code."""
    print(f"{what}: {words.clean(str(error), 400)}")
    return EXITS[error.decision]


def commit(text: str) -> str:
    """Read a commit's whole id: part of one, or a branch, may be another commit tomorrow."""
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole commit id: `git rev-parse` gives it")
    return text


def days(text: str) -> timedelta:
    """Read a number of days, of which a key has some but not for ever."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days: give 1 to 9999")
    return timedelta(days=int(text))


def duration(text: str) -> timedelta:
    """Read "90m", "24h" or "30d"."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no duration: write 90m, 24h or 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
