"""What any answer may be held against: its status, its problem document, what it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bdd import parsers, then, when

if TYPE_CHECKING:
    import requests

    from features.api import Api

WHO = "(?P<who>the partner|the analyst|the integration runner|a stranger)"


def expect_problem(answer: requests.Response, *statuses: int) -> dict[str, Any]:
    """Return the problem document of RFC 9457 that the answer must be."""
    assert answer.status_code in statuses, f"expected {statuses}, was answered {answer.status_code}"
    assert answer.headers.get("content-type", "").partition(";")[0] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == problem["status"]
    return problem


@when(parsers.re(WHO + r" asks for (?P<path>/\S+)"), target_fixture="answer")
def ask_for(api: Api, who: str, path: str) -> requests.Response:
    return api.ask(who, path)


@then(parsers.re(r"the (?:request|batch) is answered with a problem, (?P<status>\d+)"), converters={"status": int})
def answered_with_problem(answer: requests.Response, status: int) -> None:
    expect_problem(answer, status)


@then("the request is refused as malformed")
def refused_as_malformed(answer: requests.Response) -> None:
    expect_problem(answer, 400, 422)


@then("the request is refused by whoever sees it first")
def refused_by_anyone(answer: requests.Response) -> None:
    assert 400 <= answer.status_code < 500


@then(parsers.parse("the request is answered, {status:d}"))
def answered(answer: requests.Response, status: int) -> None:
    assert status == answer.status_code


@then(parsers.parse("the request is turned away, {status:d}"))
def turned_away(answer: requests.Response, status: int) -> None:
    assert status == answer.status_code
    assert {"message"} == answer.json().keys(), "whoever is turned away learns nothing but that"


@then(parsers.parse("the answer speaks of {word}"))
def speaks_of(answer: requests.Response, word: str) -> None:
    # A limit may be written 1000 or 1,000.
    assert word in answer.text.replace(",", "")


@then("the problem has a type, a title, its status and a detail")
def explains_itself(answer: requests.Response) -> None:
    problem = expect_problem(answer, answer.status_code)
    assert [name for name in ("type", "title", "status", "detail") if not problem.get(name)] == []
