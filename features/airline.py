"""An airline of a scenario's own, whose flights collide with nobody's, and the words in which scenarios write them."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import requests

    from features.api import Api

COLUMNS: Mapping[str, str] = {
    "day": "flight_date",
    "flight": "flight",
    "from": "origin",
    "to": "dest",
    "tail number": "tailnum",
    "departure": "dep_time",
    "scheduled departure": "sched_dep_time",
    "arrival": "arr_time",
    "scheduled arrival": "sched_arr_time",
    "departure delay": "dep_delay",
    "arrival delay": "arr_delay",
    "air time": "air_time",
    "distance": "distance",
}
ORIGINS = ("EWR", "JFK", "LGA")
USUAL: Mapping[str, Any] = {
    "origin": "JFK",
    "dest": "LAX",
    "tailnum": "N501CL",
    "dep_time": 905,
    "sched_dep_time": 900,
    "arr_time": 1210,
    "sched_arr_time": 1215,
    "dep_delay": 5,
    "arr_delay": -5,
    "air_time": 320,
    "distance": 2475,
}
ABSENT = "absent"
SPAN = timedelta(days=62)  # the days that belong to a scenario: a month and the next


@dataclass(kw_only=True)
class Airline:
    """A carrier's code and the days in which nobody but this scenario reports flights under it."""

    carrier: str
    first_day: date
    last_batch: list[dict[str, Any]] = field(default_factory=list)

    @property
    def period(self) -> dict[str, str]:
        """The query parameters that select this scenario's flights and no others."""
        return {"carrier": self.carrier, "from": str(self.first_day), "to": str(self.first_day + SPAN)}

    def day(self, text: str) -> str:
        """Read `day 3` as the third of the scenario's days, and leave any other text as it is."""
        word, _, number = text.partition(" ")
        return str(self.first_day + timedelta(days=int(number) - 1)) if word == "day" else text

    def next_month(self) -> date:
        """Return a day of the month after the first day's."""
        return (self.first_day.replace(day=1) + timedelta(days=32)).replace(day=1)

    def record(self, **values: Any) -> dict[str, Any]:
        """Return a whole record: the given values, and usual ones for the others."""
        return {"flight_date": str(self.first_day), "carrier": self.carrier, "flight": 1, **USUAL, **values}

    def path(self, flight: int | str, origin: str, day: str = "day 1") -> str:
        """Return the address of one flight."""
        return f"/v1/flights/{self.day(day)}/{self.carrier}/{flight}/{origin}"

    def records(self, table: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Return the records that a table describes; a cell that says `absent` leaves the field out."""
        return [
            {name: value for name, value in self.record(**row).items() if value != ABSENT} for row in self.rows(table)
        ]

    def rows(self, table: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        """Return what a table states, by field name: `null` is None, digits are a number, `day 2` a date."""
        header, *rows = table
        return [
            {COLUMNS[name]: value_of(self.day(cell)) for name, cell in zip(header, row, strict=True)} for row in rows
        ]

    def fleet(self, count: int) -> list[dict[str, Any]]:
        """Return `count` different records of the first day."""
        return [self.record(flight=2 + n, origin=ORIGINS[n % len(ORIGINS)]) for n in range(count)]

    def listed(self, api: Api, **params: Any) -> list[dict[str, Any]]:
        """Return all of the scenario's flights as the analyst can list them."""
        return [flight for page in pages(api, {**self.period, "limit": 500, **params}) for flight in page]


def found(answer: requests.Response) -> Any:
    """Return the JSON of an answer that should be 200."""
    assert answer.status_code == 200, f"expected 200, was answered {answer.status_code}"
    return answer.json()


def pages(api: Api, params: Mapping[str, Any], cursor: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Yield page after page, as the analyst reads them, from a cursor on until there is no next one."""
    while True:
        answer = found(api.ask("the analyst", "/v1/flights", {**params, "cursor": cursor}))
        yield answer["flights"]
        if answer["next_cursor"] is None:
            return
        assert cursor != answer["next_cursor"], "the next page would be the same page"
        cursor = answer["next_cursor"]


def value_of(cell: str) -> Any:
    """Return what a cell of a table stands for."""
    if cell == "null":
        return None
    return int(cell) if cell.removeprefix("-").isdigit() else cell


def key(record: Mapping[str, Any]) -> tuple[str, str, int, str]:
    """Return what tells a flight from the others, which is also the order of a list."""
    return record["flight_date"], record["carrier"], record["flight"], record["origin"]


def unused(api: Api, seed: str) -> Airline:
    """Return an airline without flights in its days; the same seed tries the same ones in the same order.

    The days lie in 2031 to 2098, apart from the real data; the code reads neither as a number nor as NA. Whoever
    reported there before, an earlier run with the same seed among them, is passed by.
    """
    dice = random.Random(seed)
    while True:
        airline = Airline(
            carrier=dice.choice(string.ascii_uppercase) + dice.choice(string.digits),
            first_day=date(2031, 1, 1) + timedelta(days=dice.randrange(68 * 365)),
        )
        answer = found(api.ask("the analyst", "/v1/flights", {**airline.period, "limit": 1}))
        if not answer["flights"]:
            return airline
