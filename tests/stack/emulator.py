"""AWS's Runtime Interface Emulator for the tests: fetched once, held against its digest, one invocation at a time.

The emulator is one file of the `aws-sam-cli` wheel (Apache-2.0), never a dependency, as it pins half of the world.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests.stack.lambda_support import HANDLERS

WHEEL = "aws-sam-cli==1.170.0"
FOLDER = Path(__file__).parents[2] / ".clearance" / "cache" / "emulator"
BINARIES = {
    "x86_64": ("aws-lambda-rie-x86_64", "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5"),
    "aarch64": ("aws-lambda-rie-arm64", "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21"),
}


@functools.cache
def binary() -> Path:
    """Find the emulator in the cache or fetch it; where that can't be done the test fails, and says what to do."""
    assert platform.system() == "Linux", "AWS's emulator, and so the conformance tests, run on Linux alone."
    name, digest = BINARIES[platform.machine()]
    path = FOLDER / f"{digest[:12]}-{name}"
    if not path.exists():
        _fetch(name, path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest == found, f"{path} is not the emulator of {WHEEL}: remove it and run the test again."
    return path


def _fetch(name: str, path: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        command = [*_installer(), "--no-deps", "--target", folder, WHEEL]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, (
            f"The conformance tests need {WHEEL} from the package index, once, and could not get it. "
            f"Give the machine access to an index, or put its file {name} at {path}.\n{done.stderr}"
        )
        source = Path(folder) / "samcli" / "local" / "rapid" / name
        source.chmod(0o755)
        source.replace(path)


def _installer() -> list[str]:
    """Choose uv where there is one, since its environments have no pip."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    return [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]


class Emulator:
    """A running emulator in front of one handler."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/2015-03-31/functions/function/invocations"

    def invoke(self, event: bytes) -> object:
        """Invoke the handler; the outcome as `lambda_support.told` says it, read out of the emulator's envelope."""
        answer = requests.post(self._url, event, timeout=60)
        if answer.text.startswith("Task timed out"):
            return "TimedOut"
        document = json.loads(answer.content)
        if isinstance(document, dict) and "errorType" in document:
            kinds = {"Runtime.ExitError": "ExitError", "Function.ResponseSizeTooLarge": "ResponseTooLarge"}
            return kinds.get(document["errorType"], "Unhandled" if answer.ok else "InitError")
        return document


@contextlib.contextmanager
def emulator(handler="sample.handler", *, environ=(), timeout_s=10):
    """Start an emulator and end it, with all that it started. Its time-out is in whole seconds."""
    ports = [_free_port() for _ in range(2)]
    addresses = [f"127.0.0.1:{port}" for port in ports]
    options = ("--runtime-interface-emulator-address", addresses[0], "--runtime-api-address", addresses[1])
    process = subprocess.Popen(
        [binary(), *options, sys.executable, "-m", "awslambdaric", handler],
        cwd=HANDLERS,
        env={"PATH": "/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s), **dict(environ)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(ports[0], process)
        yield Emulator(f"http://{addresses[0]}")
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        assert process.poll() is None, "The emulator did not start."
        assert time.monotonic() < end, "The emulator does not listen."
        time.sleep(0.01)
