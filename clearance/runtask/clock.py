"""The machine's own clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class SystemClock:
    """What time it is here, and waiting in earnest."""

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.now(UTC)

    def pause(self, seconds: float, unless: threading.Event | None = None) -> bool:
        """Wait so long, or until the event is set: whether it was."""
        return (unless or threading.Event()).wait(seconds)
