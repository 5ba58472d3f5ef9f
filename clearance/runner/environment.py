"""Makes a dependency group's locked environment with uv on first use, and keeps it from being taken away while used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from clearance.model import Check, ClearanceError
from clearance.runner import ambient, process
from clearance.runner.flock import InterruptedRunError, Lock
from clearance.runner.lock import Locked, normalised

TIMEOUT_S = 900.0
_READY = ".clearance-ready"
_LINES = 6


class UnpreparedError(ClearanceError):
    """A group's environment cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where environments are made: the repository, the caller's variables (uv needs proxy, index and certificates)."""

    root: Path
    environ: Mapping[str, str]
    stop: Event = field(default_factory=Event)


def own_folder(root: Path) -> Path:
    """Clearance's folder in the repository, made if need be, and ignored by git. Raises ClearanceError."""
    folder = root / ".clearance"
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(exist_ok=True)
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ClearanceError(f"{folder} cannot be written: {error.strerror}", "make the folder writable") from error
    return folder


@contextlib.contextmanager
def of(
    check: Check, locked: Locked, workplace: Workplace, *, on_make: Callable[[], None] = lambda: None
) -> Iterator[Path]:
    """Give the folder of the programs in the check's environment, made if need be; nobody deletes it meanwhile.

    Raises UnpreparedError with uv's last words where it cannot be made, InterruptedRunError on `workplace.stop`.
    """
    folder = own_folder(workplace.root) / "envs"
    folder.mkdir(exist_ok=True)
    folder = folder.resolve()  # programs name their Python by its path: it must outlive whoever links to this folder
    family = normalised(check.group or "") + ("+project" if check.project else "")
    made_of = f"{locked.digest} {sys.executable} {platform.python_version()}"
    target = folder / f"{family}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    with contextlib.closing(Lock(_lock_of(target), workplace.stop)) as lock:
        lock.share()
        while not _ready(target, locked):
            lock.hold()
            if not _ready(target, locked):
                on_make()
                _make(check, target, workplace, locked)
                _discard_others(folder, family, target, workplace.stop)
            # giving up the exclusive lock for a shared one is not atomic: look again
            lock.share()
        yield target / "bin"


def _lock_of(target: Path) -> Path:
    return target.with_name(target.name + ".lock")


def _ready(target: Path, locked: Locked) -> bool:
    """Whether it was made here and to its end, its Python is there, and nobody has changed its versions."""
    try:
        here = (target / _READY).read_text("utf-8") == str(target)
    except (OSError, UnicodeDecodeError):
        return False
    return here and (target / "bin" / "python").exists() and not _strays(target, locked)


def _strays(target: Path, locked: Locked) -> list[str]:
    """The packages in an environment that are of another version than the lock says (PyPA, "Installed packages")."""
    found = (folder.name.removesuffix(".dist-info") for folder in target.glob("lib/python*/site-packages/*.dist-info"))
    return sorted(each for each in found if "-" in each and locked.contradicts(*each.rsplit("-", 1)))


def _make(check: Check, target: Path, workplace: Workplace, locked: Locked) -> None:
    shutil.rmtree(target, ignore_errors=True)
    beside = shutil.which("uv", path=ambient.search_path(workplace.environ))
    if beside is None:
        raise UnpreparedError(
            f"uv is not there to make the environment of the group {check.group!r}",
            "install it: `python -m pip install uv`, or run `make` once",
        )
    group = [*(["--no-default-groups", "--group"] if check.project else ["--only-group"]), str(check.group)]
    outcome = process.run(
        [beside, "sync", "--locked", *group, "--no-progress", "--color", "never", "--python", sys.executable],
        cwd=workplace.root,
        env=_for_uv(workplace.environ, target),
        timeout_s=TIMEOUT_S,
        stop=workplace.stop,
    )
    if outcome.stopped:
        raise InterruptedRunError
    if outcome.code != 0:
        shutil.rmtree(target, ignore_errors=True)
        words = " / ".join(line.strip() for line in outcome.output.splitlines()[-_LINES:] if line.strip())
        how = "took too long" if outcome.timed_out else "failed"
        raise UnpreparedError(
            f"`uv sync` {how} for the group {check.group!r}: {words}",
            f"try it by hand: `uv sync --locked {' '.join(group)}`; it needs the network once, "
            "or a filled cache, and a uv.lock that fits pyproject.toml (`uv lock`)",
        )
    if strays := _strays(target, locked):
        shutil.rmtree(target, ignore_errors=True)
        raise UnpreparedError(
            f"uv.lock does not say what it installs: {', '.join(strays)}", "write it anew: `rm uv.lock && uv lock`"
        )
    (target / _READY).write_text(str(target), "utf-8")


def _for_uv(environ: Mapping[str, str], target: Path) -> dict[str, str]:
    """The caller's whole environment, but for the virtual environment that happens to be active there."""
    kept = {name: value for name, value in environ.items() if name not in {"VIRTUAL_ENV", "UV_FROZEN", "UV_NO_SYNC"}}
    return {"PATH": os.defpath, **kept, "UV_PROJECT_ENVIRONMENT": str(target)}


def _discard_others(folder: Path, family: str, kept: Path, stop: Event) -> None:
    """Delete the same group's older, unused environments; their lock files stay, since others may have them open."""
    for old in folder.iterdir():
        if old != kept and old.is_dir() and re.fullmatch(re.escape(family) + "-[0-9a-f]{12}", old.name):
            with contextlib.closing(Lock(_lock_of(old), stop)) as lock:
                if lock.try_hold():
                    shutil.rmtree(old, ignore_errors=True)
