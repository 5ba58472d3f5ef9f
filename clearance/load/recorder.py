"""What one generator process saw, as packed rows: cheap to add to, drained into chunks once a second.

Nothing here knows Locust: clients and arrivals tell it, the session takes the chunks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final, TypeAlias

import msgspec
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
NUMBER: Final = (1 << 40) - 1  # what is left of an id without its worker
LAST: Final = "clearance_last"  # of a user: its last request
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OTHERS: Final = "(all other names)"
now: Final = time.monotonic_ns


class Sent(msgspec.Struct, gc=False):  # made in a third of a class's time, and no work for the collector
    """A request under way. `intended`, `sent` and `answered` are ns of the monotonic clock; 0: not answered yet.

    `owner` is the `id()` of its user: nothing here keeps a user alive.
    """

    id: int
    owner: int
    method: str
    name: str
    intended: int
    sent: int
    answered: int = 0


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
    ids: str = field(init=False)  # what an x-request-id begins with, and the format of its number
    _requests: bytearray = field(default_factory=bytearray)
    _arrivals: bytearray = field(default_factory=bytearray)
    _pulse: bytearray = field(default_factory=bytearray)
    _taken: int = 0
    _number: int = 0
    _part: int = 0
    _told: int = 0

    def __post_init__(self) -> None:
        self.ids = f"{self.run:08x}-{self.worker:04x}-%08x"
        self._number = self.worker << 40

    @property
    def requests(self) -> int:
        """How many requests were recorded."""
        return self._taken + len(self._requests) // KINDS["requests"].itemsize

    def send(self, user: object, method: str, name: str, intended: int) -> Sent:
        """Note that a request goes out now; an `intended` of 0 is now.

        What users ask for before the run has begun is no part of it, and never under way.
        """
        self._number = id_ = self._number + 1
        moment = now()
        sent = Sent(id_, id(user), method, name, intended or moment, moment)
        if self.origin is None or moment < self.origin:
            self.early += 1
        else:
            self.under_way[id_] = sent
        return sent

    def end(
        self,
        sent: Sent,
        route: int,
        status: int,
        outcome: int,
        total: float = NAN,
        db_read: float = NAN,
        db_write: float = NAN,
    ) -> None:
        """Note what became of a request, and the milliseconds that the service stated.

        One that is not under way has ended before, and is not counted again.
        """
        id_ = sent.id
        if self.under_way.pop(id_, None) is None or self.closed:
            return
        origin = self.origin or 0
        ended = (sent.answered or now()) - origin
        self._requests += _pack_request(
            id_,
            sent.intended - origin,
            sent.sent - origin,
            ended,
            route,
            status,
            outcome,
            total,
            db_read,
            db_write,
        )

    def settle(self, user: object) -> None:
        """End what a user's task left without a word though it was answered: nobody said that it was right.

        It is looked for where it must be in the end: last of the user's own, or oldest of all.
        """
        owner, under_way = id(user), self.under_way
        last: Sent | None = getattr(user, LAST, None)
        if (last is not None and last.id in under_way) or next(iter(under_way.values())).owner == owner:
            for sent in [sent for sent in under_way.values() if sent.owner == owner and sent.answered]:
                self.abandon(sent)

    def abandon(self, sent: Sent) -> None:
        """End a request of which no more will be heard; it is not good."""
        outcome = Outcome.WRONG if sent.answered else Outcome.UNANSWERED
        self.end(sent, self.route(sent.method, sent.name, None), 0, outcome)

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
        self._arrivals += _pack_arrival(intended, started, waited, self.worker)

    def beat(self, at: int, cpu: float, lag_ms: float, steal: float) -> None:
        """Note the health of this process at a moment of the monotonic clock."""
        if self.origin is not None and not self.closed:
            self._pulse += _pack_beat(at - self.origin, self.worker, cpu, lag_ms, steal)

    def fail(self, error: BaseException) -> None:
        """Count an exception that ended a task."""
        text = f"{type(error).__name__}: {error}"[:200]
        if text not in self.raised and len(self.raised) >= 100:
            text = "others"
        self.raised[text] = self.raised.get(text, 0) + 1

    def drain(self) -> Chunk:
        """Take all rows since the last time, with the routes that are new since."""
        chunk: Chunk = {"worker": self.worker, "part": self._part}
        taken = self.requests
        for name, rows in (("requests", self._requests), ("arrivals", self._arrivals), ("pulse", self._pulse)):
            chunk[name] = bytes(rows)
            rows.clear()
        self._taken = taken
        chunk["routes"] = [
            [str(method or ""), str(name or ""), op or ("read" if method in READS else "write")]
            for method, name, op in list(self.routes)[self._told :]
        ]
        self._told = len(self.routes)
        self._part += 1
        return chunk
