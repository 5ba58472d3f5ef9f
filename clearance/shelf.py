"""Where evidence is kept between runs: a folder, one file a piece, found again by the digest of its inputs."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from uuid import uuid4

KEPT_PER_CHECK = 20


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

    def _file(self, check: str, inputs_digest: str) -> Path:
        return self.path / _safe(check) / f"{_safe(inputs_digest.removeprefix('sha256:'))}.json"

    @staticmethod
    def _oldest_first(folder: Path) -> list[Path]:
        ages = []
        for file in folder.iterdir():
            try:
                ages.append((file.stat().st_mtime_ns, file))
            except FileNotFoundError:
                continue  # another process let it go
        return [file for _, file in sorted(ages)]


def _safe(name: str) -> str:
    """Return a name that is one component of a path; different names stay different, even where case is ignored."""
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", name):
        return name
    readable = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:40]
    return f"{readable or 'check'}.{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
