"""Time that passes faster than ours, so that an hour's patience can be watched running out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs `speed` times as fast as the machine's, from this moment on."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = time.monotonic()
        self._began = datetime.now(UTC)

    def seconds(self) -> float:
        """Seconds on this clock since it was made."""
        return (time.monotonic() - self._start) * self.speed

    def now(self) -> datetime:
        """The moment on this clock."""
        return self._began + timedelta(seconds=self.seconds())

    def real(self, seconds: float) -> float:
        """How long so many seconds of this clock are on ours."""
        return seconds / self.speed
