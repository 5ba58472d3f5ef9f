"""An emulator of AWS on loopback, in an environment of its own: made, started, asked, ended without a trace.

It is ministack, which listens on every interface unless told otherwise: the address is given, and looked at afterwards.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stack.errors import StackError
from stack.folders import ROOT, locked
from stack.serving import HOST
from stack.uv import run_uv

PINS: Final = Path(__file__).with_name("emulator.txt")
REGION: Final = "eu-central-1"
ACCOUNT: Final = "000000000000"
START_S: Final = 30.0
STOP_S: Final = 10.0
POLL_S: Final = 0.05
_LISTENS: Final = "0A"  # the state of a listening socket in /proc/net/tcp
_LOOPBACK: Final = ("0100007F", "00000000000000000000000001000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running emulator."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where all of its services answer."""
        return f"http://{HOST}:{self.port}"

    def api(self, api_id: str) -> str:
        """Where one HTTP API answers; by path, since a name below `localhost` does not resolve everywhere."""
        return f"{self.url}/_aws/execute-api/{api_id}/$default"


def environment(root: Path = ROOT) -> Path:
    """Return the folder of the emulator's programs; made when needed. Raises StackError if it cannot be fetched."""
    pins = PINS.read_bytes()
    digest = hashlib.sha256(pins + sys.version.encode()).hexdigest()[:12]
    folder = root / ".clearance" / "envs" / f"emulator-{digest}"
    with locked(root / ".clearance" / "locks" / "emulator"):
        if not (folder / "complete").exists():
            run_uv(["venv", "--quiet", "--clear", "--python", sys.executable, folder], root=root)
            python = folder / "bin" / "python"
            words: list[str | Path] = ["--no-deps", "--only-binary", ":all:", "--python", python, "--requirement", PINS]
            run_uv(["pip", "install", "--quiet", *words], root=root, environ={"UV_COMPILE_BYTECODE": "1"})
            (folder / "complete").touch()
    return folder / "bin"


@contextmanager
def emulator(programs: Path, scratch: Path, environ: Mapping[str, str]) -> Iterator[Emulator]:
    """Run one while the context lasts; `environ` is what its functions find beside their own variables."""
    port = _free_port()
    home = scratch / "emulator"
    home.mkdir()
    own = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",  # it would open a port of its own
        "DOCKER_HOST": f"unix://{home}/nowhere",
    }
    started = Emulator(port=port, log=home / "log")
    with started.log.open("wb") as log:
        process = subprocess.Popen(
            [programs / "ministack"],
            cwd=home,
            env={**own, **environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(process, started)
        _only_here(process.pid)
        yield started
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], started: Emulator) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(started.port):
        if process.poll() is not None or time.monotonic() > deadline:
            said = started.log.read_text(errors="replace").strip()[-1000:]
            raise StackError(
                f"The emulator of AWS did not start: {said or 'it says nothing'}",
                hint="These are its own words; .clearance/envs/emulator-* may be deleted, and is made anew.",
            )
        time.sleep(POLL_S)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _only_here(pid: int) -> None:
    """Make sure that nobody else's machine can reach any port of it, where the kernel lets us look."""
    held = _sockets(pid)
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
        for row in rows:
            heard = row[1].partition(":")[0]
            if row[3] == _LISTENS and row[9] in held and heard not in _LOOPBACK:
                raise StackError(
                    f"The emulator would listen for others too: {row[1]} in {table}.",
                    hint="Its environment says on what it listens: stack/rehearsal/emulator.py.",
                )


def _sockets(pid: int) -> set[str]:
    """Return the inodes of a process's sockets; none where there is no /proc."""
    inodes = set()
    for file in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            kind, _, inode = os.readlink(file).partition(":")
            if kind == "socket":
                inodes.add(inode.strip("[]"))
    return inodes
