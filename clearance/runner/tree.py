"""Finds the files under a folder that match path patterns, and hashes them; follows no link to a folder."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearance.model import ClearanceError, glob

# What tools and the gate itself leave in a tree; never an input, whatever the pattern says.
EXCLUDED = frozenset(
    {
        ".git",
        ".clearance",
        ".venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    }
)
EXCLUDED_PATHS = frozenset({"build/clearance"})
_CHUNK = 1 << 20
_Segments = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or a link: its path relative to the root, and whether a pattern asked for it.

    None did for a link to a folder on the way: a tool could follow it, so the link itself counts.
    """

    path: str
    asked: bool


def find(root: str, patterns: Iterable[str]) -> tuple[Entry, ...]:
    """Every file and link under `root` that a pattern matches, sorted by path."""
    wanted = [(pattern, _segments(pattern)) for pattern in dict.fromkeys(patterns)]
    return tuple(sorted(_walk(root, "", wanted), key=lambda entry: entry.path))


def _segments(pattern: str) -> _Segments:
    """The pattern's folders; from the first on that cannot be matched by itself, `**` stands for all."""
    out: list[str] = []
    for segment in pattern.split("/"):
        if ("**" in segment and segment != "**") or segment.count("[") != segment.count("]"):
            return (*out, "**")
        out.append(segment)
    return tuple(out)


def _descend(segments: _Segments, name: str) -> list[_Segments]:
    """What is left of a pattern inside a folder of this name; [] where nothing below can match."""
    if not segments:
        return []
    if segments[0] == "**":
        return [segments, *_descend(segments[1:], name)]
    return [segments[1:]] if len(segments) > 1 and glob(segments[0]).match(name) else []


def _walk(root: str, folder: str, wanted: list[tuple[str, _Segments]]) -> Iterator[Entry]:
    try:
        with os.scandir(os.path.join(root, folder)) as scanned:
            entries = list(scanned)
    except OSError as error:
        raise ClearanceError(f"{folder or root} cannot be listed: {error.strerror}", "make it readable") from error
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.name in EXCLUDED or path in EXCLUDED_PATHS:
            continue
        if entry.is_dir(follow_symlinks=False):
            inside = [(pattern, rest) for pattern, now in wanted for rest in _descend(now, entry.name)]
            if inside:
                yield from _walk(root, path, list(dict.fromkeys(inside)))
        elif any(glob(pattern).match(path) for pattern in dict.fromkeys(pattern for pattern, _ in wanted)):
            yield Entry(path=path, asked=True)
        elif entry.is_symlink() and entry.is_dir() and any(_descend(now, entry.name) for _, now in wanted):
            yield Entry(path=path, asked=False)


def fingerprint(root: str, path: str) -> tuple[str, bytes]:
    """A file's mode as git has it, and the SHA-256 of its bytes; a link's, of its target and of the file that it names.

    Raises ClearanceError for what cannot be read, and for a pipe, a socket or a device: nobody can say what is in it.
    """
    full = os.path.join(root, path)
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            return "120000", _of_link(root, full)
        if stat.S_ISREG(mode):
            return "100755" if mode & stat.S_IXUSR else "100644", of_file(full)
    except OSError as error:
        raise ClearanceError(f"{path} cannot be read: {error.strerror}", "make it readable, or no input") from error
    raise ClearanceError(
        f"{path} is neither a file nor a link", "narrow the patterns of `inputs` so that they leave it out"
    )


def of_file(full: str) -> bytes:
    """Hash a file's bytes, whatever its size, in bounded memory."""
    digest = hashlib.sha256()
    fd = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        while data := os.read(fd, _CHUNK):
            digest.update(data)
    finally:
        os.close(fd)
    return digest.digest()


def _of_link(root: str, full: str) -> bytes:
    """Hash a link's target, and what is behind it where that lies inside the root; it is never followed out."""
    target = os.fsencode(os.readlink(full))
    real = os.path.realpath(full)
    top = os.path.realpath(root)
    inside = os.path.commonpath((top, real)) == top
    behind = b""
    if inside and os.path.isfile(real):
        behind = of_file(real)
    elif inside and os.path.isdir(real):
        behind = _of_folder(top, os.path.relpath(real, top))
    return hashlib.sha256(len(target).to_bytes(8, "big") + target + behind).digest()


def _of_folder(root: str, folder: str) -> bytes:
    """Hash all that lies in a folder, which a tool may reach by a link; a link in it counts by its target alone."""
    total = hashlib.sha256()
    entries = _walk(root, "" if folder == "." else folder, [("**", ("**",))])
    for path in sorted(entry.path for entry in entries):
        full = os.path.join(root, path)
        mode = os.lstat(full).st_mode
        content = os.fsencode(os.readlink(full)) if stat.S_ISLNK(mode) else b""
        content = of_file(full) if stat.S_ISREG(mode) else content
        for part in (os.fsencode(path), b"x" if mode & stat.S_IXUSR else b"", content):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.digest()
