"""The users of the flights API: reads by key, paging, statistics and reports, each answer checked for being right.

    TOKEN_FLIGHTS_READ=... TOKEN_FLIGHTS_WRITE=... locust -f load/locustfile.py --host https://...

Nothing here says how fast is fast enough: that is in `slo.yaml`. What the users know of the flights they learn from
answers; what they write lies in days and under a carrier of its own, so that it changes nothing of what they read.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner

sys.path.append(str(Path(__file__).resolve().parent.parent))  # `locust -f` may be called from anywhere

from clearance.load import FastHttpUser, task
from load.answers import Filters, Flight, Key, Page, WrongError, read_delays, read_flight, read_page, read_settled

T = TypeVar("T")

READ: Final = "TOKEN_FLIGHTS_READ"
WRITE: Final = "TOKEN_FLIGHTS_WRITE"
FLIGHTS: Final = "/v1/flights"
BY_KEY: Final = "/v1/flights/{flight_date}/{carrier}/{flight}/{origin}"
DELAYS: Final = "/v1/stats/delays"

KNOWN_AT_MOST: Final = 50_000
PAGES_AT_MOST: Final = 3
LAST_FLOWN: Final = "2030-12-31"  # after this day there are only flights that tests have reported

FIRST_WRITTEN: Final = date(2050, 1, 1)
DAYS_OF_A_WORKER: Final = 100
CARRIER: Final = "0L"
ORIGINS: Final = ("EWR", "JFK", "LGA")
BATCH: Final = 20
SLOTS: Final = 9999 // BATCH  # how many users' flight numbers one airport has

known: list[Flight] = []  # flights as the service has listed them
slots = itertools.count()


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust has no type for it
def require_tokens(environment: Environment, **_: Any) -> None:
    """End the process unless the tokens are there; a master sends no requests and needs none."""
    missing = [name for name in (READ, WRITE) if not os.environ.get(name)]
    if missing and not isinstance(environment.runner, MasterRunner):
        sys.exit(
            f"{' and '.join(missing)} must be set, to tokens with the scopes flights:read and flights:write: "
            "`python -m stack up` prints some for a local service, `python -m load` needs none"
        )


def learn(flights: list[Flight]) -> None:
    """Remember flights; once there are enough, newer ones take the place of any."""
    for flight in flights:
        if len(known) < KNOWN_AT_MOST:
            known.append(flight)
        else:
            known[random.randrange(KNOWN_AT_MOST)] = flight


class Analyst(FastHttpUser):
    """Somebody who reads, and who reports the flights of an airline of their own."""

    insecure = False  # the certificate is checked: the token is a secret
    connection_timeout = 10.0
    network_timeout = 35.0  # an HTTP API gives its integration 30 s

    def on_start(self) -> None:
        """Take a part of the written days, and of their flight numbers, that no other user has."""
        worker, slot = max(0, getattr(self.environment.runner, "worker_index", 0)), next(slots)
        days = worker * DAYS_OF_A_WORKER + random.randrange(DAYS_OF_A_WORKER)
        self.own_day = str(FIRST_WRITTEN + timedelta(days=days))
        self.own_origin = ORIGINS[slot // SLOTS % len(ORIGINS)]
        self.own_first = 1 + slot % SLOTS * BATCH
        self.reported: list[Flight] = []

    @task(60)
    def read(self) -> None:
        """Read a flight by its key, and find it as it was listed."""
        if flight := self.pick():
            self.ask(flight.path, BY_KEY, lambda body: read_flight(body, flight))

    @task(10)
    def browse(self) -> None:
        """Read on from a day, following the cursor for some pages."""
        filters: Filters = {"to": LAST_FLOWN, "limit": 100}
        if known:
            day = date.fromisoformat(random.choice(known).flight_date) + timedelta(days=random.randint(0, 60))
            filters = {"from": str(day), **filters}
        for page in itertools.islice(self.pages(filters), random.randint(1, PAGES_AT_MOST)):
            learn(page.flights)

    @task(10)
    def seek(self) -> None:
        """Page through an airline's day, to the end, and meet a flight that must be there."""
        if flight := self.pick():
            day: Filters = {
                "from": flight.flight_date,
                "to": flight.flight_date,
                "carrier": flight.carrier,
                "limit": 50,
            }
            for _ in self.pages(day, sought=flight):
                pass

    @task(4)
    def compare(self) -> None:
        """Ask for the delays of a month by airline and then in all: both must speak of as many flights."""
        flight = self.pick()
        if flight is None:
            return
        month = flight.flight_date[:7]
        days = {"from": f"{month}-01", "to": last_day(month)}
        by_carrier = self.ask(
            DELAYS, DELAYS, lambda body: read_delays(body, "carrier", {flight.carrier}), {"group_by": "carrier", **days}
        )
        if by_carrier:
            total = {month: sum(by_carrier.values())}
            self.ask(
                DELAYS, DELAYS, lambda body: read_delays(body, "month", exactly=total), {"group_by": "month", **days}
            )

    def pick(self) -> Flight | None:
        """Return a flight that is known; if there is none yet, get to know some instead."""
        if not known:
            self.browse()
            return None
        return random.choice(known)

    @task(11)
    def report(self) -> None:
        """Report a batch, new, changed or as it was, and read one of its flights back."""
        before = self.reported
        batch = before if before and random.random() < 0.25 else self.batch()
        allowed = {"unchanged"}
        if batch is not before:  # if its connection breaks, the service sends it twice and calls a change unchanged
            allowed |= {"updated"} if before else {"updated", "created"}
        self.reported = []  # until the service has said what became of it
        text = msgspec.json.encode({"records": batch})
        if self.send("POST", FLIGHTS, FLIGHTS, WRITE, lambda body: read_settled(body, len(batch), allowed), data=text):
            self.reported = batch
            flight = random.choice(batch)
            self.ask(flight.path, BY_KEY, lambda body: read_flight(body, flight))

    def batch(self) -> list[Flight]:
        """Return this user's flights, with another delay than they had."""
        before = self.reported[0].dep_delay if self.reported else None
        delay = random.choice([minutes for minutes in range(60) if minutes != before])
        return [
            Flight(
                flight_date=self.own_day,
                carrier=CARRIER,
                flight=number,
                origin=self.own_origin,
                dest="LAX",
                tailnum="N501CL",
                dep_time=900 + delay,
                sched_dep_time=900,
                arr_time=None,
                sched_arr_time=1215,
                dep_delay=delay,
                arr_delay=None,
                air_time=320,
                distance=2475,
            )
            for number in range(self.own_first, self.own_first + BATCH)
        ]

    def pages(self, filters: Filters, sought: Flight | None = None) -> Iterator[Page]:
        """Yield page after page until the last or a bad one; where one is `sought`, it must have been met by then."""
        after: Key | None = None
        cursor: dict[str, str] = {}
        met = sought is None
        while page := self.ask(
            FLIGHTS, FLIGHTS, paging(filters, after, sought=None if met else sought), {**filters, **cursor}
        ):
            yield page
            if page.next_cursor is None:
                return
            met = met or sought in page.flights
            after, cursor = page.flights[-1].key, {"cursor": page.next_cursor}

    def ask(self, path: str, name: str, read: Callable[[bytes], T], params: Filters | None = None) -> T | None:
        """GET as somebody who may read; return what a right answer says, None where there was none."""
        return self.send("GET", path, name, READ, read, params=params)

    def send(self, method: str, path: str, name: str, token: str, read: Callable[[bytes], T], **more: Any) -> T | None:
        """Send a request; an answer that `read` finds wrong is a failure with a good status."""
        headers = {"Authorization": f"Bearer {os.environ[token]}", "Content-Type": "application/json"}
        with self.client.request(
            method, path, name=name, headers=headers, catch_response=True, allow_redirects=False, **more
        ) as answer:
            if answer.status_code == 200:
                try:
                    return read(answer.content or b"")
                except WrongError as error:
                    answer.failure(str(error))
            elif 0 < answer.status_code < 400:
                answer.failure(f"answered {answer.status_code}, not 200")
        return None


def paging(filters: Filters, after: Key | None, sought: Flight | None) -> Callable[[bytes], Page]:
    """Make what reads the page beyond `after`; if it is the last one, `sought` must be on it."""

    def read(body: bytes) -> Page:
        page = read_page(body, filters, after)
        if not page.flights and not known:
            raise WrongError(f"there are no flights up to {LAST_FLOWN}: load some")
        if sought and page.next_cursor is None and sought not in page.flights:
            raise WrongError(f"the pages have ended without {sought.path}")
        return page

    return read


def last_day(month: str) -> str:
    """Return the last day of a month: "2013-02" has "2013-02-28"."""
    first = date.fromisoformat(f"{month}-01")
    return str((first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
