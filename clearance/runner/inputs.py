"""Digests everything that a check's evidence depends on, and hands a reader the input files when it asks for them."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import clearance
from clearance.model import Check, ClearanceError, Inputs, PolicyError
from clearance.runner import ambient, tree
from clearance.runner import lock as locks

_NAMED = 3


class Files(Mapping[str, bytes]):
    """Input files by path, relative to the root and POSIX, each read when it is asked for; KeyError for any other."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self._root = root
        self._paths = dict.fromkeys(paths)

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        full = (self._root / path).resolve()
        if not full.is_relative_to(self._root.resolve()) or not full.is_file():
            raise KeyError(path)
        return full.read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Framed:
    """A SHA-256 over named lists of byte strings, each preceded by its length, so that no two contents look alike."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, name: str, *values: str | bytes) -> None:
        """Take in a name, how many values it has, and each of them."""
        self._hash.update(b"%d:%s%d;" % (len(name.encode()), name.encode(), len(values)))
        for value in values:
            data = os.fsencode(value) if isinstance(value, str) else value
            self._hash.update(b"%d:" % len(data))
            self._hash.update(data)

    def digest(self) -> str:
        """`sha256:` and 64 hexadecimal digits."""
        return f"sha256:{self._hash.hexdigest()}"


def gather(
    check: Check, *, root: Path, lock: str | None, environ: Mapping[str, str], arguments: tuple[str, ...] = ()
) -> Inputs:
    """Digest what the check's evidence depends on, and list its input files, sorted.

    `lock` is the text of uv.lock; `arguments` are what the person at the terminal added to the command. A pattern that
    matches nothing is no error here: the reach tells. Raises PolicyError for a configuration file or a dependency group
    that is not there, ClearanceError for an input that cannot be read.
    """
    entries = tree.find(str(root), check.inputs)
    framed = Framed()
    for entry in entries:
        framed.add("input", entry.path, *tree.fingerprint(str(root), entry.path))
    _add_configuration(framed, check, root)
    framed.add("run", *check.run)
    framed.add("arguments", *arguments)
    for name, value in sorted(check.env.items()):
        framed.add("env", name, value)
    for name in sorted(set(check.env_from)):
        framed.add("env from", name, *([environ[name]] if name in environ else []))
    _add_tool(framed, check, root, lock, environ)
    for report in check.reports:
        framed.add("report", report.file, report.reader)
    framed.add("stdout", *([check.stdout] if check.stdout else []))
    framed.add("clearance", clearance.__version__, _own_source())
    framed.add("python", platform.python_implementation(), platform.python_version(), sys.platform, platform.machine())
    return Inputs(digest=framed.digest(), paths=tuple(entry.path for entry in entries if entry.asked))


def unsettled(
    check: Check, inputs: Inputs, *, root: Path, environ: Mapping[str, str], arguments: tuple[str, ...]
) -> str:
    """What is wrong where a check's inputs are not what they were before its tool ran; "" where they are.

    Evidence of a file that was changed meanwhile would be found again, once the file is changed back.
    """
    try:
        now = gather(check, root=root, lock=lock_text(root), environ=environ, arguments=arguments)
    except ClearanceError as error:
        return f"its inputs could not be read again after it ran: {error}"
    if now.digest == inputs.digest:
        return ""
    differing = sorted(set(now.paths) ^ set(inputs.paths))
    which = f" ({', '.join(differing[:_NAMED])} came or went)" if differing else ""
    return (
        f"its inputs changed while it ran{which}: leave the files alone meanwhile, and let nothing write among them; "
        "then run it again"
    )


def _add_configuration(framed: Framed, check: Check, root: Path) -> None:
    """Take in each file that the tool reads as its configuration and the SLO file: they must be there."""
    for path in sorted({*check.config, *([check.slo] if check.slo else [])}):
        if not (root / path).is_file():
            raise PolicyError(
                f"check {check.name!r} names the file {path}, which is not there",
                "create it, or take it out of the check in the policy",
            )
        framed.add("slo" if path == check.slo else "config", path, *tree.fingerprint(str(root), path))


def _add_tool(framed: Framed, check: Check, root: Path, lock: str | None, environ: Mapping[str, str]) -> None:
    """Take in which tool it is: what its group is locked to, else the program that PATH offers."""
    if check.group is None:
        name = check.run[0]
        program = str(root / name) if "/" in name else shutil.which(name, path=ambient.path_of(check, environ))
        framed.add("program", tree.of_file(program) if program and Path(program).is_file() else b"")
        return
    framed.add("lock", locked(check, lock).digest, "with the project" if check.project else "alone")


def lock_text(root: Path) -> str | None:
    """Read uv.lock, if there is one. Raises PolicyError where it is no text."""
    lock = root / "uv.lock"
    try:
        return lock.read_text("utf-8") if lock.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"uv.lock cannot be read: {error}", "write it anew with `uv lock`") from error


def locked(check: Check, lock: str | None) -> locks.Locked:
    """What the check's group is locked to. Raises PolicyError where there is no lock, or the lock has no such group."""
    if lock is None or check.group is None:
        raise PolicyError(
            f"check {check.name!r} runs in the dependency group {check.group!r}, but there is no uv.lock",
            "run `uv lock` and commit uv.lock",
        )
    return locks.closure(lock, check.group, project=check.project)


@functools.cache
def _own_source() -> bytes:
    """The digest of Clearance's own modules: another reading of the same report is other evidence."""
    root = Path(clearance.__file__).parent
    framed = Framed()
    for entry in tree.find(str(root), ("**/*.py",)):
        framed.add("module", entry.path, *tree.fingerprint(str(root), entry.path))
    return framed.digest().encode()
