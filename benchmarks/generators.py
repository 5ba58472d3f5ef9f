"""Load generators against a static nginx: ours beside stock Locust, wrk, hey and artillery, in one run.

BENCH_FIRST=1 lets generator and server have their cores before anybody else (SCHED_RR, as root): for a machine that
is not quiet.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import ROOT, Figure, SpoiltError, announce, scratch, take_turns
from clearance import recording

SECONDS = 5
CORE = 0  # the generator's; nginx has the last one
CONFIG = """
daemon off; pid {folder}/pid; error_log /dev/null; worker_processes 1;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; keepalive_requests 1000000000;
server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }} }}
"""


@dataclass(frozen=True)
class Taken:
    """What a generator took: seconds of processor, of wall, and how many requests it made."""

    cpu: float
    wall: float
    requests: int
    output: str = ""

    @property
    def per_core(self) -> float:
        """Requests for each second of processor."""
        return self.requests / self.cpu

    @property
    def cost(self) -> float:
        """Seconds of processor for each request."""
        return self.cpu / self.requests


def measure() -> Iterator[Figure]:
    """Measure all of it; a tool that is not installed is named, not left out in silence."""
    if shutil.which("nginx", path=_path()) is None:
        raise SpoiltError("there is no nginx: apt-get install nginx-light wrk hey")
    print(f"  load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    with scratch() as folder, nginx(folder) as server:
        yield from rates(folder, server)
        yield from costs(server)
        yield from errors(folder, server)
        yield from freezes(folder, server)


@dataclass(frozen=True)
class Target:
    """The server: its address, and its process group."""

    url: str
    group: int


@contextmanager
def nginx(folder: Path) -> Iterator[Target]:
    """Run a static nginx on a core of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    command = [str(shutil.which("nginx", path=_path())), "-p", str(folder), "-c", str(config)]
    with subprocess.Popen(_pinned(command, (os.cpu_count() or 1) - 1), start_new_session=True) as process:
        try:
            _wait_for(port)
            yield Target(f"http://127.0.0.1:{port}", process.pid)
        finally:
            os.killpg(process.pid, signal.SIGCONT)
            process.terminate()


def rates(folder: Path, server: Target) -> Iterator[Figure]:
    """Requests for each second of the generator's processor, ten connections, as many as go."""
    subjects = {
        "stock Locust, FastHttpUser": lambda: locust(server, [], 10).per_core,
        "ours, recording": lambda: locust(server, ["--recording", str(folder / "r.zip")], 10, ours=True).per_core,
    }
    if wrk := shutil.which("wrk"):
        subjects["wrk"] = lambda: (
            _other([wrk, "-t1", "-c10", f"-d{SECONDS}s", server.url], r"(\d+) requests in").per_core
        )
    if hey := shutil.which("hey"):
        command = [hey, "-c", "10", "-z", f"{SECONDS}s", "-cpus", "1", server.url]
        subjects["hey"] = lambda: _other(command, r"\[200\]\s+(\d+) responses").per_core
    if artillery := shutil.which("artillery"):
        plan = folder / "plan.json"
        plan.write_text(_artillery_plan(server, 300), encoding="utf-8")
        subjects["artillery, 300 arrivals/s"] = lambda: (
            _other([artillery, "run", str(plan)], r"http\.codes\.200: \.* (\d+)\s*$").per_core
        )
    for name in ("wrk", "hey", "artillery"):
        if shutil.which(name) is None:
            print(f"  {name} is not installed here: no figure", flush=True)
    for name, figures in take_turns(3, subjects).items():
        yield Figure(name=f"requests a core-second: {name}", value=statistics.median(figures))


