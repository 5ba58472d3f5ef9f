"""Where evidence, signed verdicts and the history of each commit are kept: a folder here, a bucket in `bucket`."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from clearance.shelf.attempts import Attempt, dumps, loads, name

KEPT_PER_CHECK = 20
_OBJECTS, _ATTEMPTS = ".objects", ".attempts"  # no check's folder begins with a dot

_FENCE = b"*\n"


def fence(folder: Path) -> Path:
    """Make `folder` with a `.gitignore` that keeps all of it out of version control, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        replace(ignore, _FENCE)
    return folder


def fenced(folder: Path) -> bool:
    """Whether it is a folder that `fence` made, and not one of a stranger that happens to ignore some of itself."""
    ignore = folder / ".gitignore"
    return ignore.is_file() and ignore.read_bytes() == _FENCE


def replace(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader, even after a crash, sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name[:40]}.{uuid4().hex}.tmp")
    try:
        with beside.open("xb") as file:  # not by tempfile: others than its owner may read a report
            file.write(data)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class Cache(Protocol):
    """Evidence by what it was made from: what was kept last for a check and the digest of its inputs."""

    def find(self, check: str, inputs_digest: str) -> bytes | None: ...

    def keep(self, check: str, inputs_digest: str, data: bytes) -> None: ...


class Shelf(Cache, Protocol):
    """What the verbs ask of a shelf, wherever it is.

    What is stored is found by its content; a record is filed under its commit, and neither replaced nor taken away.
    `attempts` takes a commit or how one begins, and gives the oldest record first.
    """

    def store(self, data: bytes) -> str: ...

    def fetch(self, digest: str) -> bytes | None: ...

    def file(self, attempt: Attempt) -> None: ...

    def attempts(self, commit: str) -> tuple[Attempt, ...]: ...


class Folder:
    """A shelf in a folder of its own; any number of processes may use it at once.

    What is found was written whole, but by whom is not known: the caller treats bytes that are no evidence as absent.
    """

    def __init__(self, path: Path, *, kept_per_check: int = KEPT_PER_CHECK) -> None:
        self.path = path
        self.kept_per_check = kept_per_check

    def find(self, check: str, inputs_digest: str) -> bytes | None:
        """Return what was kept last for this check and these inputs, or None."""
        file = self._file(check, inputs_digest)
        try:
            data = file.read_bytes() if file.is_file() and not file.is_symlink() else None
            if data is not None:
                os.utime(file)  # what is used stays, what is not goes first
        except OSError:
            return None
        return data

    def keep(self, check: str, inputs_digest: str, data: bytes) -> None:
        """Keep `data`, in place of what these inputs had before, and let the oldest of this check go."""
        fence(self.path)
        file = self._file(check, inputs_digest)
        file.parent.mkdir(exist_ok=True)
        replace(file, data)
        for old in self._oldest_first(file.parent)[: -self.kept_per_check]:
            if old != file:
                old.unlink(missing_ok=True)

    def store(self, data: bytes) -> str:
        """Keep `data` by its content, and return its digest."""
        digest = hashlib.sha256(data).hexdigest()
        self._add(_OBJECTS, digest, data)
        return f"sha256:{digest}"

    def fetch(self, digest: str) -> bytes | None:
        """Return what was stored under a digest, or None; what it is, the caller checks."""
        return _read(self.path / _OBJECTS / safe(digest.removeprefix("sha256:")))

    def file(self, attempt: Attempt) -> None:
        """Add a record to a commit's history."""
        data = dumps(attempt)
        self._add(f"{_ATTEMPTS}/{safe(attempt.commit)}", name(attempt, data), data)

    def attempts(self, commit: str) -> tuple[Attempt, ...]:
        """Return the history of the commits that begin so, the oldest first."""
        files = sorted((self.path / _ATTEMPTS).glob(f"{safe(commit)}*/*.json"))
        found = [loads(_read(file) or b"", file.parent.name) for file in files]
        return tuple(sorted(found, key=lambda attempt: attempt.at))

    def _add(self, folder: str, name: str, data: bytes) -> None:
        fence(self.path)
        file = self.path / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            replace(file, data)

    def _file(self, check: str, inputs_digest: str) -> Path:
        return self.path / safe(check) / f"{safe(inputs_digest.removeprefix('sha256:'))}.json"

    @staticmethod
    def _oldest_first(folder: Path) -> list[Path]:
        ages = []
        for file in folder.iterdir():
            try:
                ages.append((file.stat().st_mtime_ns, file))
            except FileNotFoundError:
                continue  # another process let it go
        return [file for _, file in sorted(ages)]


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes() if file.is_file() and not file.is_symlink() else None
    except OSError:
        return None


def safe(name: str) -> str:
    """Return a name that is one component of a path; different names stay different, even where case is ignored."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", name):
        return name
    readable = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:40]
    return f"{readable or 'check'}.{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
