"""The recording's way to the disk: told at the start where it cannot go, and put elsewhere where it could not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from clearance.model import ClearanceError


def check(path: Path) -> None:
    """See whether a recording may be written there, without leaving anything. Raises ClearanceError."""
    if path.is_dir():
        raise ClearanceError(f"the recording cannot be written: {path} is a folder", "name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            os.close(os.open(path, os.O_WRONLY))
        if not path.exists() or path.is_file():
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".recording-"):
                pass
    except OSError as error:
        raise ClearanceError(
            f"the recording cannot be written to {path}: {error.strerror}", "name a file in a folder of yours"
        ) from error


def write(path: Path, data: bytes) -> None:
    """Write a recording, whole or not at all. Raises ClearanceError, with where it was put instead, if anywhere."""
    try:
        _put(path, data)
    except OSError as error:
        raise ClearanceError(
            f"the recording ({len(data):,} bytes) cannot be written to {path}: {error.strerror}", _elsewhere(data)
        ) from error


def _put(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():  # such as a pipe, which can be neither replaced nor half written
        path.write_bytes(data)
        return
    beside = path.with_name(f".recording-{os.getpid()}-{path.name}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _elsewhere(data: bytes) -> str:
    try:
        descriptor, name = tempfile.mkstemp(prefix="recording-", suffix=".zip")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            os.unlink(name)
            raise
    except OSError:
        return "make room and run again; Locust's own numbers are above"
    return f"it is in {name} instead"
