"""What an invocation of a function comes to: an answer or a fault. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FaultKind: TypeAlias = Literal[
    "Unhandled",  # the handler raised
    "TimedOut",  # the handler took longer than the function's time-out
    "ExitError",  # the runtime process ended in the middle of an invocation
    "InitError",  # the environment could not be initialised
    "ResponseTooLarge",
    "RequestTooLarge",
    "Throttled",  # the reserved concurrency is used up
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the handler returned, as the runtime client serialised it (JSON, UTF-8)."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no answer: the kind, the error document as JSON where there is one, and one line for a person."""

    kind: FaultKind
    payload: bytes | None
    message: str


Outcome: TypeAlias = Answer | Fault
