"""The access log: its lines, and their join with the function's metrics."""

import json

import pytest

from stack.access import Access, joined


def line(request_id, latency_ms):
    return Access(request_id=request_id, ip="127.0.0.1", time=1.5).line(status=200, length=2, latency_ms=latency_ms)


def test_every_value_is_a_text_as_on_aws():
    """A value is a text, and one that is not known a dash."""
    assert json.loads(line("a", 12.3456)) == {
        "integration_ms": "-",
        "ip": "127.0.0.1",
        "latency_ms": "12.346",
        "length": "2",
        "request_id": "a",
        "route": "-",
        "status": "200",
        "time": "1500",
    }


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ({"gateway_request_id": "a", "latency_ms": [8.0]}, 4.0),
        ({"gateway_request_id": "a", "latency_ms": 8.0}, 4.0),
        ({"gateway_request_id": "a", "latency_ms": [13.0]}, 0.0),
        ({"gateway_request_id": "b", "latency_ms": [8.0]}, None),
        ({"gateway_request_id": "a"}, None),
        ({"latency_ms": [8.0]}, None),
    ],
    ids=["list", "number", "clocks disagree", "another request", "no latency", "no id"],
)
def test_a_metric_is_joined_with_its_access(metric, expected):
    """The gateway's share is its latency without the handler's; what has no partner stays as it is."""
    (found,) = map(json.loads, joined([json.dumps(metric)], [line("a", 12.0)]))
    assert found == (metric if expected is None else metric | {"gateway_ms": expected})
