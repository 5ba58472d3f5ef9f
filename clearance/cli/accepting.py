"""`clearance baseline` and `clearance rules`: accepting what a check finds now, in files that a review sees."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from clearance import __version__, evidence
from clearance.cli import project
from clearance.cli.gathering import gather, refuse_to_nest
from clearance.judge import judge
from clearance.model import (
    ClearanceError,
    Decision,
    Evidence,
    Finding,
    Policy,
    PolicyError,
    Requirement,
    Waiver,
)
from clearance.policy import baseline as baselines
from clearance.policy import rule_list
from clearance.render import words
from clearance.render.words import clean
from clearance.runner.environment import own_folder
from clearance.runner.flock import Lock
from clearance.shelf import Folder
from clearance.shelf import replace as replace_file
from clearance.subject import identify

UNKNOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check finds now: `evidence` of all of it, what of it is `blocking`, and `doubts` that it saw clearly."""

    evidence: Evidence
    blocking: tuple[Finding, ...]
    doubts: tuple[str, ...]


@contextmanager
def editing(named: str | None, *, accepting: bool = False) -> Iterator[project.Project]:
    """Open the project while no other command of ours changes its policy: of two at once, neither undoes the other."""

    def wait() -> None:
        print("clearance: another command changes the policy; waiting for it to end", file=sys.stderr)

    root = project.find(named, accepting=accepting).root
    with closing(Lock(own_folder(root) / "policy.lock", threading.Event(), on_wait=wait)) as lock:
        lock.hold()
        yield project.find(named, accepting=accepting)


def baseline(options: argparse.Namespace) -> int:
    """Accept the findings that block a check now, or drop those of its baseline that no longer occur."""
    refuse_to_nest()
    if options.grow and not options.reason:
        raise ClearanceError("a baseline that grows needs a new reason", 'say why: --reason "..."')
    with editing(options.policy) as home:
        return _baseline(options, home)


def _baseline(options: argparse.Namespace, home: project.Project) -> int:
    text = home.file.read_bytes().decode()
    old = baselines.find(text, options.check)
    others = _without(home.policy, options.check, old)
    seen = _look(home, options.check, others)
    if seen.doubts:
        return _doubtful(options.check, seen.doubts)
    there = {finding.fingerprint: finding for finding in seen.blocking}
    if "" in there:
        raise ClearanceError(
            f"{options.check} has findings without a fingerprint ({there[''].rule})", "waive those by rule and path"
        )
    before = old.table.prints if old else ()
    kept = tuple(each for each in before if each in there)
    if old is None or options.grow:
        kept += tuple(each for each in there if each not in before)
    waiver = _waiver(options, old, kept) if kept else None
    new = baselines.put(text, options.check, waiver, seen.blocking)
    _replace_policy(home, new, others, waiver)
    _tell(options.check, before, waiver, len(there))
    return os.EX_OK


def rules(options: argparse.Namespace) -> int:
    """Show the rules that a check's list lacks, or take them in."""
    refuse_to_nest()
    with editing(options.policy, accepting=True) as home:
        return _rules(options, home)


def _rules(options: argparse.Namespace, home: project.Project) -> int:
    home.selection(None, [options.check])
    listed = next((r.rules for r in home.policy.requirements if r.check == options.check), None)
    if listed is None:
        raise PolicyError(
            f"[check.{options.check}] names no list of rules", f'give it rules = "security/rules/{options.check}.txt"'
        )
    seen = _look(home, options.check, home.policy)
    if seen.doubts:
        return _doubtful(options.check, seen.doubts)
    tool = seen.evidence.tool
    lacking = ({finding.rule for finding in seen.evidence.findings} | _known(options.known)) - listed.rules
    for rule in sorted(lacking):
        print(clean(rule))
    there = f"{listed.file} lists {words.count(len(listed.rules), 'rule')} of {listed.tool or 'no tool'}"
    print(f"{options.check}: {there}, and lacks {len(lacking):,} of {tool or 'a tool without a name'}", file=sys.stderr)
    if options.accept:
        if " " not in tool:
            raise ClearanceError("the tool does not say its version", "give the check a `group`: its lock says it")
        data = rule_list.dumps(replace(listed, rules=listed.rules | lacking, tool=tool))
        write(home.root / listed.file, data)
    return os.EX_OK


