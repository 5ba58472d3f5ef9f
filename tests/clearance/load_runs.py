"""Recordings of load runs that never happened, each sound unless a test says how not."""

from dataclasses import replace

import msgspec
import numpy as np

from clearance.recording import Fault, Header, Recording, Route, Worker, table

NANO = 1_000_000_000
ROUTES = (
    Route(method="GET", name="/v1/flights", op="read"),
    Route(method="POST", name="/v1/flights", op="write"),
    Route(method="GET", name="/v1/stats/delays", op="read"),
)


def run(rate=200, seconds=30.0, *, warmup_s=5.0, seed=7, spans=True, rows=None, tables=None, **header):
    """A constant schedule of so many requests a second, a few milliseconds each, answered well and joined.

    `rows` takes the requests' columns and may change them; `tables` replaces whole tables; the rest is the header's.
    """
    random = np.random.default_rng(seed)
    count = int(rate * seconds)
    intended = (np.arange(count) * (NANO / rate)).astype(np.int64)
    sent = intended + random.integers(10_000, 400_000, count)
    took = (random.lognormal(1.2, 0.4, count) * 1e6).astype(np.int64)
    requests = table(
        "requests",
        {
            "id": np.arange(count, dtype=np.uint64),
            "intended": intended,
            "sent": sent,
            "ended": sent + took,
            "route": np.arange(count) % len(ROUTES),
            "status": np.full(count, 200),
            "outcome": np.zeros(count),
            **dict.fromkeys(("handler_ms", "db_read_ms", "db_write_ms"), np.full(count, np.nan)),
        },
    )
    if rows is not None:
        rows(requests)
    count = len(requests["id"])
    took_ms = (requests["ended"] - requests["sent"]) / 1e6
    beats = np.arange(0, seconds, 0.5)
    made = {
        "arrivals": table(
            "arrivals",
            {"intended": intended, "started": sent, "waited": np.ones(len(sent)), "worker": np.zeros(len(sent))},
        ),
        "spans": table(
            "spans",
            {
                "id": requests["id"],
                "gateway_ms": took_ms * 0.1,
                "handler_ms": took_ms * 0.6,
                "db_read_ms": took_ms * 0.3,
                "db_write_ms": took_ms * 0.1,
                "cold": np.arange(count) < 2,
            }
            if spans
            else None,
        ),
        "pulse": table(
            "pulse",
            {
                "at": (beats * NANO).astype(np.int64),
                "worker": np.zeros(len(beats)),
                "cpu": np.full(len(beats), 0.3),
                "lag_ms": np.full(len(beats), 0.8),
                "steal": np.zeros(len(beats)),
            },
        ),
    }
    said = Header(
        schema=1,
        tool="locust",
        version="2.47.0",
        started_at="2026-11-24T12:00:00+00:00",
        clock_step_s=0.0,
        base_url="http://127.0.0.1:8000",
        schedule=f"constant:{rate}",
        intended=len(intended),
        seconds=seconds,
        warmup_s=warmup_s,
        routes=ROUTES,
        workers=(Worker(name="local", requests=count, finished=True),),
        stopped="time",
        spans="file:spans.jsonl" if spans else "",
        environment={"cpu": "of a test"},
        reproduce="locust -f load/locustfile.py",
    )
    return Recording(header=msgspec.structs.replace(said, **header), requests=requests, **{**made, **(tables or {})})


def without(recording, **columns):
    """The same recording with other requests."""
    return replace(recording, requests={**recording.requests, **columns})


def fault(name="database restart", at=10.0, seconds=0.5):
    """Something broken on purpose."""
    return Fault(name=name, at=at, seconds=seconds)


def slo(*levels, annotations=()):
    """An SLO file of levels, each a name, a target in percent, and what its indicator says."""
    head = ["apiVersion: openslo/v1", "kind: Service", "metadata:", "  name: it", "  annotations:"]
    head += [f'    clearance.dev/{key}: "{value}"' for key, value in dict(annotations).items()] or ["    other: a"]
    documents = ["\n".join([*head, "spec: {description: It.}"])]
    for name, percent, said in levels:
        total = {key: said[key] for key in ("op", "route") if key in said}
        limit = said.get("at_most_ms")
        bad = {"metric": "failed"} if limit is None else {"metric": "latency_ms", "atMost": limit}
        spec = {
            "service": "it",
            "indicator": {
                "metadata": {"name": f"bad-{name}"},
                "spec": {
                    "ratioMetric": {
                        "counter": True,
                        "bad": {"metricSource": {"type": "clearance", "spec": bad}},
                        "total": {"metricSource": {"type": "clearance", "spec": {"metric": "requests", **total}}},
                    }
                },
            },
            "timeWindow": [{"duration": "28d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": "one", "targetPercent": percent}],
        }
        documents.append(
            f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec: {msgspec.json.encode(spec).decode()}"
        )
    return "\n---\n".join(documents).encode()
