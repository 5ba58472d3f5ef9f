"""How the stack calls uv: found beside the interpreter or on PATH, its complaint passed on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.errors import StackError

_running: set[subprocess.Popen[str]] = set()


def stop_uv() -> None:
    """End every uv that runs, for one whose answer nobody waits for any more: its caller gets a StackError."""
    for uv in tuple(_running):
        uv.terminate()


def find_uv() -> Path:
    """The uv that started us (`UV`), else the one beside the interpreter, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    for candidate in (os.environ.get("UV"), beside, shutil.which("uv")):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise StackError("uv is not to be found.", hint="`make` installs it into .venv; or `pip install uv`.")


def _own_cache(root: Path) -> dict[str, str]:
    """Where uv caches if it cannot do so at home, and nobody has said where else."""
    if {"UV_CACHE_DIR", "XDG_CACHE_HOME"} & set(os.environ):
        return {}
    usual = Path(os.environ.get("HOME") or "~").expanduser() / ".cache" / "uv"
    try:
        usual.mkdir(parents=True, exist_ok=True)
        writable = os.access(usual, os.W_OK)
    except OSError:
        writable = False
    return {} if writable else {"UV_CACHE_DIR": os.fspath(root / ".clearance" / "cache" / "uv")}


def run_uv(arguments: Sequence[str | Path], *, root: Path, environ: Mapping[str, str] | None = None) -> str:
    """Run uv in `root` and return what it prints; StackError carries what it said if it fails."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PYTHON")}
    scratch = root / ".clearance" / "tmp"  # uv leaves its locks there
    scratch.mkdir(parents=True, exist_ok=True)
    uv = subprocess.Popen(
        [find_uv(), *arguments],
        cwd=root,
        env={**inherited, **_own_cache(root), "TMPDIR": os.fspath(scratch), "UV_NO_PROGRESS": "1", **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _running.add(uv)
    try:
        printed, said = uv.communicate()
    finally:
        _running.discard(uv)
    if uv.returncode:
        raise StackError(
            f"`uv {' '.join(map(str, arguments[:2]))}` failed: {said.strip()}",
            hint="If the package index was out of reach, try again; if the lock is out of date, `uv lock`.",
        )
    return printed