def costs(server: Target) -> Iterator[Figure]:
    """What recording costs of a processor for each request: see `generators_cost`."""
    command = [sys.executable, "-m", "benchmarks.generators_cost", server.url]
    done = subprocess.run(_pinned(command, CORE), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise SpoiltError(f"nothing was measured: {done.stderr[-2000:]}")
    for users, found in json.loads(done.stdout).items():
        stock = found.pop("stock")
        yield Figure(name=f"CPU of a request, stock Locust's {users}", value=stock, unit="us")
        for name, added in found.items():
            goal = 3 if name == "recorded" else None
            yield Figure(name=f"{users}, {name}: adds", value=added / stock * 100, unit="%", at_most=goal)


def errors(folder: Path, server: Target) -> Iterator[Figure]:
    """How late arrivals start for which a user stood ready."""
    for rate in (500, 1000):
        made = _scheduled(folder, server, rate, 10)
        late = (made.arrivals["started"] - made.arrivals["intended"])[made.arrivals["started"] >= 0] / 1e6
        achieved = len(late) / made.header.intended
        yield Figure(name=f"schedule error p50 at {rate}/s", value=float(np.percentile(late, 50)), unit="ms")
        yield Figure(name=f"schedule error p99 at {rate}/s", value=float(np.percentile(late, 99)), unit="ms", at_most=5)
        yield Figure(name=f"of the intended arrivals, at {rate}/s", value=achieved * 100, unit="%", at_least=98)
        cpu = float(np.percentile(made.pulse["cpu"], 95)) * 100
        yield Figure(name=f"the generator's CPU p95 at {rate}/s", value=cpu, unit="%")


def freezes(folder: Path, server: Target) -> Iterator[Figure]:
    """A server that stands still for 2 s of 20 s at 1,000 arrivals a second, as each generator tells it."""
    made = _scheduled(folder, server, 1000, 20, freeze=8)
    for percent in (50, 95, 99):
        p = float(np.percentile(made.latency_ms, percent))
        goal = 500 if percent == 95 else None
        yield Figure(name=f"frozen 2 s of 20 s: ours, p{percent}", value=p, unit="ms", at_least=goal)
    taken = locust(server, ["--json"], 20, seconds=20, pace=50, freeze=8)
    shown = json.loads(taken.output[taken.output.index("[\n") : taken.output.rindex("]") + 1])
    times = sorted((float(ms), count) for ms, count in shown[0]["response_times"].items())
    for percent in (50, 95, 99):
        yield Figure(name=f"frozen 2 s of 20 s: stock Locust, p{percent}", value=_percentile(times, percent), unit="ms")


def locust(
    server: Target,
    words: Sequence[str],
    users: int,
    *,
    ours: bool = False,
    seconds: int = SECONDS,
    pace: float = 0,
    freeze: float | None = None,
) -> Taken:
    """Run Locust on the generator's core; without `ours` it is stock Locust, which never sees this project."""
    given = ["--headless", "--only-summary", "--host", server.url, "-t", f"{seconds}s", "--loglevel", "WARNING"]
    many = ["-u", str(users), "-r", str(users)] if users else []
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/generators_users.py", *given, *many, *words]
    env = os.environ | {"PYTHONPATH": str(ROOT), "BENCH_CLEARANCE": "1" if ours else "", "BENCH_PACE": str(pace or "0")}
    with subprocess.Popen(
        _pinned(command, CORE),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        if freeze is not None:
            _freeze(server, freeze)
        output, _ = process.communicate(timeout=120)
    found = re.search(r"^BENCH (\S+) (\S+) (\d+)", output, re.MULTILINE)
    if found is None or not int(found[3]):
        raise SpoiltError(f"Locust made no requests: {output[-2000:]}")
    return Taken(float(found[1]), float(found[2]), int(found[3]), output)


def _scheduled(
    folder: Path, server: Target, rate: int, seconds: int, freeze: float | None = None
) -> recording.Recording:
    file = folder / f"{rate}.zip"
    words = ["--arrivals", f"constant:{rate}", "--recording", str(file)]
    locust(server, words, 0, ours=True, seconds=seconds, freeze=freeze)
    return recording.loads(file.read_bytes())


def _freeze(server: Target, after: float) -> None:
    time.sleep(after)
    os.killpg(server.group, signal.SIGSTOP)
    time.sleep(2)
    os.killpg(server.group, signal.SIGCONT)


def _other(command: Sequence[str], count: str) -> Taken:
    before = os.times()
    began = time.monotonic()
    done = subprocess.run(_pinned(command, CORE), capture_output=True, text=True, check=False, timeout=120)
    after = os.times()
    found = re.findall(count, done.stdout, re.MULTILINE)
    if not found:
        announce(command)
        raise SpoiltError(f"no count of requests in: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(cpu, time.monotonic() - began, int(found[-1]))


def _artillery_plan(server: Target, rate: int) -> str:
    phases = [{"duration": SECONDS, "arrivalRate": rate}]
    flow = [{"flow": [{"get": {"url": "/"}}]}]
    return json.dumps({"config": {"target": server.url, "phases": phases}, "scenarios": flow})


def _percentile(times: Sequence[tuple[float, int]], percent: float) -> float:
    left = sum(count for _, count in times) * percent / 100
    for ms, count in times:
        left -= count
        if left <= 0:
            return ms
    return times[-1][0]


def _pinned(command: Sequence[str], core: int) -> list[str]:
    first = ["chrt", "--rr", "10"] if os.environ.get("BENCH_FIRST") else []
    return ["taskset", "-c", str(core), *first, *command]


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SpoiltError("nginx did not start")
