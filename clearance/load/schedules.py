"""Schedules of intended starts: their text, their rates, and the moments that they come to; pure.

A schedule is a rate over time, pieced together from straight lines. Its starts are the moments at which the integral
of that rate reaches 0, 1, 2, …; of a Poisson schedule, the sums of exponential steps instead of whole numbers, from a
generator whose seed is the schedule's text: the same text has the same starts in every process.
"""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearance.model import ClearanceError

Starts: TypeAlias = NDArray[np.int64]

BLOCK: Final = 1024
NANO: Final = 1_000_000_000
FORMS: Final = (
    "constant:120 | poisson:120 | ramp:20-200:30s | steps:50,100,150:20s | spike:100-400:5s@20s (starts a second)"
)
_UNITS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN: Final = r"(\d+(?:\.\d+)?)(ms|s|m|h|)"
_RATE: Final = r"\d+(?:\.\d+)?"


class ScheduleError(ClearanceError):
    """A schedule or a time span that cannot be used as it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """So many seconds (infinity: for ever) in which the rate goes in a straight line from one value to another."""

    seconds: float
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Intended starts. `seconds` is when it ends by itself, None where only the run's time ends it."""

    text: str
    pieces: tuple[Piece, ...]
    seconds: float | None = None
    poisson: bool = False

    @property
    def peak(self) -> float:
        """The highest rate, in starts a second."""
        return max(max(piece.begin, piece.end) for piece in self.pieces)

    def blocks(self) -> Iterator[Starts]:
        """All starts, in ns since the schedule's origin, ascending, so many at a time; without end."""
        reached = 0.0
        for number in itertools.count():
            if self.poisson:
                source = np.random.default_rng([zlib.crc32(self.text.encode()), number])
                counts = reached + np.cumsum(source.exponential(size=BLOCK))
                reached = float(counts[-1])
            else:
                counts = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.float64)
            yield np.rint(self._moments(counts) * NANO).astype(np.int64)

    def count(self, seconds: float) -> int:
        """How many starts are intended before so many seconds have passed."""
        end, total, blocks = round(seconds * NANO), 0, self.blocks()
        while (block := next(blocks))[-1] < end:
            total += len(block)
        return total + int(np.searchsorted(block, end, side="left"))

    def expected(self, seconds: float) -> float:
        """The integral of the rate over the first so many seconds."""
        total = 0.0
        for piece in self.pieces:
            here = min(seconds, piece.seconds)
            rate = piece.end if here == piece.seconds else piece.begin + (piece.end - piece.begin) * _part(here, piece)
            total += here * (piece.begin + rate) / 2
            seconds -= here
            if seconds <= 0:
                break
        return total

    def _moments(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the integral: a m + s m²/2 = n has the root 2 n / (a + sqrt(a² + 2 s n)), also where s is 0."""
        lengths = np.array([piece.seconds for piece in self.pieces])
        begin = np.array([piece.begin for piece in self.pieces])
        slope = np.array([(piece.end - piece.begin) / piece.seconds for piece in self.pieces])
        since = np.concatenate(([0.0], np.cumsum(lengths[:-1])))
        done = np.concatenate(
            ([0.0], np.cumsum([piece.seconds * (piece.begin + piece.end) / 2 for piece in self.pieces[:-1]]))
        )
        where = np.searchsorted(done, counts, side="right") - 1
        rest, first = counts - done[where], begin[where]
        root = np.sqrt(np.maximum(first**2 + 2 * slope[where] * rest, 0))
        return np.asarray(since[where] + 2 * rest / (first + root), dtype=np.float64)


def _part(here: float, piece: Piece) -> float:
    return 0.0 if math.isinf(piece.seconds) else here / piece.seconds


def parse(text: str) -> Schedule:
    """Read a schedule. Raises ScheduleError for what is none, with the forms that there are."""
    kind, _, rest = text.strip().partition(":")
    shape = _SHAPES.get(kind)
    found = shape and re.fullmatch(shape, rest)
    if not found:
        raise ScheduleError(f"{text!r} is no schedule of arrivals", f"write one of {FORMS}")
    pieces, seconds = _PIECES[kind](found.groups())
    if not all(0 < rate <= 1_000_000 for piece in pieces for rate in (piece.begin, piece.end)):
        raise ScheduleError(f"{text!r} has a rate that is not between 0 and 1,000,000 a second", f"as in {FORMS}")
    if not all(piece.seconds > 0 for piece in pieces):
        raise ScheduleError(f"{text!r} has a time of no length", f"as in {FORMS}")
    return Schedule(text=text.strip(), pieces=pieces, seconds=seconds, poisson=kind == "poisson")


def parse_seconds(text: str) -> float:
    """Read a span of time, such as 500ms, 30s, 2m, 1h or 30, in seconds. Raises ScheduleError."""
    found = re.fullmatch(_SPAN, text.strip())
    if not found:
        raise ScheduleError(f"{text!r} is no span of time", "write it as 500ms, 30s, 2m or 1h")
    return float(found[1]) * _UNITS[found[2]]


_SHAPES: Final = {
    "constant": rf"({_RATE})",
    "poisson": rf"({_RATE})",
    "ramp": rf"({_RATE})-({_RATE}):({_SPAN})",
    "steps": rf"((?:{_RATE},)*{_RATE}):({_SPAN})",
    "spike": rf"({_RATE})-({_RATE}):({_SPAN})@({_SPAN})",
}
_Pieces: TypeAlias = tuple[tuple[Piece, ...], float | None]


def _level(rate: float, seconds: float = math.inf) -> Piece:
    return Piece(seconds=seconds, begin=rate, end=rate)


def _constant(words: Sequence[str]) -> _Pieces:
    return (_level(float(words[0])),), None


def _ramp(words: Sequence[str]) -> _Pieces:
    low, high, seconds = float(words[0]), float(words[1]), parse_seconds(words[2])
    return (Piece(seconds=seconds, begin=low, end=high), _level(high)), seconds


def _steps(words: Sequence[str]) -> _Pieces:
    rates, seconds = [float(rate) for rate in words[0].split(",")], parse_seconds(words[1])
    levels = [_level(rate, seconds) for rate in rates[:-1]]
    return (*levels, _level(rates[-1])), seconds * len(rates)


def _spike(words: Sequence[str]) -> _Pieces:
    base, peak = float(words[0]), float(words[1])
    seconds, begin = parse_seconds(words[2]), parse_seconds(words[5])
    return (_level(base, begin), _level(peak, seconds), _level(base)), None


_PIECES: Final = {"constant": _constant, "poisson": _constant, "ramp": _ramp, "steps": _steps, "spike": _spike}
