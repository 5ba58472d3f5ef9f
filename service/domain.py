"""The rules of a flight record, of a batch and of a question. Pure: values in, values or named faults out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from service.rules import Clock, Day, FieldError, Text, Whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from service.rules import Rule

MAX_RECORDS = 1000
FIRST_DAY = date(1980, 1, 1)
CANARY_DAY = date(1970, 1, 1)
LAST_DAY = date(2099, 12, 31)
_SHOWN = 64  # of a stranger's field name, so that an answer stays smaller than its request


class UnavailableError(Exception):
    """The store cannot answer now; the same request may succeed a second later."""


class Key(NamedTuple):
    """What makes two records the same flight; `flight_date` is an ISO date."""

    flight_date: str
    carrier: str
    flight: int
    origin: str


class Flight(NamedTuple):
    """One departure. Clock times are HHMM (2400 is midnight), delays and `air_time` minutes, `distance` miles."""

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
        """The part that names it."""
        return Key(*self[:4])


CARRIER = Text(pattern="[A-Z0-9]{2}", says="expected two characters A-Z or 0-9")
AIRPORT = Text(pattern="[A-Z]{3}", says="expected three letters A-Z")
NUMBER = Whole(low=1, high=9999)
_DELAY = Whole(low=-1440, high=4320)

RULES: dict[str, Rule] = {
    "flight_date": Day(first=FIRST_DAY, last=LAST_DAY, years="19[89][0-9]|20[0-9]{2}"),
    "carrier": CARRIER,
    "flight": NUMBER,
    "origin": AIRPORT,
    "dest": AIRPORT,
    "tailnum": Text(pattern="[A-Z0-9-]{1,8}", says="expected one to eight characters A-Z, 0-9 or -"),
    "dep_time": Clock(),
    "sched_dep_time": Clock(),
    "arr_time": Clock(),
    "sched_arr_time": Clock(),
    "dep_delay": _DELAY,
    "arr_delay": _DELAY,
    "air_time": Whole(low=1, high=1440),
    "distance": Whole(low=1, high=12500),
}
OPTIONAL = frozenset({"tailnum", "dep_time", "arr_time", "dep_delay", "arr_delay", "air_time"})
# Asking for the day of the canary is no fault of the question: who may not see it is told that nothing is there.
ASKED_DAY = Day(first=CANARY_DAY, last=LAST_DAY, years="19[7-9][0-9]|20[0-9]{2}")
KEY_RULES: dict[str, Rule] = {"flight_date": ASKED_DAY, "carrier": CARRIER, "flight": NUMBER, "origin": AIRPORT}


class Ambiguous(dict[str, Any]):
    """A JSON object that names a field twice (RFC 8259, section 4: what that means is anybody's guess)."""

    repeated: str

    @classmethod
    def hook(cls, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Serve as `object_pairs_hook` of `json.loads`: a dict, or an `Ambiguous` one."""
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        ambiguous, seen = cls(found), set[str]()
        for name, _ in pairs:
            if name in seen:
                ambiguous.repeated = name
                break
            seen.add(name)
        return ambiguous


def shown(name: str) -> str:
    """Return a stranger's field name as it may appear in an answer: ASCII, and short."""
    text = name[:_SHOWN].encode("ascii", "backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


_READS = tuple((name, rule.read, name in OPTIONAL) for name, rule in RULES.items())


def read_flight(value: Any) -> tuple[Flight | None, list[FieldError]]:
    """Read one record, any JSON value whatever, into a flight, or into every fault that it has (at least one)."""
    if not isinstance(value, dict):
        return None, [FieldError("record", "expected an object")]
    faults = [] if value.keys() <= RULES.keys() and not isinstance(value, Ambiguous) else list(_strangers(value))
    found: list[Any] = []
    for name, read, optional in _READS:
        given = value.get(name)
        if given is None or (optional and given == "NA"):  # which is a carrier, too: North American Airlines
            if not optional:
                faults.append(FieldError(name, "is required"))
            found.append(None)
            continue
        try:
            found.append(read(given))
        except ValueError as error:
            faults.append(FieldError(name, str(error)))
    return (None, faults) if faults else (Flight._make(found), [])


def _strangers(value: dict[str, Any]) -> Iterable[FieldError]:
    if isinstance(value, Ambiguous):
        yield FieldError(shown(value.repeated), "is given more than once")
    unknown = [name for name in value if name not in RULES]
    if unknown:
        more = f", as are {len(unknown) - 1} more" if len(unknown) > 1 else ""
        yield FieldError(shown(unknown[0]), f"is not a field of a flight{more}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of each record of a request before the store is asked: every index is in exactly one of the three."""

    size: int
    standing: Mapping[Key, tuple[int, Flight]]
    superseded: Mapping[int, int]  # index -> index of the later record with the same key
    rejected: Mapping[int, Sequence[FieldError]]

    @property
    def flights(self) -> list[Flight]:
        """What is to be stored: distinct keys, in the order of the keys."""
        return sorted((flight for _, flight in self.standing.values()), key=lambda flight: flight[:4])


def read_batch(records: Any) -> Batch:
    """Read the `records` of a request; `FieldError` when they are no list of 1 to 1,000.

    Of several good records with one key the last one stands; a bad one supersedes nothing.
    """
    if not isinstance(records, list):
        raise FieldError("records", "expected a list of records")
    if not 1 <= len(records) <= MAX_RECORDS:
        raise FieldError("records", f"expected 1 to {MAX_RECORDS} records, not {len(records)}")
    last: dict[Key, tuple[int, Flight]] = {}
    superseded: dict[int, Key] = {}
    rejected: dict[int, Sequence[FieldError]] = {}
    for index, record in enumerate(records):
        flight, faults = read_flight(record)
        if flight is None:
            rejected[index] = faults
            continue
        key = flight.key
        if key in last:
            superseded[last[key][0]] = key
        last[key] = index, flight
    later = {index: last[key][0] for index, key in superseded.items()}
    return Batch(size=len(records), standing=last, superseded=later, rejected=rejected)


def results(batch: Batch, stored: Mapping[Key, str]) -> list[dict[str, Any]]:
    """Say for each record what became of it, given what the store did with each key."""
    found: list[dict[str, Any]] = [{"index": index, "status": "rejected"} for index in range(batch.size)]
    for key, (index, _) in batch.standing.items():
        found[index]["status"] = stored[key]
    for index, later in batch.superseded.items():
        found[index].update(status="superseded", by=later)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which flights are asked for; None asks for all. Days are ISO dates, both included."""

    first: str | None = None
    last: str | None = None
    carrier: str | None = None
    origin: str | None = None
    dest: str | None = None


class Store(Protocol):
    """Where flights are kept, as one login may see them. Every method may raise `UnavailableError`."""

    def save(self, flights: Collection[Flight]) -> Mapping[Key, str]:
        """Store flights of distinct keys, all or none; say for each key created, updated or unchanged."""

    def find(self, key: Key) -> Flight | None:
        """Return the flight of that key."""

    def page(self, filters: Filters, after: Key | None, limit: int) -> Sequence[Flight]:
        """Return at most `limit` flights beyond `after`, in the order of their keys."""

    def delays(self, filters: Filters, group_by: str) -> Sequence[Delays]:
        """Return the delays by `carrier`, `route` or `month`, in the order of the labels."""

    def ping(self) -> None:
        """Return when the store answers."""


class Delays(NamedTuple):
    """How late one group of flights was: percentiles 50, 90, 99 in minutes, None where no delay is known."""

    label: str
    flights: int
    departure: Sequence[float] | None
    arrival: Sequence[float] | None
