"""Finds the deployment under test: BASE_URL and its tokens, or a local stack, started and ended with the session."""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ("--flights", "2000")
START_S = 120.0
STOP_S = 20.0

TOKENS = {
    "flights:write": "TOKEN_FLIGHTS_WRITE",
    "flights:read": "TOKEN_FLIGHTS_READ",
    "canary:read": "TOKEN_CANARY_READ",
}
SAID = ("BASE_URL", "CONTROL_URL", *TOKENS.values())


class DeploymentError(Exception):
    """The deployment cannot be tested as it is; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token that does not show in a failure's output."""

    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where the service answers, and what was said about it: the variables of SAID, by name."""

    base_url: str
    said: Mapping[str, str] = field(repr=False)

    def token(self, scope: str) -> Token:
        """Return the token of one scope, or say which variable lacks."""
        value = self.said.get(TOKENS[scope], "")
        if not value:
            raise DeploymentError(
                f"{TOKENS[scope]} is not set, and this scenario needs a token with the scope {scope}: "
                "export it beside BASE_URL, or unset BASE_URL to have a local stack started"
            )
        return Token(value)

    def require(self, scopes: Iterable[str], *, control: bool) -> None:
        """Raise DeploymentError unless the tokens for these scopes, and the controls if asked for, are there."""
        for scope in scopes:
            self.token(scope)
        if control:
            _ = self.control_url

    @property
    def control_url(self) -> str:
        """Return the address of the local stack's controls."""
        url = self.said.get("CONTROL_URL", "")
        if not url:
            raise DeploymentError(
                "CONTROL_URL is not set, and this scenario breaks things through it, which only a local stack allows: "
                'leave these scenarios out with -m "not local"'
            )
        return url.rstrip("/")


@contextlib.contextmanager
def deployment(environ: Mapping[str, str], options: Sequence[str] = OPTIONS) -> Iterator[Deployment]:
    """Yield the deployment that BASE_URL names; without BASE_URL, start a local stack and end it afterwards.

    `options` are what `python -m stack up` is given.
    """
    url = environ.get("BASE_URL", "")
    if url:
        yield Deployment(base_url=url.rstrip("/"), said={name: environ.get(name, "") for name in SAID})
        return
    with local_stack(options) as local:
        yield local


@contextlib.contextmanager
def local_stack(options: Sequence[str], root: Path = ROOT) -> Iterator[Deployment]:
    """Start the stack that lies in `root`, and end it afterwards."""
    with _stack((sys.executable, "-m", "stack", "up", "--port", "0", *options), root) as said:
        yield Deployment(base_url=said["BASE_URL"].rstrip("/"), said=said)


@contextlib.contextmanager
def _stack(command: Sequence[str], root: Path) -> Iterator[Mapping[str, str]]:
    # It stays in this process group, so that whoever kills the test run's group kills the stack with it.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            said: Mapping[str, str] = {}
            try:
                said = _read_contract(process, log)
                yield said
            finally:
                _end(process, log)
        _expect_nobody(said)


def _read_contract(process: subprocess.Popen[str], log: IO[str]) -> Mapping[str, str]:
    if process.stdout is None:
        raise DeploymentError("the stack was started without a pipe for its output")
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_copy, args=(process.stdout, lines), daemon=True).start()
    said: dict[str, str] = {}
    deadline = time.monotonic() + START_S
    while not said.keys() >= set(SAID):
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise DeploymentError(f"the stack was not ready after {START_S:.0f} s; it said:\n{_tail(log)}") from None
        if not line:
            missing = ", ".join(name for name in SAID if name not in said)
            raise DeploymentError(f"the stack ended without having named {missing}; it said:\n{_tail(log)}")
        name, _, value = line.strip().partition("=")
        said[name] = value
    return said


def _copy(stdout: IO[str], lines: queue.SimpleQueue[str]) -> None:
    for line in stdout:
        lines.put(line)
    lines.put("")


def _end(process: subprocess.Popen[str], log: IO[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise DeploymentError(f"the stack still ran {STOP_S:.0f} s after SIGTERM; it said:\n{_tail(log)}") from None


def _expect_nobody(said: Mapping[str, str]) -> None:
    """See that nothing answers any more where the stack answered."""
    for url in filter(None, (said.get("BASE_URL"), said.get("CONTROL_URL"))):
        where = urlsplit(url)
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((where.hostname or "", where.port or 80), timeout=5).close()
            raise DeploymentError(f"the stack has ended, and yet somebody listens at {url}")


def _tail(log: IO[str]) -> str:
    log.flush()
    log.seek(0)
    return log.read()[-4000:]
