"""Where the stack keeps what it can make again: beside the project, never in it; and how two processes share that."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def cache_folder(root: Path = ROOT) -> Path:
    """Downloads and templates: `CLEARANCE_CACHE` if it is set, else `.clearance/cache` of the project."""
    return Path(os.environ.get("CLEARANCE_CACHE") or root / ".clearance" / "cache")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, made if need be; waits for whoever holds it. Its owner's death sets it free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
