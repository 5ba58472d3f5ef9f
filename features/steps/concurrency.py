"""Two desks of one partner that report at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd import parsers, then, when

from features.airline import found
from features.api import Api
from features.steps.reporting import statuses

if TYPE_CHECKING:
    import requests

    from features.airline import Airline

Records = list[dict[str, Any]]


@pytest.fixture
def desks() -> list[requests.Response]:
    return []


@when(
    parsers.parse(
        "two desks of the partner report the same {count:d} flights at once, one of them from the last to the first"
    )
)
def report_at_once(api: Api, airline: Airline, desks: list[requests.Response], count: int) -> None:
    start = threading.Barrier(2, timeout=10)

    def report(records: Records) -> requests.Response:
        with closing(Api(deployment=api.deployment)) as own:  # a session is not for two threads
            start.wait()
            return own.report("the partner", {"records": records})

    records = airline.fleet(count)
    with ThreadPoolExecutor(2) as pool:
        desks.extend(pool.map(report, (records, records[::-1])))


@then("both desks are told that their batch is accepted")
def both_accepted(desks: list[requests.Response]) -> None:
    for answer in desks:
        found(answer)
    assert len(desks) == 2


@then("each flight was created for one of them and unchanged for the other")
def created_once(desks: list[requests.Response]) -> None:
    forwards, backwards = map(statuses, desks)
    pairs = zip(forwards, reversed(backwards), strict=True)
    assert [pair for pair in pairs if sorted(pair) != ["created", "unchanged"]] == []
