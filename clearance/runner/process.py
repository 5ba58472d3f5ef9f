"""Runs one program under supervision, with an environment of its own, and keeps the head and the tail of its output."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from uuid import uuid4

from clearance.model import Json
from clearance.runner.remnants import TOKEN, kill_marked

GRACE_S = 2.0
HOPELESS_S = 15.0
HEAD = 16 * 1024
TAIL = 256 * 1024
_CHUNK = 64 * 1024
_TICK_S = 0.1
_PIECES = 64  # of _CHUNK each: no pipe holds more, and what escaped may go on writing
_SUPERVISOR = str(Path(__file__).with_name("supervise.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a program ended.

    Exactly one of these holds: `code` (it exited), `signal` (it was killed by one), `errno` (it could not be started),
    `timed_out`, `stopped` (the run was interrupted), `flooded` (its standard output grew past what is kept of it), or
    none (its supervisor was killed). `left` names the processes that outlived it. All of them are dead by now, unless
    `immortal` counts them.
    """

    output: str
    seconds: float
    code: int | None = None
    signal: int | None = None
    errno: int | None = None
    timed_out: bool = False
    stopped: bool = False
    flooded: bool = False
    left: tuple[str, ...] = ()
    immortal: int = 0


class Tape:
    """The first HEAD and the last TAIL bytes of an output of any length."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail: deque[bytes] = deque()
        self.kept = 0
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Add to the end."""
        room = HEAD - len(self.head)
        self.head += data[:room]
        if data[room:]:
            self.tail.append(data[room:])
            self.kept += len(data) - room
        while self.kept > TAIL + _CHUNK:
            oldest = self.tail.popleft()
            self.kept -= len(oldest)
            self.dropped += len(oldest)

    def text(self) -> str:
        """All that was kept, with a line that counts what was not."""
        tail = b"".join(self.tail)
        dropped = self.dropped + max(0, len(tail) - TAIL)
        gap = f"\n[... {dropped:,} bytes left out ...]\n" if dropped else ""
        return self.head.decode(errors="replace") + gap + tail[-TAIL:].decode(errors="replace")


class Spool:
    """An open file that takes in an output up to a limit, in bytes; `full` says that there was more, which is lost."""

    def __init__(self, fd: int, limit: int) -> None:
        self.fd = fd
        self.left = limit
        self.full = False

    def write(self, data: bytes) -> None:
        """Add to the end. Raises OSError where the disk is full."""
        self.full = self.full or len(data) > self.left
        view = memoryview(data)[: self.left]
        self.left -= len(view)
        while view:
            view = view[os.write(self.fd, view) :]


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    stop: Event,
    spool: Spool | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run a program until it ends, `timeout_s` is over or `stop` is set; afterwards nothing of it is alive.

    argv[0] is its path. Its standard output goes to the spool, where there is one, and ends it by filling that; all
    else that it prints becomes the outcome's output. `meanwhile` is called while it runs, ten times a second or more.
    Raises OSError where the supervisor itself cannot be started.
    """
    token = uuid4().hex
    status, status_w = os.pipe()
    command = [sys.executable, "-I", "-S", _SUPERVISOR, str(status_w), str(GRACE_S), *argv]
    began = time.monotonic()
    try:
        supervisor = subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, TOKEN: token},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if spool else subprocess.STDOUT,
            pass_fds=(status_w,),
            start_new_session=True,
        )
    except BaseException:
        os.close(status)
        raise
    finally:
        os.close(status_w)
    tape = Tape()
    try:
        with supervisor, contextlib.closing(_Watch(supervisor, status, tape, spool)) as watch:
            why = watch.until(began + timeout_s, stop, meanwhile)
            seconds = time.monotonic() - began
            late = watch.end()
    finally:
        os.close(status)
        immortal = kill_marked(token)
    return Outcome(output=tape.text(), seconds=seconds, immortal=immortal, **{**_parsed(watch.said), **(why or late)})


class _Watch:
    """Listens to a program's output and to its supervisor's status at once."""

    def __init__(self, supervisor: subprocess.Popen[bytes], status: int, tape: Tape, spool: Spool | None) -> None:
        self.supervisor, self.status, self.spool = supervisor, status, spool
        self.sinks: dict[int, Tape | Spool] = {}
        for stream, sink in ((supervisor.stdout, spool or tape), (supervisor.stderr, tape)):
            if stream is not None:
                self.sinks[stream.fileno()] = sink
        self.said = b""
        self.selector = selectors.DefaultSelector()
        for fd in (*self.sinks, status):
            os.set_blocking(fd, False)
            self.selector.register(fd, selectors.EVENT_READ)

    def close(self) -> None:
        self.selector.close()

    def until(self, deadline: float, stop: Event, meanwhile: Callable[[], None]) -> dict[str, bool]:
        """Listen until the supervisor is done, or a reason to end it is at hand; that reason."""
        while not stop.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return {"timed_out": True}
            if self._listen(min(left, _TICK_S)):
                return {}
            if self._flooded():
                return {"flooded": True}
            meanwhile()
        return {"stopped": True}

    def end(self) -> dict[str, bool]:
        """Let go of the lifeline, hear the supervisor out, and read what is left in the pipes, without waiting.

        Says so where that was too much.
        """
        assert self.supervisor.stdin is not None
        self.supervisor.stdin.close()
        hopeless = time.monotonic() + HOPELESS_S
        while not self._listen(_TICK_S):
            if time.monotonic() > hopeless:
                self.supervisor.kill()
        for fd in self.sinks:
            for _ in range(_PIECES):
                if not self._read(fd):
                    break
        return {"flooded": True} if self._flooded() else {}

    def _flooded(self) -> bool:
        return self.spool is not None and self.spool.full

    def _listen(self, seconds: float) -> bool:
        """Take in what has come; whether the supervisor is done."""
        for key, _ in self.selector.select(seconds):
            if key.fd in self.sinks:
                if self._read(key.fd) == b"":
                    self.selector.unregister(key.fd)
            elif data := os.read(self.status, 4096):
                self.said += data
            else:
                return True
        return False

    def _read(self, fd: int) -> bytes | None:
        """One piece of an output: None where there is none now, b"" at its end."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return None
        self.sinks[fd].write(data)
        return data


def _parsed(said: bytes) -> Json:
    """Read the supervisor's lines."""
    known = {"exit": "code", "signal": "signal", "errno": "errno"}
    out: Json = {}
    left = []
    for line in said.decode(errors="replace").splitlines():
        word, _, value = line.partition(" ")
        if word == "left":
            left.append(value)
        elif word in known and value.isdigit() and not out:
            out[known[word]] = int(value)
    return {**out, "left": tuple(left)}
