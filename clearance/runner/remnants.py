"""Finds and kills what is left of a program by a mark in its environment, should its supervisor have been killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

TOKEN = "CLEARANCE_TOKEN"
_HOPELESS_S = 5.0


def marked(token: str) -> list[int]:
    """The living processes whose environment, as they were started, holds the token; always [] without /proc."""
    mark = f"{TOKEN}={token}".encode()
    return [pid for pid in _processes() if mark in _environment(pid)] if sys.platform == "linux" else []


def kill_marked(token: str) -> int:
    """Kill them until there are none; how many could not be killed."""
    deadline = time.monotonic() + _HOPELESS_S
    while found := marked(token):
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return len(found)
        time.sleep(0.005)
    return 0


def _processes() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _environment(pid: int) -> bytes:
    """Its environment; b"" for a zombie, for one that is gone, and for another user's."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""
