"""Who works on what, and what was answered: the protocol that a store keeps, and its nouns.

The laws of every store: a task is claimed by one worker at a time, until its lease ends, and whoever lost the claim can
change nothing more; the first answer that is settled stands, whoever sends it; what has ended is never claimed again.
So a worker may be killed at any moment: another takes over, and sends the same answer if there was one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Protocol

import msgspec

from clearance.runtask.nouns import Decided
from clearance.runtask.ports import Memory

MOST_ATTEMPTS = 3  # so many workers may die of one task before it is answered without being looked at


class Standing(Enum):
    """Why a task can't be claimed: another works on it, it rests until its evidence may have come, or it has ended."""

    BUSY = "busy"
    RESTING = "resting"
    ENDED = "ended"


class Ending(Enum):
    """How a task ended: its answer was taken, there was one already, or it could not be delivered."""

    DELIVERED = "delivered"
    ANSWERED_BEFORE = "answered before"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task that is ours until the lease ends. `fence` tells this claim from all others of the task.

    `attempts` counts this claim and those before it that ended with a dead worker; `first` is when the task was first
    heard of; `decided` is the answer that stands, if one was settled.
    """

    id: str
    fence: int
    attempts: int
    first: datetime
    decided: Decided | None = None


class Store(Memory, Protocol):
    """Where claims and answers are kept."""

    def claim(self, task: str, now: datetime, lease: timedelta) -> Claim | Standing:
        """Claim a task, which need not be known yet."""
        ...

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> bool:
        """Lengthen the lease; False where the claim was lost."""
        ...

    def settle(self, claim: Claim, decided: Decided) -> Decided | None:
        """Let an answer stand, unless one does already: return the one that stands, None where the claim was lost."""
        ...

    def rest(self, claim: Claim, until: datetime) -> bool:
        """Give a task back in good order, to be claimed again from then on; False where the claim was lost."""
        ...

    def end(self, claim: Claim, ending: Ending, now: datetime) -> bool:
        """End a task, once its answer was sent; False where the claim was lost."""
        ...


def dumps(decided: Decided) -> bytes:
    """Write an answer."""
    return msgspec.json.encode(decided)


def loads(data: bytes) -> Decided:
    """Read an answer that `dumps` wrote."""
    return msgspec.json.decode(data, type=Decided)


def stamp(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970, as stores keep it."""
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def moment(of: int) -> datetime:
    """Return what `stamp` was made from, to the millisecond."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=of)
