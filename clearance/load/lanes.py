"""A schedule dealt out to lanes, one for each class of users in each process; each start goes to exactly one.

Which one is decided by where its number falls on a circle that the lanes divide by their weights; numbers walk around
it in steps of the golden ratio, so that each lane's starts are spread as evenly as its share allows, and every
process comes to the same answer by itself. Source: Knuth, The Art of Computer Programming 3, 6.4 (Fibonacci hashing).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from clearance.load.schedules import BLOCK, Schedule, Starts

CIRCLE: Final = 1 << 64
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Arc:
    """The part of the circle from `low` up to, not including, `high`; both whole numbers up to 2⁶⁴."""

    low: int
    high: int


def divide(weights: Mapping[str, float]) -> dict[str, Arc]:
    """Divide the circle by weights, so that no point is left out and none is in two arcs; no weight, no arc."""
    total, reached, low = sum(weights.values()), 0.0, 0
    last = max((name for name, weight in weights.items() if weight > 0), key=list(weights).index, default=None)
    arcs = {}
    for name, weight in weights.items():
        if weight <= 0:
            continue
        reached += weight
        high = CIRCLE if name == last else min(round(reached / total * CIRCLE), CIRCLE)
        if high > low:  # a weight beside which another is all but everything has no start in a lifetime
            arcs[name] = Arc(low, high)
            low = high
    return arcs


@dataclass(slots=True)
class Lanes:
    """The starts of a few lanes, made a block ahead of need. `end` is the first moment (ns) that is not given out."""

    schedule: Schedule
    arcs: Mapping[str, Arc]
    end: int | None = None
    _ready: dict[str, deque[int]] = field(init=False)
    _blocks: Iterator[tuple[int, Starts]] = field(init=False)
    _dealt: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self._ready = {name: deque() for name in self.arcs}
        self._blocks = enumerate(self.schedule.blocks())

    def take(self, lane: str) -> int | None:
        """Take a lane's next start; None when it has no more."""
        if lane not in self._ready:
            return None
        ready = self._ready[lane]
        while not ready and self._more():
            self._deal()
        if not ready or (self.end is not None and ready[0] >= self.end):
            return None
        return ready.popleft()

    def give_back(self, lane: str, start: int) -> None:
        """Put a start that was taken and not used back to the front."""
        self._ready[lane].appendleft(start)

    def fronts(self) -> list[int]:
        """The next start of each lane, as far as they are made."""
        return [ready[0] for ready in self._ready.values() if ready]

    def due(self) -> bool:
        """Whether there are starts before the end that nobody took. There must be an end."""
        while self._more():
            self._deal()
        return any(start < (self.end or 0) for start in self.fronts())

    def left(self) -> Starts:
        """All starts before the end that nobody took, ascending. There must be an end."""
        while self._more():
            self._deal()
        rest = np.array([start for ready in self._ready.values() for start in ready], dtype=np.int64)
        return np.sort(rest[rest < (self.end or 0)])

    def _more(self) -> bool:
        return self.end is None or self._dealt < self.end

    def _deal(self) -> None:
        number, starts = next(self._blocks)
        numbers = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.uint64)
        places = numbers * _STEP  # modulo 2⁶⁴
        for name, arc in self.arcs.items():
            mine = (places >= np.uint64(arc.low)) & (places <= np.uint64(arc.high - 1))
            self._ready[name].extend(starts[mine].tolist())
        self._dealt = int(starts[-1])