def _known(file: str | None) -> set[str]:
    """Read all the rules that a tool has: the first word of each line, of a file or (`-`) of standard input."""
    if file is None:
        return set()
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ClearanceError(f"{file} cannot be read: {error}", "give a text file with a rule a line") from error
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def _look(home: project.Project, name: str, rules: Policy) -> Seen:
    """Get a check's evidence and what blocks in it, at any stage, under a policy."""
    stage, (check,) = home.selection(None, [name])
    with project.working_alone(home.root) as state, tempfile.TemporaryDirectory(dir=state) as reports:
        subject = identify(home.root)
        inputs = home.inputs([check])
        shelf = Folder(state / "shelf")
        one = gather(
            home, stage, [check], subject=subject, inputs=inputs, shelf=shelf, reports=Path(reports) / "reports"
        )[name]
        if not one.reused and not one.evidence.problems:
            shelf.keep(name, one.evidence.inputs_digest, evidence.dumps(one.evidence))
        after = identify(home.root)
    verdicts = [
        judge(
            replace(rules, requirements=(_seeing(requirement, one.evidence),)),
            {name: one.evidence},
            stage=requirement.stage,
            subject=subject,
            inputs=inputs,
            now=datetime.now(UTC),
            version=__version__,
            subject_after=after,
        )
        for requirement in rules.requirements
        if requirement.check == name
    ]
    return Seen(
        evidence=one.evidence,
        blocking=tuple({f: None for verdict in verdicts for ruling in verdict.rulings for f in ruling.blocking}),
        doubts=tuple(
            reason
            for verdict in verdicts
            if verdict.decision is not Decision.PASS
            for reason in (*verdict.reasons, *(reason for ruling in verdict.rulings for reason in ruling.reasons))
        ),
    )


def _seeing(requirement: Requirement, made: Evidence) -> Requirement:
    """What a requirement asks of the seeing alone: whatever is found is allowed, so that it passes or is unknown."""
    return replace(requirement, at_most=len(made.findings), objectives=())


def _doubtful(check: str, doubts: Iterable[str]) -> int:
    print(f"clearance: {check} did not see clearly, so nothing is accepted:", file=sys.stderr)
    for doubt in doubts:
        print(f"  {clean(doubt, 400)}", file=sys.stderr)
    return UNKNOWN


def _without(whole: Policy, check: str, old: baselines.Baseline | None) -> Policy:
    """The policy without the check's baseline."""
    if old is None:
        return whole
    ours = ((check,), old.table.prints)
    return replace(whole, waivers=tuple(w for w in whole.waivers if (w.checks, w.fingerprints) != ours))


def _waiver(options: argparse.Namespace, old: baselines.Baseline | None, prints: tuple[str, ...]) -> Waiver:
    """Make the waiver from the options, and for what they do not say from the one that is there."""
    owner = options.owner or (old.table.owner if old else "")
    reason = options.reason or (old.table.reason if old else "")
    expires = options.expires or (old.table.expires if old else None)
    if not owner.strip() or not reason.strip() or expires is None:
        raise ClearanceError(
            "a new baseline needs --owner, --reason and --expires", "it is a waiver: who accepts it, why, until when"
        )
    waiver = Waiver(
        checks=(options.check,),
        rule="**",
        owner=owner,
        reason=reason,
        expires=expires,
        at_most=len(prints),
        fingerprints=prints,
    )
    if waiver.expired(datetime.now(UTC)):
        raise ClearanceError(f"a baseline until {waiver.expires} covers nothing: that day is over", "give a later day")
    return waiver


def _replace_policy(home: project.Project, text: str, others: Policy, ours: Waiver | None) -> None:
    """Write the policy, once it is certain that it says what it said, this waiver beside it, and no more."""
    data = text.encode()
    made = home.parse(data)
    added = [waiver for waiver in made.waivers if waiver not in others.waivers]
    rest = tuple(waiver for waiver in made.waivers if waiver in others.waivers)
    if replace(made, digest="", waivers=rest) != replace(others, digest="") or added != ([ours] if ours else []):
        raise ClearanceError(
            f"{home.file} could not be changed without changing more than the baseline; it is as it was",
            "write [[waiver]] tables, each under a header of its own",
        )
    write(home.file, data)


def write(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, through a link if it is one, with the mode that it had."""
    target = file.resolve()
    if target.is_file() and target.read_bytes() == data:
        return
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, data)
    if mode is not None:
        target.chmod(mode)


def _tell(check: str, before: tuple[str, ...], waiver: Waiver | None, there: int) -> None:
    kept = waiver.fingerprints if waiver else ()
    added, dropped = len(set(kept) - set(before)), len(set(before) - set(kept))
    until = f" until {waiver.expires}" if waiver else ""
    said = [f"{words.count(len(kept), 'finding')} accepted{until}"]
    said += [f"{added:,} new"] if added and before else []
    said += [f"{dropped:,} no longer there and dropped"] if dropped else []
    said += [f"{there - len(kept):,} not accepted (--grow takes them in)"] if there > len(kept) else []
    print(f"{check}: {', '.join(said)}")
