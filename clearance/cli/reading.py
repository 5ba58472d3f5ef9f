"""`clearance read` and `clearance schema`: looking at reports, or at the policy's shape, without judging."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import stat
import sys
from pathlib import Path

import msgspec

from clearance import policy, slo
from clearance.model import ClearanceError, Materials, Reading, UnreadableError
from clearance.readers import READERS
from clearance.readers.recognise import HEAD, guess
from clearance.readers.strangers import known_as
from clearance.render import words
from clearance.render.words import clean
from clearance.runner import Files
from clearance.runner.report import LIMIT, AbsentError, take_file
from clearance.runner.tree import find

UNREADABLE = 3
SCHEMAS = {"policy": policy.schema, "slo": slo.schema}


def read(options: argparse.Namespace) -> int:
    """Print one report as a JSON object, or a line for each file of a folder; 0 when what is there could be read."""
    if options.file is None:
        return survey(options)
    reader = READERS.get(options.reader)
    if reader is None:
        near = difflib.get_close_matches(options.reader, READERS, n=1)
        raise ClearanceError(
            f"there is no reader {options.reader}",
            (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(READERS)}",
        )
    materials = _materials(_patterns(options), options.slo)
    try:
        reading = reader(take_file(Path(options.file)), materials)
    except AbsentError:
        return _refused(f"there is no report {options.file}; check the path, or run the tool that writes it")
    except UnreadableError as error:
        return _refused(f"{error}; {error.hint}" if error.hint else str(error))
    _print(reading)
    return os.EX_OK


def _refused(problem: str) -> int:
    """Print what kept a report from being read, for programs and for people."""
    _print(Reading(reach=0, problems=(problem,)))
    print(f"clearance: {problem}", file=sys.stderr)
    return UNREADABLE


def survey(options: argparse.Namespace) -> int:
    """Print a line for each file: who would read it, and what it says; 3 where a report could not be read, or none is.

    A file that nobody may look into, or a report that is too large, could hide anything: it counts as one unread.
    """
    top = Path(options.reader)
    if not top.exists():
        known = options.reader in READERS
        raise ClearanceError(
            f"there is no report named for the reader {top}" if known else f"there is no file or folder {top}",
            f"give the report: `clearance read {top} FILE`" if known else "give a folder of reports, or READER FILE",
        )
    files = [top / entry.path for entry in find(str(top), ("**",)) if entry.asked] if top.is_dir() else [top]
    materials = _materials(tuple(options.inputs), options.slo)
    good = bad = 0
    for file in files:
        line, read = _glance(file, materials)
        print(clean(f"{file}: {line}"))
        good, bad = good + (read is True), bad + (read is False)
    print(f"clearance: {words.count(len(files), 'file')}, {good:,} read, {bad:,} unreadable", file=sys.stderr)
    return os.EX_OK if good and not bad else UNREADABLE


def _glance(file: Path, materials: Materials) -> tuple[str, bool | None]:
    """What one file says, in a line; and whether it could be read, None for what is no report."""
    try:
        info = file.lstat()
        if not stat.S_ISREG(info.st_mode):
            return "not a report: a link" if stat.S_ISLNK(info.st_mode) else "not a report: no ordinary file", None
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        report = take_file(file) if head and info.st_size <= LIMIT else head
    except UnreadableError as error:
        return f"unreadable: {error}", False
    except OSError as error:
        return f"unreadable: {error.strerror}", False
    name = guess(report)
    if name is None:
        return _unread(report), None
    if info.st_size > LIMIT:
        return f"{name}, unreadable: {info.st_size:,} bytes, more than the {LIMIT:,} that are read", False
    return _digest(name, report, materials)


def _unread(report: bytes) -> str:
    """What a file is for which there is no reader, and what would make it one."""
    stranger = known_as(report)
    if stranger is None:
        return "not a report" if report else "not a report: empty"
    return f"not a report that is read here, but {stranger[0]}: {stranger[1]}"


def _digest(name: str, report: bytes, materials: Materials) -> tuple[str, bool]:
    """What the reader makes of a report."""
    try:
        reading = _interpreted(name, report, materials)
    except UnreadableError as error:
        return f"{name}, unreadable: {error}", False
    found = f"{name}, {words.count(reading.reach, reading.unit)}, {words.count(len(reading.findings), 'finding')}"
    if not reading.problems:
        return found, True
    return f"{found}, {words.count(len(reading.problems), 'problem')}: {reading.problems[0]}", True


def _interpreted(name: str, report: bytes, materials: Materials) -> Reading:
    """Let the reader read; one that breaks is our fault, and no reason to stop at this file."""
    try:
        return READERS[name](report, materials)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"the reader broke, please report it: {type(error).__name__}: {error}") from error


def _materials(patterns: tuple[str, ...], slo_file: str | None) -> Materials:
    """What readers may look at beside a report: the files below the working folder that were asked for."""
    here = Path.cwd()
    paths = [entry.path for entry in find(str(here), patterns) if entry.asked]
    return Materials(root=str(here), files=Files(here, paths), slo=_levels(slo_file) if slo_file else None)


def _levels(file: str) -> bytes:
    """An SLO file that can be used: what is wrong there is no fault of the report."""
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        raise ClearanceError(f"the SLO file {file} can't be read: {error.strerror}", "check the path") from error
    slo.parse(text, file)
    return text


def _patterns(options: argparse.Namespace) -> tuple[str, ...]:
    """Scenarios are held against what is declared, so that reader always gets the feature files."""
    return tuple(options.inputs) or (("**/*.feature",) if options.reader == "scenarios" else ())


def _print(reading: Reading) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(reading) + b"\n")
    sys.stdout.buffer.flush()


def schema(options: argparse.Namespace) -> int:
    """Print the JSON Schema of the policy file, or of one object of an SLO file."""
    print(json.dumps(SCHEMAS[options.of](), indent=2))
    return os.EX_OK
