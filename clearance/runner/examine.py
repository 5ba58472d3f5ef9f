"""Runs one check and makes evidence of it; whatever stops the tool from seeing becomes a problem of that evidence."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event as Flag

from clearance.model import Check, ClearanceError, Evidence, Inputs, Materials, Reader, Reading, Subject
from clearance.runner import ambient, environment, process, report, status
from clearance.runner.events import Event, Preparing, Started, Working
from clearance.runner.inputs import Files, locked, unsettled
from clearance.runner.lock import Locked, normalised

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_LINES = 5
_WIDTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What every check of a run has in common, as `collect` describes it; `reports` is the descriptor of `folder`."""

    root: Path
    subject: Subject
    readers: Mapping[str, Reader]
    folder: Path
    reports: int
    environ: Mapping[str, str]
    arguments: tuple[str, ...]
    lock: str | None
    tell: Callable[[Event], None]
    clock: Callable[[], datetime]
    stop: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Evidence, and the head and tail of what the tool printed."""

    evidence: Evidence
    output: str = ""


@contextlib.contextmanager
def prepared(check: Check, scene: Scene) -> Iterator[tuple[Path | None, Locked | None]]:
    """Give the check's own environment, where it has a group, and what that is locked to. Raises ClearanceError."""
    if check.group is None:
        yield None, None
        return
    lock = locked(check, scene.lock)
    workplace = environment.Workplace(root=scene.root, environ=scene.environ, stop=scene.stop)
    group = check.group
    with environment.of(
        check, lock, workplace, on_make=lambda: scene.tell(Preparing(check=check.name, group=group))
    ) as bin_folder:
        yield bin_folder, lock


def examine(
    check: Check, inputs: Inputs, scene: Scene, *, bin_folder: Path | None, lock: Locked | None, alone: bool = False
) -> Examined:
    """Run the check's tool and read what it leaves."""
    scene.tell(Started(check=check.name))
    started = scene.clock()
    with tempfile.TemporaryDirectory(prefix="clearance-", ignore_cleanup_errors=True) as temporary:
        argv, env = _command(check, scene, Path(temporary), bin_folder)
        program = shutil.which(argv[0], path=env["PATH"]) if "/" not in argv[0] else str(scene.root / argv[0])
        if obstacle := _obstacle(argv[0], program, env["PATH"], check):
            return Examined(evidence=_evidence(check, inputs, scene, Reading(reach=0, problems=(obstacle,)), started))
        said = status.Status(Path(env[status.VARIABLE]), lambda text: scene.tell(Working(check=check.name, text=text)))
        with _spool(check, scene) as spool:
            outcome = process.run(
                [str(program), *argv[1:]],
                cwd=scene.root,
                env=env,
                timeout_s=check.timeout_s,
                stop=scene.stop,
                spool=spool,
                meanwhile=said.look,
            )
    reading = _reading(check, inputs, scene, outcome, started)
    if problem := unsettled(check, inputs, root=scene.root, environ=scene.environ, arguments=scene.arguments):
        reading = replace(reading, problems=(*reading.problems, problem))
    if lock is not None:
        wrong = _contradiction(lock, reading.tool)
        reading = replace(reading, tool=_tool(check, lock, reading.tool), problems=(*reading.problems, *wrong))
    evidence = _evidence(check, inputs, scene, reading, started, seconds=outcome.seconds, alone=alone)
    return Examined(evidence=evidence, output=outcome.output)


def unprepared(check: Check, inputs: Inputs, scene: Scene, error: ClearanceError | OSError) -> Examined:
    """Make evidence of a check that could not even be started."""
    hint = getattr(error, "hint", "")
    problem = f"{error}; {hint}" if hint else str(error)
    return Examined(evidence=_evidence(check, inputs, scene, Reading(reach=0, problems=(problem,)), scene.clock()))


def _evidence(
    check: Check, inputs: Inputs, scene: Scene, reading: Reading, started: datetime, **ran: float
) -> Evidence:
    fields = {name: getattr(reading, name) for name in Reading.__dataclass_fields__}
    return Evidence(
        **fields,
        check=check.name,
        subject=scene.subject,
        inputs_digest=inputs.digest,
        started=started,
        seconds=ran.get("seconds", 0.0),
        alone=bool(ran.get("alone", False)),
    )


def _command(check: Check, scene: Scene, temporary: Path, bin_folder: Path | None) -> tuple[list[str], dict[str, str]]:
    """The argv and the environment, with the report's place filled in, and that place made."""
    folder = scene.folder / check.name
    for each in check.reports:
        (folder / each.file).parent.mkdir(parents=True, exist_ok=True)
    first = check.reports[0].file if check.reports else ""
    places = {"{report}": str(folder / first), "{reports}": str(folder)}

    def filled(text: str) -> str:
        return re.sub(r"\{reports?\}", lambda found: places[found[0]], text)

    env = ambient.build(check, root=scene.root, environ=scene.environ, temporary=temporary, bin_folder=bin_folder)
    return [*map(filled, check.run), *scene.arguments], {**env, **{name: filled(env[name]) for name in check.env}}


