"""How soon the run task acknowledges a signed request, as a program of its own; one after another and all at once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.measure import ROOT, Figure, SpoiltError, announce, ordinary, scratch
from clearance.attest import trust
from clearance.runtask.signature import HEADER, sign

ONE_BY_ONE = 500
AT_ONCE = 200
WARM_UP = 50
KEY = os.urandom(32).hex()
POLICY = '[check.unit]\nrun = ["true"]\nreport = "junit.xml"\nreader = "junit"\ninputs = ["*.py"]\n'


class Floor(BaseHTTPRequestHandler):
    """Answers 200 to everything: the callbacks of the run task, and what an acknowledgement costs at the very least."""

    def answer(self) -> None:
        """Take the body in and say 200."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing; a line a request would be measured along."""


for method in ("GET", "PATCH", "POST"):
    setattr(Floor, f"do_{method}", Floor.answer)


def measure() -> Iterator[Figure]:
    """Post signed requests over a new connection each, in turn with the bare server, then 200 of them at once."""
    with scratch() as folder, _floor() as floor, _served(folder) as url:
        for number in range(WARM_UP):
            _post(url, _body(f"warm-{number}", floor))
        ours, bare = [], []
        for number in range(ONE_BY_ONE):
            ours.append(_post(url, _body(f"one-{number}", floor)))
            bare.append(_post(floor, b"{}"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            together = list(pool.map(lambda n: _post(url, _body(f"all-{n}", floor)), range(AT_ONCE)))
    yield Figure(name="p50, one after another", value=_percentile(ours, 50), unit="ms", at_most=50)
    yield Figure(name="p99, one after another", value=_percentile(ours, 99), unit="ms", at_most=50)
    yield Figure(name="p50 / a bare server", value=_percentile(ours, 50) / _percentile(bare, 50), unit="x")
    yield Figure(name=f"p50 of {AT_ONCE} at once", value=_percentile(together, 50), unit="ms")
    yield Figure(name=f"p99 of {AT_ONCE} at once", value=_percentile(together, 99), unit="ms")


def _percentile(milliseconds: list[float], percent: int) -> float:
    return statistics.quantiles(milliseconds, n=100, method="inclusive")[percent - 1]


@contextlib.contextmanager
def _floor() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Floor)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The run task over a project with one check, whose trust file names a key that nobody has any more."""
    now = datetime.now(UTC).replace(microsecond=0)
    public = trust.identified(Ed25519PrivateKey.generate().public_key())
    entry = trust.entry(public, owner="bench", use=trust.Use.VERDICT, not_before=now, not_after=now + timedelta(days=1))
    (folder / "clearance.toml").write_text(POLICY, encoding="utf-8")
    (folder / trust.FILE).write_text(entry, encoding="utf-8")
    command = [sys.executable, "-m", "clearance", "runtask", "serve", "--state", str(folder / "state")]
    announce(command)
    env = ordinary(folder / "bytecode") | {
        "PYTHONPATH": str(ROOT),
        "CLEARANCE_RUNTASK_HMAC_KEY": KEY,
        "CLEARANCE_RUNTASK_HOSTS": "127.0.0.1",
    }
    with subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise SpoiltError("the run task did not start: run the command by hand")
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _body(name: str, elsewhere: str) -> bytes:
    """A request as Terraform Cloud sends it, of a run that cannot apply, so that it is answered without waiting."""
    return json.dumps(
        {
            "payload_version": 1,
            "stage": "pre_plan",
            "access_token": name,
            "capabilities": {"outcomes": True},
            "is_speculative": True,
            "organization_name": "example",
            "workspace_id": "ws-1",
            "workspace_name": "flights",
            "run_id": f"run-{name}",
            "run_created_at": datetime.now(UTC).isoformat(),
            "task_result_id": f"taskrs-{name}",
            "task_result_enforcement_level": "advisory",
            "task_result_callback_url": f"{elsewhere}/callback/{name}",
            "configuration_version_download_url": None,
        }
    ).encode()


def _post(url: str, body: bytes) -> float:
    """Send one signed request over a connection of its own; milliseconds until the answer is there."""
    where = urlsplit(url)
    start = time.perf_counter()
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        headers = {HEADER: sign(body, KEY.encode()), "content-type": "application/json"}
        connection.request("POST", where.path or "/", body, headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise SpoiltError(f"it was answered {answer.status}, not 200")
    return (time.perf_counter() - start) * 1000
