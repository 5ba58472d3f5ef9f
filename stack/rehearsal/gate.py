"""The run task as a program, `clearance runtask serve`, started, started again and ended."""

from __future__ import annotations

import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from stack.errors import StackError
from stack.folders import ROOT
from stack.rehearsal.subject import Subject

START_S: Final = 60.0
STOP_S: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Gate:
    """A run task on loopback. Started again it goes on where it was, at the same URL."""

    words: Sequence[str | Path]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    url: str = ""
    _process: subprocess.Popen[str] | None = None

    def start(self, more: Mapping[str, str] | None = None) -> None:
        """Start, with some more variables, and return once it says where it listens."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CLEARANCE_RUNTASK_")}
        port = self.url.rstrip("/").rpartition(":")[2] or "0"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.words, "--port", port],
                cwd=self.folder,
                env={**inherited, **self.environ, "CLEARANCE_RUNTASK_HMAC_KEY": self.key, **(more or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout
        self.url = self._heard(self._process, self._process.stdout)

    def stop(self) -> None:
        """End it, as its operator would; not there is fine."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def _heard(self, process: subprocess.Popen[str], out: IO[str]) -> str:
        deadline = time.monotonic() + START_S
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                line = out.readline()
                if not line:
                    break
                if (at := line.find("http://")) >= 0:
                    return line[at:].split()[0]
        self.stop()
        said = self.log.read_text(errors="replace").strip()[-800:]
        raise StackError(f"`clearance runtask serve` does not serve: {said or 'it says nothing'}")


@contextmanager
def gate(subject: Subject, project: Path, origins: Sequence[str]) -> Iterator[Gate]:
    """Serve for a stand-in's origins while the context lasts.

    `project` holds the policy, the trust file and our own Checkov checks; the shelf is the subject's.
    """
    running = Gate(
        words=[sys.executable, "-m", "clearance", "runtask", "serve", "--state", project / "state"],
        environ={
            "PYTHONPATH": str(ROOT),
            "CLEARANCE_RUNTASK_PROJECT": str(project),
            "CLEARANCE_RUNTASK_SHELF": str(subject.shelf),
            "CLEARANCE_RUNTASK_HOSTS": ",".join(origins),
            "CLEARANCE_RUNTASK_CHECKOV_PYTHON": str(subject.checkov()),
        },
        folder=project,
        log=project / "gate.log",
    )
    running.start()
    try:
        yield running
    finally:
        running.stop()
