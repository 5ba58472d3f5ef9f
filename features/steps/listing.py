"""Paging, the cursor and the filters: how the analyst lists the flights of a period."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_bdd import parsers, step, then, when

from features.airline import found, key, pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from features.airline import Airline
    from features.api import Api

TAMPERED: Mapping[str, Callable[[str], str]] = {
    "cut short": lambda cursor: cursor[:-3],
    "with more to it": lambda cursor: f"{cursor}AAAA",
    "replaced by words": lambda _: "after the second one",
    "replaced by a NUL": lambda _: "\0",
}


@dataclass(kw_only=True)
class Reading:
    """What an analyst has met while paging: the question, the pages so far and the way on."""

    params: Mapping[str, Any]
    expected: list[tuple[str, str, int, str]]
    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    cursor: str | None = None

    @property
    def met(self) -> list[tuple[str, str, int, str]]:
        return [key(flight) for page in self.pages for flight in page]


def filters(airline: Airline, text: str) -> dict[str, str]:
    """Read `origin JFK and from day 2` as query parameters, beside those that select the airline."""
    terms = () if text == "nothing else" else text.split(" and ")
    return airline.period | {name: airline.day(value) for name, _, value in (term.partition(" ") for term in terms)}


@when(parsers.parse("the analyst pages through the day, {limit:d} flights a page"), target_fixture="reading")
def pages_through(api: Api, airline: Airline, limit: int) -> Reading:
    day = str(airline.first_day)
    params = {"carrier": airline.carrier, "from": day, "to": day, "limit": limit}
    return Reading(params=params, expected=sorted(map(key, airline.last_batch)), pages=list(pages(api, params)))


@step(parsers.parse("the analyst reads the first page, {limit:d} flights a page"), target_fixture="reading")
def reads_first_page(api: Api, airline: Airline, limit: int) -> Reading:
    params = {**airline.period, "limit": limit}
    body = found(api.ask("the analyst", "/v1/flights", params))
    assert body["next_cursor"]
    expected = sorted(map(key, airline.last_batch))
    return Reading(params=params, expected=expected, pages=[body["flights"]], cursor=body["next_cursor"])


@when("the analyst pages on to the end")
def pages_on(api: Api, reading: Reading) -> None:
    reading.pages.extend(pages(api, reading.params, reading.cursor))


@when(parsers.parse("the analyst uses the cursor with {name} changed to {value}"), target_fixture="answer")
def uses_cursor_elsewhere(api: Api, reading: Reading, name: str, value: str) -> requests.Response:
    return api.ask("the analyst", "/v1/flights", {**reading.params, "cursor": reading.cursor, name: value})


@when(parsers.re("the analyst uses the cursor (?P<how>" + "|".join(TAMPERED) + ")"), target_fixture="answer")
def uses_tampered_cursor(api: Api, reading: Reading, how: str) -> requests.Response:
    assert reading.cursor
    return api.ask("the analyst", "/v1/flights", {**reading.params, "cursor": TAMPERED[how](reading.cursor)})


@when("the analyst lists the flights of the airline", target_fixture="answer")
def lists(api: Api, airline: Airline) -> requests.Response:
    return api.ask("the analyst", "/v1/flights", airline.period)


@when(parsers.parse("the analyst lists the flights of the airline with {text}"), target_fixture="answer")
def lists_filtered(api: Api, airline: Airline, text: str) -> requests.Response:
    return api.ask("the analyst", "/v1/flights", filters(airline, text))


@then(parsers.parse("there were {count:d} pages"))
def page_count(reading: Reading, count: int) -> None:
    assert count == len(reading.pages)


@then("every flight was met exactly once, in order")
def met_once_in_order(reading: Reading) -> None:
    assert reading.expected == reading.met


@then("every flight of the first report was met exactly once")
def met_first_report(reading: Reading) -> None:
    assert reading.expected == [flight for flight in reading.met if flight in reading.expected]


@then(parsers.re(r"flight (?P<number>\d+) was (?P<refrain>not )?met"), converters={"number": int})
def met_flight(reading: Reading, number: int, refrain: str | None) -> None:
    met = [flight for _, _, flight, _ in reading.met if flight == number]
    assert ([] if refrain else [number]) == met


@then(parsers.parse("{count:d} flights are listed"))
def listed_count(answer: requests.Response, count: int) -> None:
    assert count == len(found(answer)["flights"])


@then("there is a next page")
def next_page(answer: requests.Response) -> None:
    assert found(answer)["next_cursor"]


@then(parsers.parse("the flights listed are {flights}"))
def flights_listed(answer: requests.Response, flights: str) -> None:
    body = found(answer)
    listed = [f"{flight['flight']} from {flight['origin']}" for flight in body["flights"]]
    assert flights == (", ".join(listed) or "none")
    assert body["next_cursor"] is None
