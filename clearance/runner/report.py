"""Takes in the reports that a tool has left: only a whole, fresh, ordinary file in the folder it was given counts."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import msgspec

from clearance.model import Check, Materials, Reader, Reading, Report, UnreadableError

LIMIT = 128 * 1024 * 1024
# File systems keep coarser time than the clock.
SLACK = timedelta(seconds=2)
_LONG_AGO = datetime.fromtimestamp(0, UTC) + SLACK
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class AbsentError(UnreadableError):
    """The tool left no report."""


def take(folder: int, path: str, *, started: datetime) -> bytes:
    """Read a report, given the descriptor of the folder that no tool may have replaced and the path below it.

    Raises AbsentError where there is none, and UnreadableError for one that is empty, larger than LIMIT, a link, no
    ordinary file, outside the folder, or older than `started`.
    """
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/"):
        raise UnreadableError(f"the report {path} lies outside the report folder", "name it relative to that folder")
    opened: list[int] = []
    try:
        for part in parts[:-1]:
            opened.append(_open(opened[-1] if opened else folder, part, path, os.O_DIRECTORY))
        opened.append(_open(opened[-1] if opened else folder, parts[-1], path, 0))
        return _read(opened[-1], parts[-1], started)
    finally:
        for fd in opened:
            os.close(fd)


def take_file(file: Path) -> bytes:
    """Read a file from anyone, of any age, with the same care. Raises UnreadableError."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableError(f"there is no folder {file.parent}: {error.strerror}", "check the path") from error
    try:
        return take(folder, file.name, started=_LONG_AGO)
    finally:
        os.close(folder)


def _open(folder: int, name: str, path: str, flags: int) -> int:
    try:
        return os.open(name, _OPEN | flags, dir_fd=folder)
    except FileNotFoundError as error:
        raise AbsentError(f"it left no report {PurePosixPath(path).name}") from error
    except OSError as error:
        linked = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        what = "is a link" if linked else f"cannot be opened: {error.strerror}"
        raise UnreadableError(f"the report {name} {what}", "let the tool write an ordinary file") from error


def _read(fd: int, name: str, started: datetime) -> bytes:
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        kind = _KINDS.get(stat.S_IFMT(info.st_mode), "no ordinary file")
        raise UnreadableError(f"the report {name} is {kind}", "let the tool write an ordinary file")
    if info.st_nlink != 1:
        raise UnreadableError(
            f"the report {name} is a hard link: the same file has {info.st_nlink} names", "let the tool write it itself"
        )
    if info.st_size > LIMIT:
        raise UnreadableError(
            f"the report {name} is {info.st_size:,} bytes large, more than the {LIMIT:,} that are read",
            "let the tool report less, or split the check",
        )
    if info.st_mtime < (started - SLACK).timestamp():
        made = datetime.fromtimestamp(info.st_mtime, started.tzinfo)
        raise UnreadableError(
            f"the report {name} is from before this run: written {made:%Y-%m-%d %H:%M:%S}, "
            f"the tool was started {started:%Y-%m-%d %H:%M:%S}",
            "let the command make the report anew",
        )
    with os.fdopen(fd, "rb", closefd=False) as file:
        data = file.read(LIMIT + 1)
    if not data:
        raise UnreadableError(f"the report {name} is empty", "see the tool's own output")
    if len(data) > LIMIT:
        raise UnreadableError(
            f"the report {name} grew past {LIMIT:,} bytes while it was read", "let the tool report less"
        )
    return data


def read(
    check: Check, folder: int, *, materials: Materials, readers: Mapping[str, Reader], started: datetime
) -> tuple[Reading, bool]:
    """Read all reports of a check into one reading, and say whether the first was there at all.

    The first report states reach, unit and tool; the others add findings, measures, problems and what was covered.
    Whatever goes wrong is a problem of the reading.
    """
    readings = []
    absent = False
    for index, report in enumerate(check.reports):
        try:
            readings.append(_reading(report, take(folder, report.file, started=started), materials, readers, started))
        except UnreadableError as error:
            readings.append(Reading(reach=0, problems=(_sentence(error),)))
            absent = absent or (index == 0 and isinstance(error, AbsentError))
    return _joined(readings), absent


def _sentence(error: UnreadableError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)


def _reading(
    report: Report, data: bytes, materials: Materials, readers: Mapping[str, Reader], started: datetime
) -> Reading:
    """Let the reader read; if it breaks, that is a problem too, and ours."""
    if report.reader not in readers:
        raise UnreadableError(f"there is no reader {report.reader!r}", f"there are {', '.join(sorted(readers))}")
    try:
        reading = readers[report.reader](data, materials)
        msgspec.json.encode(reading.details)  # free in its shape, and must fit the wire all the same
        stale = reading.made_at is not None and reading.made_at < started - SLACK
    except UnreadableError as error:
        raise UnreadableError(f"{report.file}: {error}", error.hint) from error
    except Exception as error:
        raise UnreadableError(
            f"the reader {report.reader} broke on {report.file}: {type(error).__name__}: {error}"[:1000],
            "that is a fault of Clearance: please report it, with the report file",
        ) from error
    if stale:
        problem = (
            f"{report.file} is a report from before this run: it says {reading.made_at:%Y-%m-%d %H:%M:%S%z}, "
            f"the tool was started {started:%Y-%m-%d %H:%M:%S%z}; let the command make the report anew"
        )
        return replace(reading, problems=(*reading.problems, problem))
    return reading


def _joined(readings: list[Reading]) -> Reading:
    if not readings:
        return Reading(reach=0, problems=("the check names no report; name one in the policy",))
    first = readings[0]
    return replace(
        first,
        covered=tuple(dict.fromkeys(path for reading in readings for path in reading.covered)),
        findings=tuple(finding for reading in readings for finding in reading.findings),
        measures=tuple(measure for reading in readings for measure in reading.measures),
        problems=tuple(problem for reading in readings for problem in reading.problems),
        made_at=first.made_at,
        details=next((reading.details for reading in readings if reading.details is not None), None),
    )
