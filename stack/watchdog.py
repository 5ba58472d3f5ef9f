"""The process that outlives its owner: ends a Postgres server and removes its folder when the owner is gone.

Run as `python -I -S watchdog.py FOLDER SCRATCH`. Standard input is a pipe that the owner holds open and never inherits
to anyone; end of file means that the owner has died, by whatever signal. A word on the pipe means that it went in
order, and that nothing is left to do. Knows the standard library alone, so that it starts in a few milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 10.0


def find_postmaster(folder: Path) -> int | None:
    """The process id of the server that runs in `folder`, None where none does.

    `postmaster.pid` alone would do for a server that ended well; after a crash its number may be anybody's, so that
    the process must also name the folder in its arguments.
    """
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    arguments = ""
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):  # there is no such process, or none any more
            arguments = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    else:
        arguments = _ask_ps("-o", "args=", "-p", str(pid))
    return pid if str(folder / "data") in arguments else None


def find_children(pid: int) -> list[int]:
    """The process ids of the children of a process."""
    statuses = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            statuses.append(file.read_text(errors="replace"))
    # A name in brackets, which may hold anything, is followed by the state and the parent: proc_pid_stat(5).
    pairs = [(status.split()[0], status.rpartition(")")[2].split()[1]) for status in statuses]
    if not pairs:
        pairs = [(line.split()[0], line.split()[1]) for line in _ask_ps("-eo", "pid=,ppid=").splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def _ask_ps(*arguments: str) -> str:
    """Ask `ps`, where there is no /proc."""
    ps = shutil.which("ps") or "/bin/ps"
    return subprocess.run([ps, *arguments], capture_output=True, text=True, check=False).stdout


def end(folder: Path) -> None:
    """Ask the server in `folder`, if there is one, to stop at once, and insist after ten seconds."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE_S
        pid = find_postmaster(folder)
        with contextlib.suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, number)
        while find_postmaster(folder) is not None and time.monotonic() < deadline:
            time.sleep(0.01)


def main(folder: Path, *, scratch: bool) -> None:
    """Wait for the owner's word or its death."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read():
        return
    end(folder)
    if scratch:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), scratch=sys.argv[2] == "scratch")
