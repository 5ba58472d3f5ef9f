"""The real locust, as a process of its own, with a locustfile of `users`, and what it recorded."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clearance import recording
from tests.load_generator.server import Server

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATIENCE = 120


@dataclass
class Started:
    """A run under way."""

    process: subprocess.Popen[str]
    file: Path

    def finish(self) -> Finished:
        """Wait for its end."""
        try:
            out, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, _ = self.process.communicate()
        return Finished(self.process.returncode, out, self.file)


@dataclass
class Finished:
    """A run that is over: its exit code, both streams, and where its recording should be."""

    code: int
    output: str
    file: Path

    @property
    def recording(self) -> recording.Recording:
        """What it recorded."""
        assert self.file.exists(), self.output
        return recording.loads(self.file.read_bytes())


def free_port() -> int:
    """Find a port that nobody listens on, among those that no system gives out by itself before it is used."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def locust(
    *words: str,
    users: str = "users/plain.py",
    more: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start locust with a locustfile of ours, by way of another program where one is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST", "CLEARANCE"))}
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "locust", "-f", users, "--only-summary", *words],
        cwd=HERE,
        env={**kept, "PYTHONPATH": str(ROOT), **(more or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start(
    target: Server | str,
    file: Path,
    *words: str,
    users: str = "users/plain.py",
    more: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Started:
    """Start a run against a server, without Locust's page."""
    host = target if isinstance(target, str) else target.url
    given = ("--headless", "--host", host, "--recording", str(file), *words)
    return Started(locust(*given, users=users, more=more, prefix=prefix), file)


def run(
    target: Server | str,
    file: Path,
    *words: str,
    users: str = "users/plain.py",
    more: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Finished:
    """Run locust against a server, to its end."""
    return start(target, file, *words, users=users, more=more, prefix=prefix).finish()
