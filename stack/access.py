"""The gateway's access log, in the format that `infra/service/modules/api` asks of AWS, and its join with the metrics.

AWS gives every value as a text, `-` where there is none, and whole milliseconds; these have fractions. Source: "Working
with log contexts for HTTP APIs", https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

NONE = "-"


@dataclass(slots=True, kw_only=True)
class Access:
    """One request, as the gateway comes to know it. Milliseconds; `integration_ms` is the wait for the function."""

    request_id: str
    ip: str
    time: float  # seconds since 1970
    route: str = NONE
    integration_ms: float | None = None

    def line(self, *, status: int, length: int, latency_ms: float) -> str:
        """Say it as a line of JSON, once the response is on its way."""
        return msgspec.json.encode(
            {
                "integration_ms": NONE if self.integration_ms is None else f"{self.integration_ms:.3f}",
                "ip": self.ip,
                "latency_ms": f"{latency_ms:.3f}",
                "length": str(length),
                "request_id": self.request_id,
                "route": self.route,
                "status": str(status),
                "time": str(round(self.time * 1000)),
            }
        ).decode()


def joined(metrics: Iterable[str], accesses: Iterable[str]) -> Iterator[str]:
    """Each line of metrics, with `gateway_ms` where the access log tells: the gateway's time beside the handler's.

    They are joined by the gateway's own id of the request, `gateway_request_id` in the one and `request_id` in the
    other, as a query over both log groups would do it on AWS.
    """
    latencies = {line["request_id"]: float(line["latency_ms"]) for line in map(msgspec.json.decode, accesses)}
    for text in metrics:
        line: dict[str, Any] = msgspec.json.decode(text)
        latency = latencies.get(line.get("gateway_request_id", ""))
        if latency is not None and isinstance(line.get("latency_ms"), int | float | list):
            line["gateway_ms"] = round(max(0.0, latency - _total(line["latency_ms"])), 3)
        yield msgspec.json.encode(line).decode()


def _total(value: float | list[float]) -> float:
    """EMF allows a list of values for a metric, and Powertools writes one."""
    return sum(value) if isinstance(value, list) else value
