"""The one line that a running tool may say about itself: a file that it replaces, looked at now and then."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "CLEARANCE_PROGRESS"
_LIMIT = 4096
_EVERY_S = 0.25
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Status:
    """Calls `tell` with the file's first line whenever it has become another one. What is no line is passed over."""

    def __init__(self, file: Path, tell: Callable[[str], None]) -> None:
        self.file = file
        self._tell = tell
        self._said = ""
        self._next = 0.0

    def look(self) -> None:
        """Look, unless that was done a moment ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        text = self._line()
        if text and text != self._said:
            self._said = text
            self._tell(text)

    def _line(self) -> str:
        """The file's first line; "" where there is none, or no ordinary file: a tool's slip must not stop the run."""
        try:
            fd = os.open(self.file, _OPEN)
        except OSError:
            return ""
        try:
            data = os.read(fd, _LIMIT) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        except OSError:
            return ""
        finally:
            os.close(fd)
        return data.decode("utf-8", "replace").partition("\n")[0].strip()
