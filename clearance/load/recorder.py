"""What one generator process saw, as packed rows: cheap to add to, drained into chunks once a second.

Nothing here knows Locust: clients and arrivals tell it, the session takes the chunks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final, TypeAlias

import numpy as np

from clearance.recording import ARRIVALS, PULSE, REQUESTS, Outcome

Chunk: TypeAlias = dict[str, Any]

KINDS: Final[Mapping[str, np.dtype[Any]]] = {
    name: np.dtype(list(columns.items()))
    for name, columns in (("requests", REQUESTS), ("arrivals", ARRIVALS), ("pulse", PULSE))
}
_pack_request = Struct("<QqqqHHBfff").pack
_pack_arrival = Struct("<qqBH").pack
_pack_beat = Struct("<qHfff").pack

NAN: Final = float("nan")
MOST_ROUTES: Final = 0xFFFF  # names beyond it share the last number; so does a locustfile that names each URL
NUMBER: Final = (1 << 40) - 1
LAST: Final = "clearance_last"  # of a user: its last request
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OTHERS: Final = "(all other names)"
now: Final = time.monotonic_ns


class Sent:
    """A request under way. `intended`, `sent` and `answered` are ns of the monotonic clock; 0: not answered yet."""

    __slots__ = ("answered", "id", "intended", "method", "name", "sent", "user")

    def __init__(self, id_: int, user: object, method: str, name: str, intended: int, sent: int) -> None:
        self.id = id_
        self.user = user
        self.method = method
        self.name = name
        self.intended = intended
        self.sent = sent
        self.answered = 0


@dataclass(slots=True)
class Recorder:
    """The rows of one process. `origin` is the run's start on the monotonic clock; before it, nothing is kept."""

    run: int
    worker: int
    origin: int | None = None
    under_way: dict[int, Sent] = field(default_factory=dict)
    routes: dict[tuple[str, str, str | None], int] = field(default_factory=dict)
    raised: dict[str, int] = field(default_factory=dict)
    early: int = 0
    closed: bool = False
    requests: int = 0
    _rows: dict[str, bytearray] = field(default_factory=lambda: {name: bytearray() for name in KINDS})
    _number: int = 0
    _part: int = 0
    _told: int = 0
    _prefix: str = field(init=False)
    _base: int = field(init=False)

    def __post_init__(self) -> None:
        self._prefix = f"{self.run:08x}-{self.worker:04x}-"
        self._base = self.worker << 40

    def send(self, user: object, method: str, name: str, intended: int) -> tuple[str, Sent | None]:
        """Note that a request goes out now; an `intended` of 0 is now.

        Returns its x-request-id; and None where the run has not begun: what users ask for before is no part of it.
        """
        self._number = number = self._number + 1
        moment = now()
        if self.origin is None or moment < self.origin:
            self.early += 1
            return f"{self._prefix}{number:08x}", None
        sent = self.under_way[number] = Sent(self._base | number, user, method, name, intended or moment, moment)
        return f"{self._prefix}{number:08x}", sent

    def end(self, sent: Sent, route: int, status: int, outcome: int, timing: tuple[float, float, float]) -> None:
        """Note what became of a request. One that is not under way has ended before, and is not counted again."""
        if self.under_way.pop(sent.id & NUMBER, None) is None or self.closed:
            return
        origin = self.origin or 0
        ended = (sent.answered or now()) - origin
        self.requests += 1
        self._rows["requests"] += _pack_request(
            sent.id, sent.intended - origin, sent.sent - origin, ended, route, status, outcome, *timing
        )

    def settle(self, user: object) -> None:
        """End what a user's task left without a word though it was answered: nobody said that it was right.

        It is looked for where it must be in the end: last of the user's own, or oldest of all.
        """
        oldest = next(iter(self.under_way.values()))
        last = getattr(user, LAST, None)
        if oldest.user is user or (last is not None and last.id & NUMBER in self.under_way):
            for sent in [sent for sent in self.under_way.values() if sent.user is user and sent.answered]:
                self.abandon(sent)

    def abandon(self, sent: Sent) -> None:
        """End a request of which no more will be heard; it is not good."""
        outcome = Outcome.WRONG if sent.answered else Outcome.UNANSWERED
        self.end(sent, self.route(sent.method, sent.name, None), 0, outcome, (NAN, NAN, NAN))

    def route(self, method: str, name: str, op: str | None) -> int:
        """Give a route's number, a new one where it is new. `op` is "read", "write", or None: by the method."""
        key = (method, name, op)
        number = self.routes.get(key)
        if number is None:
            if len(self.routes) >= MOST_ROUTES:
                return self.routes.setdefault(("", OTHERS, None), MOST_ROUTES)
            number = self.routes[key] = len(self.routes)
        return number

    def arrive(self, intended: int, started: int, waited: bool) -> None:
        """Note an arrival; both moments in ns since the origin, `started` -1 where nobody took it up."""
        self._rows["arrivals"] += _pack_arrival(intended, started, waited, self.worker)

    def beat(self, at: int, cpu: float, lag_ms: float, steal: float) -> None:
        """Note the health of this process at a moment of the monotonic clock."""
        if self.origin is not None and not self.closed:
            self._rows["pulse"] += _pack_beat(at - self.origin, self.worker, cpu, lag_ms, steal)

    def fail(self, error: BaseException) -> None:
        """Count an exception that ended a task."""
        text = f"{type(error).__name__}: {error}"[:200]
        if text not in self.raised and len(self.raised) >= 100:
            text = "others"
        self.raised[text] = self.raised.get(text, 0) + 1

    def drain(self) -> Chunk:
        """Take all rows since the last time, with the routes that are new since."""
        chunk: Chunk = {"worker": self.worker, "part": self._part}
        for name, rows in self._rows.items():
            chunk[name] = bytes(rows)
            rows.clear()
        chunk["routes"] = [
            [method, name, op or ("read" if method in READS else "write")]
            for method, name, op in list(self.routes)[self._told :]
        ]
        self._told = len(self.routes)
        self._part += 1
        return chunk
