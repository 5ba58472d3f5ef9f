"""Details of load runs as the reader leaves them, with numbers as a small service on two cores has them; seeded."""

import itertools
import random

PERCENTILES = [
    *range(0, 90, 2),
    *(90 + n / 2 for n in range(18)),
    *(99 + n / 10 for n in range(10)),
    99.95,
    99.99,
    100,
]
ROUTES = (
    ("GET", "/v1/flights/{flight_date}/{carrier}/{flight}/{origin}", "read", 0.45, 5.0),
    ("GET", "/v1/flights", "read", 0.25, 9.0),
    ("GET", "/v1/stats/delays", "read", 0.10, 38.0),
    ("POST", "/v1/flights", "write", 0.15, 22.0),
    ("GET", "/v1/health", "read", 0.05, 2.0),
)
PARTS = ("schedule", "network and queue", "gateway", "handler", "database read", "database write")


def make(seed=7, *, seconds=75, rate=120, stall=True, slow=1.0):
    """A run of `seconds` with a warm-up of five, a database restart at 43 s where it is to stall."""
    dice = random.Random(seed)
    steps = seconds
    edges = [0.4 * 1.44**n for n in range(25)]
    samples = [_samples(dice, step, rate, slow, stall=stall) for step in range(steps)]
    every = sorted(ms for row in samples for ms in row)
    return {
        "kind": "load",
        "tool": "locust 2.47.0",
        "started_at": "2026-11-24T10:05:00Z",
        "base_url": "http://127.0.0.1:40123",
        "seconds": float(seconds),
        "warmup_s": 5.0,
        "schedule": f"poisson:{rate}",
        "stopped": "decided",
        "reproduce": f"locust -f load/locustfile.py --headless --arrivals poisson:{rate} -t {seconds}s",
        "environment": {
            "cpu": "Intel Xeon @ 2.8 GHz, 2 cores",
            "kernel": "Linux 6.1",
            "python": "3.11.2",
            "postgres": "18.6",
        },
        "totals": {
            "requests": len(every),
            "intended": rate * seconds,
            "started": rate * seconds - 3,
            "achieved": 0.9997,
            "unjoined": 4,
            "joined_by": "spans",
        },
        "objectives": _objectives(len(every), slow, stall=stall),
        "timeline": {
            "step_s": 1.0,
            "at": [float(step) for step in range(steps)],
            "intended": [rate + dice.randint(-9, 9) for _ in range(steps)],
            "achieved": [float(len(row)) for row in samples],
            "p50": [_at(row, 50) for row in samples],
            "p99": [_at(row, 99) for row in samples],
            "errors": [5 if stall and step in (43, 44) else 0 for step in range(steps)],
        },
        "percentiles": {
            "at": PERCENTILES,
            "series": [
                {"name": name, "ms": [_at(every, at) * factor for at in PERCENTILES]}
                for name, factor in (("read", 0.9), ("write", 2.4), ("read (base)", 0.8), ("write (base)", 2.5))
            ],
        },
        "heatmap": {
            "step_s": 1.0,
            "edges_ms": edges,
            "counts": [
                [sum(low <= ms < high for ms in row) for low, high in itertools.pairwise(edges)] for row in samples
            ],
        },
        "waterfall": [
            {"op": op, "percentile": at, "parts": _parts(ms, op)}
            for at, read, write in ((50, 6.4, 21.0), (99, 148.0 * slow, 310.0))
            for op, ms in (("read", read), ("write", write))
        ],
        "routes": [
            {
                "method": method,
                "name": name,
                "op": op,
                "requests": int(len(every) * share),
                "bad": int(len(every) * share * (0.004 if op == "read" else 0.001)),
                "p50": base * slow,
                "p95": base * 4 * slow,
                "p99": base * 14 * slow,
                "max": base * 60,
            }
            for method, name, op, share, base in sorted(ROUTES, key=lambda route: -route[4])
        ],
        "slowest": [_slow(dice, rank) for rank in range(10)],
        "honesty": {
            "late_p50_ms": 0.21,
            "late_p99_ms": 3.9,
            "late_max_ms": 41.0,
            "own_late_p99_ms": 2.2,
            "cpu_p95": 0.41,
            "cpu_max": 0.55,
            "lag_p99_ms": 3.1,
            "steal_p95": 0.004,
            "steal_max": 0.013,
            "clock_step_s": 0.0,
        },
        "cold": {"count": 2, "p50": 612.0, "max": 655.0},
        "warmup": {"requests": 5 * rate, "p50": 11.0, "p99": 640.0},
        "faults": [{"name": "database restart", "at": 43.0, "seconds": 1.4, "recovery_s": 2.6}] if stall else [],
        "workers": [{"name": "local", "requests": len(every), "finished": True}],
        "raised": {},
    }


def _samples(dice, step, rate, slow, *, stall):
    count = rate + dice.randint(-11, 11)
    drift = 1.0 + (3.0 if step < 5 else 0.0) * dice.random()
    rows = [dice.lognormvariate(1.9, 0.75) * drift * slow for _ in range(count)]
    if stall and step in (43, 44):
        rows = [ms + dice.uniform(200, 1600) if dice.random() < 0.8 else ms for ms in rows]
    return sorted(rows)


def _at(row, percentile):
    return row[min(len(row) - 1, int(percentile / 100 * len(row)))]


def _objectives(count, slow, *, stall):
    reads, writes = int(count * 0.85), int(count * 0.15)
    late = 0.031 if slow > 1 else 0.0061
    return [
        _objective("availability", 0.999, None, None, count, 0.0011 if stall else 0.0, 0.0004, 0.0021, 42.0),
        _objective("read latency", 0.99, 300.0, "read", reads, late, late * 0.75, late * 1.3, None),
        _objective("write latency", 0.99, 800.0, "write", writes, 0.0022, 0.0003, 0.0089, None),
    ]


def _objective(name, target, at_most_ms, op, total, value, low, high, more):
    return {
        "name": name,
        "target": target,
        "at_most_ms": at_most_ms,
        "op": op,
        "route": None,
        "bad": round(total * value),
        "total": total,
        "value": value,
        "low": low,
        "high": high,
        "design_effect": 3.4,
        "more_seconds": more,
    }


def _parts(ms, op):
    weights = [0.03, 0.22, 0.06, 0.27, 0.42 if op == "read" else 0.12, 0.0 if op == "read" else 0.3]
    return [{"name": name, "ms": ms * weight} for name, weight in zip(PARTS, weights, strict=True)]


def _slow(dice, rank):
    method, name, op, _, _ = ROUTES[dice.randrange(4)]
    ms = 1790.0 * 0.94**rank
    return {
        "at_s": 43.0 + dice.random() * 2,
        "method": method,
        "name": name,
        "status": 503 if rank < 2 else 200,
        "outcome": "refused" if rank < 2 else "good",
        "ms": ms,
        "parts": _parts(ms, op) if rank else [],
        "id": f"0000-{dice.randrange(9000):08x}",
    }
