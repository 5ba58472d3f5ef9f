"""What `collect` tells whoever watches, in order for each check: waiting or preparing, started, working, finished."""

from __future__ import annotations

from dataclasses import dataclass

from clearance.model import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The check waits until it may have the machine: another run has it, or this one must be alone."""

    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """The environment of the check's dependency group is being made."""

    check: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The check's tool runs."""

    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """The check's tool says how far it is, in a line of its own."""

    check: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """There is evidence, new or reused."""

    check: str
    evidence: Evidence
    reused: bool


Event = Waiting | Preparing | Started | Working | Finished