@contextlib.contextmanager
def _spool(check: Check, scene: Scene) -> Iterator[process.Spool | None]:
    """Give the report that the tool's standard output becomes, where one does; where it says nothing, there is none."""
    if check.stdout is None:
        yield None
        return
    file = scene.folder / check.name / check.stdout
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield process.Spool(fd, report.LIMIT)
        info = os.fstat(fd)
        if info.st_size == 0 and info.st_nlink:
            file.unlink(missing_ok=True)
    finally:
        os.close(fd)


def _obstacle(name: str, program: str | None, path: str, check: Check) -> str:
    """Why the program cannot be started, and what to do; "" where nothing speaks against it."""
    if program is not None and Path(program).is_file():
        if os.access(program, os.X_OK):
            return ""
        return f"{name} is not executable; `chmod +x {name}`"
    there = shutil.which(name, mode=os.F_OK, path=path)
    if there is not None:
        return f"{name} is not executable; `chmod +x {there}`"
    where = f"add it to the dependency group {check.group!r}" if check.group else "install it, or put it on PATH"
    return f"{name} is not installed; {where}"


def _reading(check: Check, inputs: Inputs, scene: Scene, outcome: process.Outcome, started: datetime) -> Reading:
    """What the reports say, unless the way in which the tool ended makes them worthless."""
    tail = _last_words(outcome.output)
    if ended := _untimely(check, outcome):
        return Reading(reach=0, problems=(ended + tail, *_remains(outcome)))
    try:
        materials = _materials(check, inputs, scene)
    except OSError as error:
        return Reading(reach=0, problems=(f"{error.filename} can't be read: {error.strerror}", *_remains(outcome)))
    try:
        folder = os.open(check.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=scene.reports)
    except OSError as error:
        problem = f"the report folder is no folder any more: {error.strerror}; let the tool leave it alone"
        return Reading(reach=0, problems=(problem, *_remains(outcome)))
    try:
        reading, absent = report.read(check, folder, materials=materials, readers=scene.readers, started=started)
    finally:
        os.close(folder)
    problems = list(reading.problems)
    if absent:
        problems[0] = f"{problems[0]}: it ended with exit code {outcome.code}{tail}"
    return replace(reading, problems=(*problems, *_remains(outcome)))


def _materials(check: Check, inputs: Inputs, scene: Scene) -> Materials:
    """What a reader may look at beside the report."""
    return Materials(
        root=str(scene.root),
        files=Files(scene.root, inputs.paths),
        narrowed=bool(scene.arguments),
        slo=(scene.root / check.slo).read_bytes() if check.slo is not None else None,
    )


def _untimely(check: Check, outcome: process.Outcome) -> str:
    """How the tool was kept from finishing; "" where it ended by itself."""
    if outcome.stopped:
        return "the run was interrupted"
    if outcome.timed_out:
        after = f"it was still running after {check.timeout_s:g} s and was killed"
        return f"{after}; raise timeout_s, or find what it waits for"
    if outcome.flooded:
        much = f"its standard output, which is the report {check.stdout}, grew past {report.LIMIT:,} bytes"
        return f"{much} and it was stopped; let the tool report less, or split the check"
    return "" if outcome.code is not None else _broken_off(outcome)


def _broken_off(outcome: process.Outcome) -> str:
    """Why a tool that nobody stopped has no exit code."""
    if outcome.errno is not None:
        why = os.strerror(outcome.errno)
        return f"it could not be started: {why}; see its first line, and whether it suits this machine"
    if outcome.signal is not None:
        return f"it was killed by {_signal_name(outcome.signal)}; look for a crash, or for too little memory"
    return "its supervisor was killed; nothing that it left can be trusted, run it again"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _remains(outcome: process.Outcome) -> list[str]:
    """Problems with what did not end together with the tool."""
    problems = []
    if outcome.left:
        names = ", ".join(outcome.left)
        problems.append(f"it ended before its own processes did ({names}; now killed); let it wait for them")
    if outcome.immortal:
        problems.append(f"{outcome.immortal} of its processes could not be killed; end them by hand")
    return problems


def _last_words(output: str) -> str:
    """The last lines of an output, on one line, without control characters."""
    lines = [_CONTROL.sub("", line).strip() for line in output.splitlines()]
    words = " / ".join([line for line in lines if line][-_LINES:])[-_WIDTH:]
    return f"; its last lines: {words}" if words else ""


def _tool(check: Check, lock: Locked, said: str) -> str:
    """Name and version of the tool: as the report says, else as the group is locked, where it holds such a package."""
    if " " in said.strip():
        return said
    name = said or check.run[0]
    versions = lock.versions.get(normalised(name), ())
    return f"{name} {versions[0]}" if len(versions) == 1 else said


def _contradiction(lock: Locked, said: str) -> list[str]:
    """The problem with a report that another version of its tool made than the one that uv.lock names."""
    name, _, version = said.strip().rpartition(" ")
    if not name or not lock.contradicts(name, version):
        return []
    versions = " or ".join(lock.versions[normalised(name)])
    step = "let the command start the tool of its group, or lock the version that it is to be"
    return [f"{said} made the report, and uv.lock has {name} {versions}: {step}"]
