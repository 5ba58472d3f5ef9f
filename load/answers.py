"""What an answer of the flights API says, and whether it is right: values, or a WrongError that says what is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import TypeAlias, TypeVar

import msgspec

PERCENTILES = ("p50", "p90", "p99")

Key: TypeAlias = tuple[str, str, int, str]
Filters: TypeAlias = Mapping[str, str | int]
T = TypeVar("T")


class WrongError(Exception):
    """An answer came, with a good status, and is not what it must be."""


class Flight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One departure, as the API describes it: times HHMM, delays and air time in minutes, distance in miles."""

    flight_date: str
    carrier: str
    flight: int
    origin: str
    dest: str
    tailnum: str | None
    dep_time: int | None
    sched_dep_time: int
    arr_time: int | None
    sched_arr_time: int
    dep_delay: int | None
    arr_delay: int | None
    air_time: int | None
    distance: int

    @property
    def key(self) -> Key:
        """What names it, and what lists are ordered by."""
        return self.flight_date, self.carrier, self.flight, self.origin

    @property
    def path(self) -> str:
        """Where it is read."""
        return "/v1/flights/" + "/".join(map(str, self.key))


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some flights in the order of their keys, and the way on."""

    flights: list[Flight]
    next_cursor: str | None


class Group(msgspec.Struct, frozen=True):
    """The delays of one carrier, route or month."""

    flights: int
    departure: dict[str, float | None]
    arrival: dict[str, float | None]
    carrier: str | None = None
    route: str | None = None
    month: str | None = None


class Delays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The groups, in the order of their names."""

    group_by: str
    groups: list[Group]


class Result(msgspec.Struct, frozen=True):
    """What became of one record of a batch."""

    index: int
    status: str


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a batch."""

    created: int
    updated: int
    unchanged: int
    results: list[Result]


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise WrongError(f"not the {kind.__name__} that the API describes: {error}") from None


def read_flight(body: bytes, expected: Flight) -> Flight:
    """Return the flight, which must be the expected one in each field."""
    found = _decode(body, Flight)
    for name in Flight.__struct_fields__:
        if getattr(found, name) != getattr(expected, name):
            raise WrongError(f"{name} is {getattr(found, name)!r}, not {getattr(expected, name)!r}")
    return found


def read_page(body: bytes, filters: Filters, after: Key | None) -> Page:
    """Return a page: sorted, beyond `after`, of flights that the filters let through, and full unless it is the last.

    The filters are the parameters: `limit`, and any of `from`, `to`, `carrier`, `origin`.
    """
    page = _decode(body, Page)
    keys = [flight.key for flight in page.flights]
    if any(later <= earlier for earlier, later in pairwise(keys)):
        raise WrongError("the page is not in the order of its keys")
    if after is not None and keys and keys[0] <= after:
        raise WrongError("the page does not begin beyond the page before")
    limit = int(filters["limit"])
    if len(keys) > limit or (page.next_cursor is not None and len(keys) < limit):
        raise WrongError(f"a page of {limit} holds {len(keys)} flights, and is not the last")
    for flight in page.flights:
        if not _passes(flight, filters):
            raise WrongError(f"{flight.path} is none that the filters let through")
    return page


def _passes(flight: Flight, filters: Filters) -> bool:
    days = str(filters.get("from", "")) <= flight.flight_date <= str(filters.get("to", "9999"))
    return days and all(getattr(flight, name) == filters[name] for name in ("carrier", "origin") if name in filters)


def read_delays(
    body: bytes, group_by: str, with_names: Collection[str] = (), exactly: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return how many flights each group has: groups in the order of their names, with percentiles that rise.

    The names asked for must be among them; where `exactly` says what there is, nothing else must be.
    """
    answer = _decode(body, Delays)
    found = {str(getattr(group, group_by)): group.flights for group in answer.groups}
    if answer.group_by != group_by or "None" in found or len(found) < len(answer.groups):
        raise WrongError(f"the groups are not by {group_by}")
    if list(found) != sorted(found):
        raise WrongError("the groups are not in the order of their names")
    if missing := set(with_names) - found.keys():
        raise WrongError(f"there is no group {min(missing)}")
    if exactly is not None and found != exactly:
        raise WrongError(f"the groups are {found}, not {dict(exactly)}"[:200])
    for name, group in zip(found, answer.groups, strict=True):
        if group.flights < 1 or not (_rises(group.departure) and _rises(group.arrival)):
            raise WrongError(f"{name} has {group.flights} flights, and percentiles that do not rise")
    return found


def _rises(percentiles: Mapping[str, float | None]) -> bool:
    values = [percentiles.get(name) for name in PERCENTILES]
    known = [value for value in values if value is not None]
    return percentiles.keys() == set(PERCENTILES) and len(known) in (0, len(values)) and known == sorted(known)


def read_settled(body: bytes, size: int, allowed: Collection[str]) -> Settled:
    """Return what became of a batch: every record, in its order, came to one of the `allowed` ends."""
    settled = _decode(body, Settled)
    statuses = [result.status for result in settled.results]
    if [result.index for result in settled.results] != list(range(size)):
        raise WrongError(f"the answer does not tell of each of {size} records in their order")
    for status in statuses:
        if status not in allowed:
            raise WrongError(f"a record is {status}, not {' or '.join(sorted(allowed))}")
    stated = {name: getattr(settled, name) for name in ("created", "updated", "unchanged")}
    if stated != {name: statuses.count(name) for name in stated}:
        raise WrongError("the sums are not those of the records")
    return settled
