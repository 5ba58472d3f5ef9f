"""A load run of 1,000,000 samples, from the recording to `verdict.json`, each time in a fresh process."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.measure import MEBI, ROOT, Figure, SpoiltError, Usage, announce, ordinary, run, scratch, take_turns
from clearance.recording import Header, Recording, Route, Worker, dumps, table

REQUESTS: Final = 1_000_000
SECONDS: Final = 500
ROUTES: Final = 6
SEED: Final = 20_261_124
ROUNDS: Final = 5
NANO: Final = 1_000_000_000
POLICY: Final = """
[check.load]
run = ["cp", {report}, "{{report}}"]
report = "load.zip"
reader = "load"
slo = "slo.yaml"
inputs = ["clearance.toml"]
"""
LOADING: Final = "import sys, numpy; z = numpy.load(sys.argv[1]); [z[name] for name in z.files]"


def measure() -> Iterator[Figure]:
    """Let `clearance run` read and judge the recording against our own levels, beside `numpy.load` of all its columns.

    The check's command copies the recording to where it belongs; what that takes is subtracted, for the clock starts
    when the file is there.
    """
    with scratch() as folder:
        report, project = folder / "made.zip", folder / "project"
        report.write_bytes(dumps(_recording()))
        project.mkdir()
        (project / "clearance.toml").write_text(POLICY.format(report=json.dumps(str(report))), "utf-8")
        (project / "slo.yaml").write_bytes((ROOT / "load" / "slo.yaml").read_bytes())
        print(f"  {report.stat().st_size / 1e6:.0f} MB, {REQUESTS:,} requests joined to as many lines, seed {SEED}")
        gate = [sys.executable, "-m", "clearance", "run", "--no-cache", "--only", "load"]
        load = [sys.executable, "-c", LOADING, str(report)]
        announce(gate)
        announce(load)
        env = ordinary(folder / "bytecode")
        env["PYTHONPATH"] = str(ROOT)
        taken: dict[str, list[Usage]] = {"gate": [], "load": []}

        def judge() -> float:
            taken["gate"].append(run(gate, cwd=project, env=env))
            return taken["gate"][-1].wall - _copying(
                project / "build" / "clearance" / "verdict.json", taken["gate"][-1]
            )

        def unpack() -> float:
            taken["load"].append(run(load, env=env))
            return taken["load"][-1].wall

        judge()  # once for the bytecode
        taken["gate"].clear()
        walls = take_turns(ROUNDS, {"gate": judge, "load": unpack})
    gate_s, load_s = (statistics.median(walls[name]) for name in ("gate", "load"))
    yield Figure(name="numpy.load", value=load_s, unit="s")
    yield Figure(name="recording to verdict.json and the pages", value=gate_s, unit="s", at_most=3)
    yield Figure(name="the same, processor time", value=statistics.median(u.cpu for u in taken["gate"]), unit="s")
    yield Figure(name="the same, peak", value=max(u.peak for u in taken["gate"]) / MEBI, unit="MB")
    yield Figure(name="the same / numpy.load", value=gate_s / load_s, unit="x")


def _copying(verdict: Path, used: Usage) -> float:
    """Return how long the check's own command took; SpoiltError where the verdict does not count every request."""
    if used.code != 0:
        raise SpoiltError(f"exit code {used.code}, though 0 was due:\n{used.output[-2000:]}")
    (found,) = json.loads(verdict.read_bytes())["evidence"]
    if found["reach"] != REQUESTS:
        raise SpoiltError(f"the verdict is about {found['reach']:,} of {REQUESTS:,} requests")
    return float(found["seconds"])


def _recording() -> Recording:
    """A sound run: a constant schedule, a few milliseconds each, one request in 4,000 refused."""
    random = np.random.default_rng(SEED)
    number = np.arange(REQUESTS, dtype=np.uint64)
    intended = (number * (SECONDS * NANO // REQUESTS)).astype(np.int64)
    sent = intended + random.integers(10_000, 900_000, REQUESTS)
    took = (random.lognormal(1.5, 0.6, REQUESTS) * 1e6).astype(np.int64)
    refused = random.random(REQUESTS) < 1 / 4000
    unknown = np.full(REQUESTS, np.nan)
    lines = random.permutation(REQUESTS)
    beats = np.arange(0, SECONDS, 0.25)
    return Recording(
        header=_header(),
        requests=table(
            "requests",
            {
                "id": number,
                "intended": intended,
                "sent": sent,
                "ended": sent + took,
                "route": random.integers(0, ROUTES, REQUESTS),
                "status": np.where(refused, 503, 200),
                "outcome": np.where(refused, 2, 0),
                **dict.fromkeys(("handler_ms", "db_read_ms", "db_write_ms"), unknown),
            },
        ),
        arrivals=table(
            "arrivals",
            {"intended": intended, "started": sent, "waited": np.ones(REQUESTS), "worker": np.zeros(REQUESTS)},
        ),
        spans=table(
            "spans",
            {
                "id": number[lines],
                "gateway_ms": took[lines] / 1e7,
                "handler_ms": took[lines] / 2e6,
                "db_read_ms": took[lines] / 4e6,
                "db_write_ms": took[lines] / 1e7,
                "cold": number[lines] < 20,
            },
        ),
        pulse=table(
            "pulse",
            {
                "at": (beats * NANO).astype(np.int64),
                "worker": np.zeros(len(beats)),
                "cpu": random.uniform(0.3, 0.5, len(beats)),
                "lag_ms": random.uniform(0.1, 2.0, len(beats)),
                "steal": np.zeros(len(beats)),
            },
        ),
    )


def _header() -> Header:
    return Header(
        schema=1,
        tool="locust",
        version="2.47.0",
        started_at="2100-01-01T00:00:00Z",  # not before the check that copies it
        clock_step_s=0.0,
        base_url="http://127.0.0.1:8000",
        schedule=f"constant:{REQUESTS // SECONDS}",
        intended=REQUESTS,
        seconds=float(SECONDS),
        warmup_s=10.0,
        routes=tuple(
            Route(method=method, name=f"/v1/{number}", op="read" if method == "GET" else "write")
            for number in range(ROUTES // 2)
            for method in ("GET", "POST")
        ),
        workers=(Worker(name="local", requests=REQUESTS, finished=True),),
        stopped="time",
        spans="file:lines",
    )
