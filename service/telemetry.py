"""What one request cost: one line of CloudWatch embedded metrics, and the `Server-Timing` header.

Dimensions are few by design: every combination of their values is billed as a metric of its own, so a route is its
template and never the path. What identifies a request goes with the line as metadata.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "FlightsQuality"
SERVICE = "flights"
UNMATCHED = "unmatched"
_SERVER_ERROR = 500


class Meter:
    """Times one request at a time: `begin`, any number of `observe`, `end`. `stage` names the deployment."""

    def __init__(self, stage: str) -> None:
        self._metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        self._metrics.set_default_dimensions(stage=stage, service=SERVICE)
        self._start = 0.0
        self._observed: list[tuple[str, float]] = []

    def begin(self) -> None:
        """Start the clock, and forget the request before."""
        self._start = perf_counter()
        self._observed.clear()

    def observe(self, name: str, milliseconds: float) -> None:
        """Keep one value of `db_read_ms` or `db_write_ms`."""
        self._observed.append((name, milliseconds))

    def end(self, route: str, operation: str, status: int, metadata: Mapping[str, str]) -> str:
        """Print the line, and return the value of `Server-Timing`: total, db_read and db_write in milliseconds."""
        total = (perf_counter() - self._start) * 1000
        self._metrics.add_dimensions(route=route, op=operation)
        self._metrics.add_metric("latency_ms", MetricUnit.Milliseconds, round(total, 3))
        self._metrics.add_metric("fault", MetricUnit.Count, int(status >= _SERVER_ERROR))
        sums: dict[str, float] = {}
        for name, milliseconds in self._observed:
            self._metrics.add_metric(name, MetricUnit.Milliseconds, round(milliseconds, 3))
            sums[name] = sums.get(name, 0.0) + milliseconds
        for name, value in metadata.items():
            self._metrics.add_metadata(name, value)
        self._metrics.add_metadata("status", status)
        self._metrics.flush_metrics()
        parts = [f"total;dur={total:.3f}", *(f"{name.removesuffix('_ms')};dur={ms:.3f}" for name, ms in sums.items())]
        return ", ".join(parts)
