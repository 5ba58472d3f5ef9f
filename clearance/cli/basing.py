"""`--base` and `--accepted`: the policy of the commit that a change comes from, and who let the change loosen it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from clearance.cli.project import Project
from clearance.judge.two_policies import Base
from clearance.model import ClearanceError, Policy, Subject, UnreadableError, Verdict
from clearance.policy.loosening import compare
from clearance.runner.report import take_file


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who accepted, of which commit: an acceptance of one commit says nothing about the next."""

    commit: str
    accepted_by: tuple[Annotated[str, Meta(pattern=r"\S")], ...]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The commit that a change comes from, with its policy; `accepted_by` are those who accept what is looser."""

    commit: str
    policy: Policy
    accepted_by: tuple[str, ...]

    def with_verdict(self, verdict: Verdict, head: Policy) -> Base:
        """Put what its policy says beside what the change's policy asks less for."""
        return Base(
            name=self.commit[:12],
            verdict=verdict,
            loosenings=compare(self.policy, head),
            accepted_by=self.accepted_by,
        )


def origin(options: argparse.Namespace, home: Project, subject: Subject) -> Origin | None:
    """Read what --base and --accepted name. Raises ClearanceError where they don't fit this commit."""
    if options.base is None:
        if options.accepted is not None:
            raise ClearanceError("--accepted says nothing without --base", "name the commit that the change comes from")
        return None
    commit, policy = home.past(options.base)
    return Origin(commit=commit, policy=policy, accepted_by=_accepted(options.accepted, subject))


def _accepted(named: str | None, subject: Subject) -> tuple[str, ...]:
    if named is None:
        return ()
    try:
        said = msgspec.json.decode(take_file(Path(named)), type=Acceptance)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UnreadableError) as error:
        raise ClearanceError(
            f"{named} is no acceptance: {error}", 'it is {"commit": "...", "accepted_by": ["..."]}'
        ) from error
    if said.commit != subject.commit or subject.dirty:
        what = "a working tree that no commit holds" if subject.dirty else f"commit {subject.commit}"
        raise ClearanceError(
            f"{named} accepts commit {said.commit}, and this is {what}", "have this very commit accepted"
        )
    return said.accepted_by
