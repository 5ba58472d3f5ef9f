"""Breaking the local stack through its controls, and waiting for the service to come back by itself."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import requests
from pytest_bdd import given, parsers, then, when

from features.airline import found
from features.api import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from features.airline import Airline

TROUBLES: Mapping[str, str] = {
    "the database is restarted": "/postgres/restart",
    "the database crashes": "/postgres/kill",
    "every warm environment crashes": "/lambda/crash",
}
PAUSE_S = 0.05


def asked_to_retry(answer: requests.Response) -> bool:
    return answer.status_code == 503 and answer.headers.get("retry-after", "").isdigit()


def until_ok(
    send: Callable[[], requests.Response], seconds: float, meanwhile: list[requests.Response]
) -> requests.Response:
    """Return the first answer that is 200, and put those before it into `meanwhile`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = send()
        if answer.status_code == 200:
            return answer
        meanwhile.append(answer)
        assert time.monotonic() < deadline, f"not recovered after {seconds:.0f} s: {answer.status_code}"
        time.sleep(PAUSE_S)


@dataclass(kw_only=True)
class Reporter:
    """A partner who reports one flight after another from a thread of its own, and notes each answer."""

    api: Api
    airline: Airline
    answers: list[tuple[int, requests.Response]] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _enough: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._report, name="partner", daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> list[int]:
        return [number for number, answer in list(self.answers) if answer.status_code == 200]

    def await_accepted(self, count: int, seconds: float) -> None:
        """Wait until at least `count` reports have been accepted."""
        with self._news:
            self._news.wait_for(lambda: len(self.accepted) >= count or self.broken, seconds)
        assert self.broken == []
        assert count <= len(self.accepted)

    def stop(self) -> None:
        self._enough.set()
        self._thread.join()

    def _report(self) -> None:
        number = 0
        try:
            while not self._enough.is_set() and number < 9999:
                number += 1
                answer = self.api.report("the partner", {"records": [self.airline.record(flight=number)]})
                with self._news:
                    self.answers.append((number, answer))
                    self._news.notify_all()
                if answer.status_code != 200:
                    self._enough.wait(PAUSE_S)
        except Exception as error:
            with self._news:
                self.broken.append(error)
                self._news.notify_all()


@pytest.fixture
def meanwhile() -> list[requests.Response]:
    return []


@pytest.fixture
def reporter(api: Api, airline: Airline) -> Iterator[Reporter]:
    own = Api(deployment=api.deployment)  # a session is not for two threads
    reporter = Reporter(api=own, airline=airline)
    yield reporter
    reporter.stop()
    own.close()


@given("a partner who goes on reporting flights")
def goes_on_reporting(reporter: Reporter) -> None:
    reporter.await_accepted(3, 20)


@when(parsers.re("(?P<trouble>" + "|".join(TROUBLES) + ")"))
def cause(api: Api, trouble: str) -> None:
    answer = requests.post(api.deployment.control_url + TROUBLES[trouble], timeout=30)
    assert answer.status_code == 204


@when(parsers.parse("the partner has had {count:d} more reports accepted within {seconds:d} seconds"))
def more_accepted(reporter: Reporter, count: int, seconds: int) -> None:
    reporter.await_accepted(len(reporter.accepted) + count, seconds)
    reporter.stop()


@then(parsers.parse("the analyst counts {count:d} flights of the airline again within {seconds:d} seconds"))
def counts_again(api: Api, airline: Airline, meanwhile: list[requests.Response], count: int, seconds: int) -> None:
    answer = until_ok(lambda: api.ask("the analyst", "/v1/flights", airline.period), seconds, meanwhile)
    assert count == len(found(answer)["flights"])


@then("until then each answer asked to retry later")
def asked_to_retry_meanwhile(meanwhile: list[requests.Response]) -> None:
    assert [(answer.status_code, answer.text) for answer in meanwhile if not asked_to_retry(answer)] == []


@then(parsers.parse("the partner can report again within {seconds:d} seconds"))
def reports_again(api: Api, airline: Airline, meanwhile: list[requests.Response], seconds: int) -> None:
    batch = {"records": [airline.record(flight=9999)]}
    until_ok(lambda: api.report("the partner", batch), seconds, meanwhile)
    asked_to_retry_meanwhile(meanwhile)


@then("each report was accepted or asked to be sent again later")
def each_answered(reporter: Reporter) -> None:
    refused = [answer for _, answer in reporter.answers if answer.status_code != 200]
    asked_to_retry_meanwhile(refused)


@then("the analyst finds every accepted flight")
def finds_accepted(api: Api, airline: Airline, reporter: Reporter) -> None:
    stored = {flight["flight"] for flight in airline.listed(api)}
    assert [number for number in reporter.accepted if number not in stored] == []
