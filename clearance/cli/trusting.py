"""What the verbs that sign and verify share: the library, the trust file, and how a refusal is said."""

from __future__ import annotations

import argparse
import importlib
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.attest import RefusedError
from clearance.cli.publishing import EXITS
from clearance.model import ClearanceError
from clearance.render import words

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


def refuse(what: str, error: RefusedError) -> int:
    """Say in one line why not, and return the exit code."""
    print(f"{what}: {words.clean(str(error), 400)}")
    return EXITS[error.decision]


def duration(text: str) -> timedelta:
    """Read "90m", "24h" or "30d"."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no duration: write 90m, 24h or 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
