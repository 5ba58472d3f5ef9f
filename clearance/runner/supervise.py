"""Started as a program of its own around each tool: sees it end, and lets nothing of it go on. Imports nothing of ours.

    python -I -S supervise.py STATUS_FD GRACE_S PROGRAM ARGUMENT...

Its standard input is its lifeline: when that closes, because the gate asks or has died, the tool is ended. On Linux it
is the "child subreaper" (prctl(2)), so that a daemon that detached itself becomes its child and is found. To STATUS_FD
it writes lines: `left PROGRAM` for each process that outlived the tool, then one of `exit CODE`, `signal NUMBER` or
`errno NUMBER` (the program could not be started).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

# <linux/prctl.h>
PR_SET_CHILD_SUBREAPER = 36
IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE)
LINGER_S = 1.0
HOPELESS_S = 5.0
NAMES = 10


def adopt_orphans() -> None:
    """Ask the kernel to hand this process each descendant whose parent dies; Linux alone can."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(argv: list[str], status: int) -> int:
    """Start the program in a session of its own, with nothing on its standard input; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.set_wakeup_fd(-1)
        for number in (*IGNORED, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.execv(argv[0], argv)
    except OSError as error:
        os.write(status, b"errno %d\n" % (error.errno or 0))
    finally:
        os._exit(127)


def end_of(pid: int) -> str:
    """How a program ended, "" while it runs; it stays a zombie, so that its group's number is not given away."""
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    if end is None:
        return ""
    return f"{'exit' if end.si_code == os.CLD_EXITED else 'signal'} {end.si_status}"


def await_end(pid: int, wake: int, seconds: float | None, *, lifeline: bool) -> str:
    """Wait until the program has ended, the seconds are over, or the lifeline closed; how it ended, "" otherwise."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        if end := end_of(pid):
            return end
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return ""
        ready, _, _ = select.select([wake, 0] if lifeline else [wake], [], [], left)
        if 0 in ready and not os.read(0, 1):
            return ""
        if wake in ready:
            os.read(wake, 4096)


def descendants() -> dict[int, str]:
    """Every living process below this one, with its program's name; from /proc, so on Linux alone."""
    parents: dict[int, tuple[int, str]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", "rb") as file:
                    program, _, rest = file.read().partition(b"(")[2].rpartition(b")")
                    state, parent = rest.split()[:2]
                    if state != b"Z":
                        parents[int(name)] = (int(parent), program.decode(errors="replace"))
    found: dict[int, str] = {}
    below = {os.getpid()}
    while below:
        below = {pid for pid, (parent, _) in parents.items() if parent in below and pid not in found}
        found |= {pid: parents[pid][1] for pid in below}
    return found


def reap() -> bool:
    """Collect every child that has ended; whether any child is left."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return True
    return False


def strike(group: int, number: int) -> None:
    """Send a signal to the program's whole group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def await_stragglers(group: int) -> list[str]:
    """Give what outlived the program a moment to end by itself (a resource tracker does); then name and kill it."""
    if sys.platform != "linux":
        strike(group, signal.SIGKILL)
    deadline = time.monotonic() + LINGER_S
    while reap() and time.monotonic() < deadline:
        time.sleep(0.01)
    left = sorted(descendants().values())
    sweep()
    return left


def sweep() -> None:
    """Kill every descendant, again and again, since one that forks may be quicker than one look at /proc.

    Whole groups first, which the kernel does at once: a process that keeps forking and ending cannot slip through.
    """
    deadline = time.monotonic() + HOPELESS_S
    while time.monotonic() < deadline:
        for pid in descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                group = os.getpgid(pid)
                if group != os.getpgrp():
                    os.killpg(group, signal.SIGKILL)
                os.kill(pid, signal.SIGKILL)
        if not reap():
            return
        time.sleep(0.005)


def main(status: int, grace: float, argv: list[str]) -> None:
    """Run the program to its end, or to ours."""
    os.set_inheritable(status, False)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    adopt_orphans()
    pid = start(argv, status)
    end = await_end(pid, wake, None, lifeline=True)
    if end:
        left = await_stragglers(pid)
        lines = [*(f"left {name}" for name in left[:NAMES]), end]
        os.write(status, "".join(f"{line}\n" for line in lines).encode(errors="replace"))
        return
    strike(pid, signal.SIGTERM)
    await_end(pid, wake, grace, lifeline=False)
    strike(pid, signal.SIGKILL)
    await_end(pid, wake, HOPELESS_S, lifeline=False)
    sweep()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
