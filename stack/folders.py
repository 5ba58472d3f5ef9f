"""Where the stack keeps what it can make again: beside the project, never in it."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def cache_folder(root: Path = ROOT) -> Path:
    """Downloads and templates: `CLEARANCE_CACHE` if it is set, else `.clearance/cache` of the project."""
    return Path(os.environ.get("CLEARANCE_CACHE") or root / ".clearance" / "cache")
