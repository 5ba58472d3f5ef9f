"""Digests a Terraform configuration as Terraform Cloud unpacks it: from a repository's files, or from a tar archive.

The root is the root of the repository, as in a workspace that follows one, whatever its working folder: modules outside
of that folder are applied too. docs/reference/attestation.md defines the digest; a test vector pins it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from clearance.model import ClearanceError
from clearance.subject import ignoring, tar_headers

_HEAD = b"clearance configuration 1\n"
_LIMIT = 512 * 1024 * 1024
_MEMBERS = 100_000
_HINT = "let every file of the configuration be an ordinary file, or a link to one beside it"


class Member(NamedTuple):
    """A file of the configuration: its path below the root, POSIX; what it is; its bytes, or where a link points."""

    path: str
    kind: Literal["file", "executable", "link"]
    content: bytes


def digest(members: Iterable[Member]) -> str:
    """Digest the members, in whatever order they come. Raises ClearanceError for those that nobody may unpack."""
    seen: dict[bytes, bytes] = {}
    links: set[bytes] = set()
    for member in members:
        name = os.fsencode(_inside(member.path, "the file"))
        if name in seen:
            raise ClearanceError(f"the configuration holds {member.path!r} twice", _HINT)
        if member.kind == "link":
            links.add(name)
            target = posixpath.join(posixpath.dirname(member.path), os.fsdecode(member.content))
            _inside(target, f"the link {member.path!r} to")
        content = hashlib.sha256(member.content).hexdigest().encode()
        seen[name] = b"%d:%s %s %s\n" % (len(name), name, member.kind.encode(), content)
    for name in seen:
        if _behind(name, links):
            raise ClearanceError(f"the configuration holds {os.fsdecode(name)!r} behind a link", _HINT)
    return f"sha256:{hashlib.sha256(_HEAD + b''.join(seen[name] for name in sorted(seen))).hexdigest()}"


def of_files(root: Path, paths: Iterable[str]) -> str | None:
    """Digest those of a folder's files that its `.terraformignore` lets through; None where none is Terraform's.

    Raises ClearanceError for a file that is not there, a link that leads out, and what is neither file nor link.
    """
    rules = ignoring.Rules(_rules(root))
    kept = [path for path in paths if not rules.excludes(path)]
    if not any(path.endswith((".tf", ".tf.json")) for path in kept):
        return None
    return digest(_read(root, path) for path in kept)


def of_archive(file: BinaryIO, *, limit: int = _LIMIT, members: int = _MEMBERS) -> str:
    """Digest every member of a tar archive, however it is compressed, without unpacking it.

    Nothing is left out: what is unpacked is applied. Raises ClearanceError for an archive that is damaged, larger than
    `limit` bytes unpacked, of more than `members` members, that holds anything but files, folders and links inside, or
    that another program could read differently.
    """
    try:
        with tarfile.open(fileobj=file, mode="r|*", tarinfo=tar_headers.one_way()) as archive:
            return digest(_members(archive, limit, members))
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ClearanceError(f"the configuration's archive is damaged: {error}", "upload it again") from error


def _rules(root: Path) -> bytes | None:
    file = root / ignoring.FILE
    if file.is_symlink():
        raise ClearanceError(f"{ignoring.FILE} is a link, and who unpacks it may read another file", "make it a file")
    return file.read_bytes() if file.is_file() else None


def _read(root: Path, path: str) -> Member:
    try:
        mode = (root / path).lstat().st_mode
        if stat.S_ISLNK(mode):
            return Member(path, "link", os.fsencode((root / path).readlink()))
        if not stat.S_ISREG(mode):
            raise ClearanceError(f"{path!r} is neither a file nor a link", _HINT)
        return Member(path, "executable" if mode & stat.S_IXUSR else "file", (root / path).read_bytes())
    except OSError as error:
        raise ClearanceError(f"{path!r} of the configuration cannot be read: {error.strerror}", _HINT) from error


def _members(archive: tarfile.TarFile, limit: int, most: int) -> Iterator[Member]:
    total = 0
    for number, info in enumerate(archive, 1):
        tar_headers.check(archive, info)
        total += info.size
        if number > most or total > limit:
            raise ClearanceError(
                f"the configuration's archive is larger than {limit:,} bytes or {most:,} members", _HINT
            )
        path = posixpath.normpath(info.name)
        if info.isdir():
            continue
        if info.issym():
            yield Member(path, "link", os.fsencode(info.linkname))
        elif (file := archive.extractfile(info)) is not None:
            yield Member(path, "executable" if info.mode & stat.S_IXUSR else "file", file.read())


def _inside(path: str, what: str) -> str:
    normal = posixpath.normpath(path)
    if path.startswith("/") or normal in ("", ".", "..") or normal.startswith("../") or "\0" in path:
        raise ClearanceError(f"{what} {path!r} leads out of the configuration", _HINT)
    return normal


def _behind(name: bytes, links: set[bytes]) -> bool:
    """Whether a folder above it is a link."""
    folder = posixpath.dirname(name) if links else b""
    while folder and folder not in links:
        folder = posixpath.dirname(folder)
    return bool(folder)
