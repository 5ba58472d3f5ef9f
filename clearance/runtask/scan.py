"""Checkov over one plan after another in a warm child process: evidence, or what kept it from seeing.

Checkov takes seconds to import and tenths of one to scan. The child has its own environment and none of our variables;
it is killed, with all that it started, when it takes too long, and replaced after a number of plans. The plan lies in a
private folder while it is scanned. Of what Checkov says only rule, words and address are taken in: see the reader.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Self

from clearance.model import Evidence, Materials, Reading, Subject, UnreadableError
from clearance.readers import checkov, checkov_log
from clearance.readers.checkov_inputs import own_checks

CHECK = "checkov"
_CHILD = Path(__file__).with_name("scan_child.py")
_START_S = 120.0
_REPORT, _LOG, _CHECKS, _PLAN = "results_json.json", "checkov.log", "checks.txt", "plan.json"


class _BrokenError(Exception):
    """The child did not answer; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where Checkov is: the Python of its environment, and the folder of our own checks."""

    python: Path
    checks: Path


class Scanner:
    """One child, which scans one plan at a time; whoever comes meanwhile waits. Close it, or use it in `with`."""

    def __init__(self, installed: Installed, *, timeout_s: float = 300.0, plans: int = 50) -> None:
        self._installed = installed
        self._timeout_s, self._plans = timeout_s, plans
        self._lock = Lock()
        self._home = tempfile.TemporaryDirectory(prefix="clearance-scan-")
        self._child: subprocess.Popen[bytes] | None = None
        self._left = 0
        self._own = _own(installed.checks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child, and leave nothing behind."""
        with self._lock:
            self._end()
            self._home.cleanup()

    def warm(self) -> None:
        """Start the child now, so that the first plan need not wait; where it can't, the first scan says why."""
        with self._lock, contextlib.suppress(_BrokenError, OSError):
            self._start()

    @property
    def pid(self) -> int | None:
        """The process id of the child, or None where there is none."""
        return self._child.pid if self._child else None

    def scan(self, plan: bytes) -> Evidence:
        """Scan a plan's JSON; what went wrong is among the evidence's problems, and then the next scan begins anew."""
        with self._lock:
            started, begun = datetime.now(UTC), time.monotonic()
            reading = self._read(plan)
            return Evidence(
                check=CHECK,
                subject=Subject(),
                inputs_digest=self._digest(),
                started=started,
                seconds=time.monotonic() - begun,
                **{name: getattr(reading, name) for name in Reading.__slots__},
            )

    def _read(self, plan: bytes) -> Reading:
        try:
            with tempfile.TemporaryDirectory(prefix="plan-", dir=self._home.name) as name:
                folder = Path(name)
                (folder / _PLAN).write_bytes(plan)
                self._ask(folder)
                return _read(folder, self._own)
        except (_BrokenError, OSError) as error:
            self._end()
            why = error if isinstance(error, _BrokenError) else f"{type(error).__name__}"
            return Reading(reach=0, unit="resources", problems=(f"checkov did not look at the plan: {why}",))

    def _ask(self, folder: Path) -> None:
        child = self._start()
        if child.stdin is None:
            raise _BrokenError("its child process cannot be spoken to")
        child.stdin.write(f"{folder}\n".encode())
        child.stdin.flush()
        answer = _line(child, self._timeout_s)
        self._left -= 1
        if self._left <= 0:
            self._end()
        if answer != "0":
            raise _BrokenError(f"the scan ended with {answer}")

    def _start(self) -> subprocess.Popen[bytes]:
        """Give the child, a new one where there is none or it has ended."""
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        empty = Path(self._home.name) / "home"
        empty.mkdir(exist_ok=True)
        self._child = subprocess.Popen(
            [str(self._installed.python), str(_CHILD), str(self._installed.checks.resolve())],
            cwd=empty,  # Checkov takes settings from the folder that it is in, and from its home
            env=_environment(self._installed.python, empty),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._left = self._plans
        if _line(self._child, _START_S) != "ready":
            raise _BrokenError("it does not start")
        return self._child

    def _end(self) -> None:
        """Kill the child and whatever it started."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _digest(self) -> str:
        total = hashlib.sha256(_CHILD.read_bytes())
        for path, content in sorted(self._own.items()):
            total.update(hashlib.sha256(path.encode()).digest() + hashlib.sha256(content).digest())
        return f"sha256:{total.hexdigest()}"


def _environment(python: Path, home: Path) -> dict[str, str]:
    """All that the child is told; nothing of what this process knows is among it."""
    return {
        "PATH": f"{python.parent}:{os.defpath}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _line(child: subprocess.Popen[bytes], timeout_s: float) -> str:
    """Read a line of the child's within the time; _BrokenError where there is none."""
    if child.stdout is None:
        raise _BrokenError("its child process cannot be heard")
    end, said = time.monotonic() + timeout_s, b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            if not selector.select(max(0.0, end - time.monotonic())):
                raise _BrokenError(f"it took longer than {timeout_s:g} s")
            more = os.read(child.stdout.fileno(), 1024)
            if not more:
                raise _BrokenError("its child process ended")
            said += more
    return said.decode("ascii", "replace").strip()


def _read(folder: Path, own: Mapping[str, bytes]) -> Reading:
    """Read what the scan left: the report, the log, and whether our own checks were there at all."""
    aside = Materials(root=str(folder / "nowhere"))  # so that the plan's own place is that of no finding
    try:
        reading = checkov.read((folder / _REPORT).read_bytes(), aside) if (folder / _REPORT).exists() else None
        log = checkov_log.read((folder / _LOG).read_bytes(), aside)
        loaded = set((folder / _CHECKS).read_text("utf-8").split()) if (folder / _CHECKS).exists() else set()
    except (UnreadableError, OSError) as error:
        raise _BrokenError("it left no report that can be read") from error
    if reading is None:
        raise _BrokenError("; ".join(("it left no report", *log.problems)))
    return replace(reading, problems=(*reading.problems, *log.problems, *_absent(own, loaded)))


def _absent(own: Mapping[str, bytes], loaded: set[str]) -> Iterator[str]:
    named, unreadable = own_checks(own)
    yield from unreadable
    for rule, path in sorted(named.items()):
        if rule not in loaded:
            yield f"our own check {rule} ({path}) was not loaded: see that an __init__.py lies beside it"


def _own(folder: Path) -> dict[str, bytes]:
    """Our own checks by name; what begins with an underscore is none."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith("_"))
    return {path.name: path.read_bytes() for path in files}
