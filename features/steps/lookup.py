"""Looking up one flight by its day, airline, number and airport of departure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import parsers, when

from features.steps.answers import WHO

if TYPE_CHECKING:
    import requests

    from features.airline import Airline
    from features.api import Api


@when(parsers.re(WHO + r" looks up flight (?P<number>\d+) from (?P<origin>[A-Z]{3})"), target_fixture="answer")
def looks_up(api: Api, airline: Airline, who: str, number: str, origin: str) -> requests.Response:
    return api.ask(who, airline.path(number, origin))
