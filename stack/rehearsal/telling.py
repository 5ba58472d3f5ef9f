"""What a person watches meanwhile on stderr, and the account at the end on stdout."""

from __future__ import annotations

import html
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

NOT_SHOWN = (
    "TLS: the gate, the API and the database were reached without it, on loopback.",
    "The login by IAM: the function signed in with passwords, which the emulator handed it outside of Terraform.",
    "The database, its proxy and their rules: their module was left out; PostgreSQL itself was real, without TLS.",
    "The JWT authorizer is the emulator's own, not AWS's; issuer, keys and signatures were real.",
    "IAM policies, security groups and KMS: the emulator makes them and enforces none.",
    "Terraform Cloud itself: its stand-in keeps to the documentation, which does not say everything.",
)


class Ending(StrEnum):
    """How an act ended: as it must, or not."""

    AS_IT_MUST = "ok"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was tried, how it ended, and in which words."""

    name: str
    ending: Ending
    words: str


@dataclass(slots=True)
class Account:
    """What was seen so far. Acts may be added by several threads."""

    began: float = field(default_factory=time.monotonic)
    acts: list[Act] = field(default_factory=list)
    _closed: bool = False

    def close(self) -> None:
        """Take nothing more: what ends from now on is ended from outside."""
        self._closed = True

    def add(self, name: str, words: str, *, well: bool) -> None:
        """Note an act, and say so at once."""
        if self._closed:
            return
        act = Act(
            name=name,
            ending=Ending.AS_IT_MUST if well else Ending.WRONG,
            words=html.unescape(" ".join(words.split())).replace("**", ""),
        )
        self.acts.append(act)
        tell(f"{act.ending}: {act.name}: {textwrap.shorten(act.words, 160)}")

    @property
    def well(self) -> bool:
        """Whether everything ended as it must, and something was seen at all."""
        return bool(self.acts) and all(act.ending is Ending.AS_IT_MUST for act in self.acts)

    def show(self) -> str:
        """Write the whole account."""
        lines = [f"{'PASS' if self.well else 'FAIL'}     rehearsed in {time.monotonic() - self.began:.0f} s", ""]
        for act in self.acts:
            lines += textwrap.wrap(
                f"{act.ending:<6} {act.name}: {act.words}", 118, subsequent_indent=" " * 7, break_on_hyphens=False
            )
        return "\n".join([*lines, "", "What this cannot show:", *(f"  - {each}" for each in NOT_SHOWN), ""])


def tell(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stderr.write(f"rehearse: {text}\n")
    sys.stderr.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    began = time.monotonic()
    tell(f"{name} …")
    yield
    tell(f"{name}: {time.monotonic() - began:.1f} s")
