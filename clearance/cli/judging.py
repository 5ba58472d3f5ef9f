"""`clearance run` and `clearance judge`: from checks or kept evidence to a verdict, its reports and an exit code."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clearance import __version__, evidence
from clearance.cli import basing, overriding, project, shelving, sources
from clearance.cli.gathering import gather, refuse_to_nest
from clearance.cli.publishing import EXITS, OUT, REPORTS, publish
from clearance.judge import judge as decide
from clearance.judge.two_policies import before, combine
from clearance.model import (
    ClearanceError,
    Decision,
    Evidence,
    Exhibit,
    Inputs,
    Override,
    Stage,
    Subject,
    UnreadableError,
)
from clearance.render.words import count
from clearance.runner import Collected
from clearance.runner.report import take_file
from clearance.shelf import fence, fenced
from clearance.shelf import replace as replace_file
from clearance.subject import identify

_FOLDERS = ("evidence", "reports", "logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """All that a verdict is made from, whichever way the evidence came."""

    project: project.Project
    stage: Stage
    subject: Subject
    inputs: Mapping[str, Inputs]
    evidence: Mapping[str, Evidence]
    exhibits: tuple[Exhibit, ...]
    outputs: Mapping[str, str]
    shelf: shelving.Forgiving
    override: Override | None
    base: basing.Origin | None = None
    subject_after: Subject | None = None


def run(options: argparse.Namespace) -> int:
    """Run the checks, judge their evidence, write the reports, print one of them."""
    refuse_to_nest()
    home = project.find(options.policy)
    stage, checks = home.selection(options.stage, options.only)
    if options.arguments and len(checks) != 1:
        raise ClearanceError("arguments after -- belong to one check", "name it: --only CHECK -- ARGUMENTS")
    with project.working_alone(home.root) as state:
        out = _fresh(home.root, options.out, (*_FOLDERS, *REPORTS))
        subject = identify(home.root)
        override = overriding.standing(options.override, home.root, subject)
        base = basing.origin(options, home, subject)
        inputs = home.inputs(checks, options.arguments)
        shelf = shelving.Forgiving(shelving.of(options.shelf, state))
        collected = gather(
            home,
            stage,
            checks,
            subject=subject,
            inputs=inputs,
            shelf=shelf,
            reports=out / "reports",
            reuse=not options.no_cache,
            jobs=options.jobs,
            arguments=options.arguments,
        )
        kept = _keep(collected, out, shelf)
        if options.evidence_only:
            return _account(collected)
        hearing = Hearing(
            project=home,
            stage=stage,
            subject=subject,
            inputs=inputs,
            evidence={name: c.evidence for name, c in collected.items()},
            exhibits=kept,
            outputs={name: c.output for name, c in collected.items() if c.output},
            shelf=shelf,
            override=override,
            base=base,
            subject_after=identify(home.root),
        )
        return _conclude(hearing, options, out)


def judge(options: argparse.Namespace) -> int:
    """Judge the evidence in a folder, against the inputs that this tree has."""
    if options.arguments:
        raise ClearanceError("`clearance judge` runs nothing, so nothing can follow --", "take the arguments away")
    home = project.find(options.policy)
    stage, checks = home.selection(options.stage, options.only)
    folder = Path(options.evidence)
    if not folder.is_dir():
        raise ClearanceError(f"there is no folder {folder}", "make one with `clearance run --evidence-only`")
    with project.working_alone(home.root) as state:
        kept = _load(folder, {check.name for check in checks})
        out = _fresh(home.root, options.out, REPORTS)
        _lay_beside(kept, folder, out / "evidence")
        subject = identify(home.root)
        hearing = Hearing(
            project=home,
            stage=stage,
            subject=subject,
            inputs=home.inputs(checks),
            evidence={name: one for name, (one, _) in kept.items()},
            exhibits=tuple(_exhibit(one, evidence.digest(data), reused=False) for one, data in kept.values()),
            outputs={},
            shelf=shelving.Forgiving(shelving.of(options.shelf, state)),
            override=overriding.standing(options.override, home.root, subject),
            base=basing.origin(options, home, subject),
        )
        return _conclude(hearing, options, out)


def _fresh(root: Path, named: str, old: Iterable[str]) -> Path:
    """Make the folder for reports, without those of an earlier run: a run cut short must not leave an old verdict."""
    out = (Path(named) if named != OUT else root / OUT).resolve()
    if out in (root, *root.parents):
        raise ClearanceError(f"--out {named} is the project itself or a folder around it", "name a folder of its own")
    try:
        if not out.is_dir() or not any(out.iterdir()):
            fence(out)  # or writing our reports would change the very tree that we judge
        taken = [name for name in (*_FOLDERS, *REPORTS) if os.path.lexists(out / name)]
        if taken and not fenced(out):
            raise ClearanceError(
                f"--out {named} has a {taken[0]} that is not ours, and we would replace it", "name a folder of its own"
            )
        for name in old:
            _remove(out / name)
    except OSError as error:
        raise ClearanceError(f"--out {named} cannot be written: {error}", "name another folder") from error
    return out


def _remove(old: Path) -> None:
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    else:
        old.unlink(missing_ok=True)


def _keep(collected: Mapping[str, Collected], out: Path, shelf: shelving.Forgiving) -> tuple[Exhibit, ...]:
    folder, logs = out / "evidence", out / "logs"
    folder.mkdir()
    logs.mkdir()
    exhibits = []
    for name, one in collected.items():
        data = evidence.dumps(one.evidence)
        (folder / f"{name}.json").write_bytes(data)
        (logs / f"{name}.log").write_text(one.output, "utf-8", "replace")
        if not one.reused and not one.evidence.problems:
            shelf.keep(name, one.evidence.inputs_digest, data)
        exhibits.append(_exhibit(one.evidence, evidence.digest(data), reused=one.reused))
    return tuple(exhibits)


def _load(folder: Path, names: set[str]) -> dict[str, tuple[Evidence, bytes]]:
    """Read the evidence of these checks in a folder, whatever its files are called, each with its bytes."""
    found: dict[str, tuple[Evidence, bytes]] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            data = take_file(file)
            one = evidence.loads(data)
        except UnreadableError as error:
            print(f"clearance: {file} is left out: {error}", file=sys.stderr)
            continue
        if one.check in found:
            raise ClearanceError(f"{folder} holds two pieces of evidence for {one.check}", "keep the right one")
        if one.check in names:
            found[one.check] = (one, data)
    return found


def _lay_beside(kept: Mapping[str, tuple[Evidence, bytes]], folder: Path, beside: Path) -> None:
    """Put evidence beside the verdict, where `attest` and `verify` look for it, unless that is where it came from."""
    if folder.resolve() == beside.resolve():
        return
    beside.mkdir(exist_ok=True)
    for name, (_, data) in kept.items():
        replace_file(beside / f"{name}.json", data)


def _exhibit(one: Evidence, digest: str, *, reused: bool) -> Exhibit:
    return Exhibit(
        check=one.check,
        digest=digest,
        inputs_digest=one.inputs_digest,
        tool=one.tool,
        reach=one.reach,
        unit=one.unit,
        reused=reused,
        seconds=one.seconds,
    )


def _account(collected: Mapping[str, Collected]) -> int:
    """Say what was gathered; evidence with a problem is evidence, and is judged elsewhere."""
    for name, one in collected.items():
        made = one.evidence
        print(f"{name}: {count(made.reach, made.unit)}, {count(len(made.findings), 'finding')}")
        for problem in made.problems:
            print(f"  problem: {problem}")
    return os.EX_OK if collected else EXITS[Decision.UNKNOWN]


def _conclude(hearing: Hearing, options: argparse.Namespace, out: Path) -> int:
    subject, after = hearing.subject, hearing.subject_after
    if options.subject:
        subject = replace(subject, commit=options.subject)
        after = after and replace(after, commit=options.subject)
    facts: dict[str, Any] = {
        "stage": hearing.stage,
        "subject": subject,
        "inputs": hearing.inputs,
        "now": options.now or datetime.now(UTC),
        "version": __version__,
        "exhibits": hearing.exhibits,
        "only": options.only,
        "narrowed": bool(options.arguments),
        "subject_after": after,
        "now_overridden": options.now is not None,
        "subject_overridden": options.subject is not None,
    }
    verdict = decide(hearing.project.policy, hearing.evidence, **facts)
    if hearing.base is not None:
        was = decide(before(hearing.base.policy, hearing.project.policy), hearing.evidence, **facts)
        verdict = combine(verdict, hearing.base.with_verdict(was, hearing.project.policy))
    verdict = replace(verdict, override=hearing.override)
    details = {name: one.details for name, one in hearing.evidence.items() if one.details is not None}
    lines = sources.near(verdict, hearing.project.policy.checks, hearing.project.root)
    publish(verdict, hearing.outputs, details, options.format, out, lines)
    hearing.shelf.record(verdict, out)
    return EXITS[verdict.decision]
