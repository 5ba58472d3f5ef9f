"""Locks between processes, by flock(2): waited for without blocking, so that an interrupted run need not wait on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

MACHINE = Path(tempfile.gettempdir()) / "clearance-machine.lock"
_TICK_S = 0.05


class InterruptedRunError(Exception):
    """The run was interrupted while something was waited for."""


class Lock:
    """An open lock file. `hold` and `share` wait until it is had, or raise InterruptedRunError once `stop` is set."""

    def __init__(self, path: Path, stop: Event, *, on_wait: Callable[[], None] = lambda: None) -> None:
        self._fd = _open(path)
        self._stop = stop
        self._on_wait = on_wait

    def hold(self) -> None:
        """Have it alone."""
        self._wait(fcntl.LOCK_EX)

    def share(self) -> None:
        """Have it together with others who share it."""
        self._wait(fcntl.LOCK_SH)

    def try_hold(self) -> bool:
        """Have it alone if nobody else has it now; whether so."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)

    def _wait(self, kind: int) -> None:
        waited = False
        while True:
            try:
                fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    self._on_wait()
                waited = True
                if self._stop.wait(_TICK_S):
                    raise InterruptedRunError from None
            else:
                return


def _open(path: Path) -> int:
    """Open a lock file that any user of the machine may open, made if need be; never through a link.

    It is first opened without O_CREAT, which in a sticky folder is denied for another user's file (proc_sys_fs(5),
    "protected_regular").
    """
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, flags)
    fd = os.open(path, flags | os.O_CREAT, 0o666)
    with contextlib.suppress(PermissionError):
        os.fchmod(fd, 0o666)
    return fd


@contextlib.contextmanager
def machine(
    stop: Event, *, alone: bool, path: Path = MACHINE, on_wait: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Have the machine: alone, which waits for every other run of anyone's to let go, or together with them."""
    with contextlib.closing(Lock(path, stop, on_wait=on_wait)) as lock:
        (lock.hold if alone else lock.share)()
        yield
