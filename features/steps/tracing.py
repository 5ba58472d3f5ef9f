"""Request ids, timings and traces: what every answer carries in its headers."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then

if TYPE_CHECKING:
    import requests

    from features.api import Api


@given("a request id of the caller's", target_fixture="request_id")
def own_request_id(api: Api) -> str:
    return api.headers.setdefault("x-request-id", f"features-{secrets.token_hex(8)}")


@given("a trace of the caller's", target_fixture="trace")
def own_trace(api: Api) -> str:
    """Send a traceparent of W3C Trace Context: version, trace, parent, flags."""
    trace = secrets.token_hex(16)
    api.headers["traceparent"] = f"00-{trace}-{secrets.token_hex(8)}-01"
    return trace


@then("the answer carries that request id")
def carries_request_id(answer: requests.Response, request_id: str) -> None:
    assert request_id == answer.headers.get("x-request-id")


@then("the two answers carry different request ids")
def different_request_ids(api: Api) -> None:
    ids = [exchange.answer.headers.get("x-request-id") for exchange in api.exchanges if exchange.answer is not None]
    assert all(ids)
    assert len(set(ids)) == 2


@then(parsers.parse("the answer states the time of {names}"))
def states_time(answer: requests.Response, names: str) -> None:
    """Read Server-Timing, for example `total;dur=12.3, db_read;dur=4.5` (milliseconds)."""
    timings = dict(re.findall(r"([\w-]+)\s*;\s*dur=([\d.]+)", answer.headers.get("server-timing", "")))
    assert [name for name in names.split(", ") if name not in timings] == []
    assert all(0 <= float(timings[name]) <= float(timings["total"]) for name in names.split(", "))


@then("the answer carries on that trace")
def carries_on_trace(answer: requests.Response, trace: str) -> None:
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-[0-9a-f]{{2}}", answer.headers.get("traceparent", ""))
