"""The canary, and how little else the integration runner meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bdd import parsers, then, when

from features.airline import USUAL, found, key
from features.steps.answers import expect_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from features.airline import Airline
    from features.api import Api

CANARY: Mapping[str, Any] = {
    "flight_date": "1970-01-01",
    "carrier": "CY",
    "flight": 1,
    "origin": "CAN",
    "dest": "ARY",
}
PERCH = "/v1/flights/1970-01-01/CY/1/CAN"


def expect_canary(record: Mapping[str, Any]) -> None:
    assert {name: record[name] for name in CANARY} == CANARY


@when("the integration runner looks up the canary", target_fixture="answer")
def looks_up_canary(api: Api) -> requests.Response:
    return api.ask("the integration runner", PERCH)


@when("the partner reports the canary with another destination", target_fixture="answer")
def reports_canary(api: Api) -> requests.Response:
    return api.report("the partner", {"records": [{**USUAL, **CANARY, "dest": "DOG"}]})


@then("the canary sings")
def sings(answer: requests.Response) -> None:
    expect_canary(found(answer))


@then("the canary still sings to the integration runner")
def still_sings(api: Api) -> None:
    expect_canary(found(api.ask("the integration runner", PERCH)))


@then("only the canary is listed")
def only_canary(answer: requests.Response) -> None:
    body = found(answer)
    assert [key(CANARY)] == [key(flight) for flight in body["flights"]]
    assert body["next_cursor"] is None


@then("no canary is listed")
def no_canary(answer: requests.Response) -> None:
    assert found(answer)["flights"] == []


@then(parsers.parse("the only group is {value} with {count:d} flight"))
def only_group(answer: requests.Response, value: str, count: int) -> None:
    body = found(answer)
    assert [(value, count)] == [(group[body["group_by"]], group["flights"]) for group in body["groups"]]


@then("the answer is the same as for a flight that nobody reported")
def same_as_nobody(api: Api, airline: Airline, answer: requests.Response) -> None:
    """Hold the two problems against each other; they may differ in the number that was asked for."""
    number = airline.last_batch[0]["flight"]
    other = expect_problem(api.ask("the integration runner", airline.path(number + 1, "JFK")), 404)
    problem = expect_problem(answer, 404)
    words = ("type", "title", "status", "detail")
    expected = {word: str(other.get(word)).replace(str(number + 1), str(number)) for word in words}
    assert expected == {word: str(problem.get(word)) for word in words}
