"""The five routes, from HTTP to values and back; Powertools validates what stands in the path and the query.

A route finds its stores, by login, in the resolver's context. The schemas of bodies and answers stand in
`service.openapi`, which no request imports.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AfterValidator, BeforeValidator

from service import cursor as cursors
from service.domain import (
    AIRPORT,
    ASKED_DAY,
    CARRIER,
    NUMBER,
    Ambiguous,
    Batch,
    Filters,
    Key,
    Store,
    UnavailableError,
    read_batch,
    results,
    shown,
)
from service.event import check_query, json_body, scopes
from service.logins import Login
from service.problems import Problem, broken, dump, invalid, unavailable
from service.rules import FieldError, read_digits
from service.telemetry import UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_log = logging.getLogger(__name__)
app = APIGatewayHttpResolver(enable_validation=True)

READERS = [{"jwt": ["flights:read"]}, {"jwt": ["canary:read"]}]
WRITERS = [{"jwt": ["flights:write"]}]
# Which login serves which scope; the first that the token grants.
_LOGINS = {
    "read": {"flights:read": Login.READER, "canary:read": Login.CANARY},
    "write": {"flights:write": Login.INGEST},
}

_FILTERS = frozenset({"from", "to", "carrier", "origin", "dest"})
_From = Annotated[str | None, Query(alias="from"), AfterValidator(ASKED_DAY.read)]
_To = Annotated[str | None, Query(alias="to"), AfterValidator(ASKED_DAY.read)]
_Carrier = Annotated[str | None, Query(), AfterValidator(CARRIER.read)]
_Airport = Annotated[str | None, Query(), AfterValidator(AIRPORT.read)]
# Whether the path arrives decoded depends on how the gateway is reached; decoding twice does no harm to a key.
_decoded = BeforeValidator(unquote)


@app.post(
    "/v1/flights",
    operation_id="ingest",
    summary="Store a batch of flights; sending it again changes nothing",
    security=WRITERS,
)
def ingest() -> Any:
    store = _store("write")
    event = app.current_event.raw_event
    check_query(event, frozenset())
    body = json_body(event)
    if not isinstance(body, dict) or "records" not in body:
        raise FieldError("records", "is required")
    if strangers := body.keys() - {"records"}:
        raise FieldError(shown(min(strangers)), "is not a field of this request")
    if isinstance(body, Ambiguous):
        raise FieldError("records", "is given more than once")
    batch = read_batch(body["records"])
    return _settled(batch, store.save(batch.flights))


def _settled(batch: Batch, stored: Mapping[Key, str]) -> Response[str]:
    """Answer a batch: 200 where every record stands, else 422; the good ones are stored either way."""
    found = results(batch, stored)
    counts = Counter(result["status"] for result in found)
    document = {name: counts[name] for name in ("created", "updated", "unchanged")} | {"results": found}
    if not batch.rejected and not batch.superseded:
        return _json(document)
    errors = [
        {"index": index, "field": fault.field, "message": fault.message}
        for index, faults in batch.rejected.items()
        for fault in faults
    ]
    errors += [
        {"index": index, "field": "/".join(Key._fields), "message": f"record {later} has the same key, and stands"}
        for index, later in batch.superseded.items()
    ]
    raise Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Of {batch.size} records {len(batch.rejected)} were rejected and {len(batch.superseded)} superseded;"
        " the others are stored.",
        sorted(errors, key=lambda error: error["index"]),
        more={"rejected": len(batch.rejected), "superseded": len(batch.superseded), **document},
    )


@app.get(
    "/v1/flights/<flight_date>/<carrier>/<flight>/<origin>",
    operation_id="read",
    summary="Read one flight by its key",
    security=READERS,
)
def read(
    flight_date: Annotated[str, Path(), _decoded, AfterValidator(ASKED_DAY.read)],
    carrier: Annotated[str, Path(), _decoded, AfterValidator(CARRIER.read)],
    flight: Annotated[int, Path(), BeforeValidator(read_digits), _decoded, AfterValidator(NUMBER.read)],
    origin: Annotated[str, Path(), _decoded, AfterValidator(AIRPORT.read)],
) -> Any:
    store = _store("read")
    check_query(app.current_event.raw_event, frozenset())
    found = store.find(Key(flight_date, carrier, flight, origin))
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such flight.")
    return _json(found._asdict())


@app.get(
    "/v1/flights", operation_id="list", summary="Page through flights in the order of their keys", security=READERS
)
def page(
    from_: _From = None,
    to: _To = None,
    carrier: _Carrier = None,
    origin: _Airport = None,
    dest: _Airport = None,
    limit: Annotated[int, Query(ge=1, le=500), BeforeValidator(read_digits)] = 100,
    cursor: Annotated[str | None, Query()] = None,
) -> Any:
    store = _store("read")
    check_query(app.current_event.raw_event, _FILTERS | {"limit", "cursor"})
    filters = _filters(from_, to, carrier, origin, dest)
    after = None if cursor is None else cursors.decode(cursor, filters)
    found = store.page(filters, after, limit + 1)
    more = cursors.encode(found[limit - 1].key, filters) if len(found) > limit else None
    return _json({"flights": [flight._asdict() for flight in found[:limit]], "next_cursor": more})


@app.get(
    "/v1/stats/delays",
    operation_id="delays",
    summary="Percentiles of departure and arrival delays, in minutes",
    security=READERS,
)
def delays(
    group_by: Annotated[Literal["carrier", "route", "month"], Query()],
    from_: _From = None,
    to: _To = None,
    carrier: _Carrier = None,
    origin: _Airport = None,
    dest: _Airport = None,
) -> Any:
    store = _store("read")
    check_query(app.current_event.raw_event, _FILTERS | {"group_by"})
    groups = [
        {
            group_by: group.label,
            "flights": group.flights,
            "departure": _percentiles(group.departure),
            "arrival": _percentiles(group.arrival),
        }
        for group in store.delays(_filters(from_, to, carrier, origin, dest), group_by)
    ]
    return _json({"group_by": group_by, "groups": groups})


@app.get("/v1/health", operation_id="health", summary="Whether the service reaches its database")
def health() -> Any:
    stores()[Login.READER].ping()
    return _json({"status": "ok"})


def stores() -> Mapping[Login, Store]:
    """Return what `service.app` put into the context of this request."""
    found: Mapping[Login, Store] = app.context["stores"]
    return found


def _store(operation: str) -> Store:
    """Return the store as the login that the token's scopes allow; a 403 problem where they allow none."""
    granted = scopes(app.current_event.raw_event)
    for scope, login in _LOGINS[operation].items():
        if scope in granted:
            return stores()[login]
    raise Problem(HTTPStatus.FORBIDDEN, f"This needs the scope {' or '.join(_LOGINS[operation])}.")


def _filters(first: str | None, last: str | None, carrier: str | None, origin: str | None, dest: str | None) -> Filters:
    if first is not None and last is not None and first > last:
        raise FieldError("to", "is before from")
    return Filters(first=first, last=last, carrier=carrier, origin=origin, dest=dest)


def _percentiles(values: Sequence[float] | None) -> dict[str, float | None]:
    if values is None:
        return {"p50": None, "p90": None, "p99": None}
    return {name: round(value, 2) for name, value in zip(("p50", "p90", "p99"), values, strict=True)}


def _json(document: dict[str, Any]) -> Response[str]:
    return Response(status_code=HTTPStatus.OK, content_type="application/json", body=dump(document))


def _invalid_parameters(error: RequestValidationError) -> Response[str]:
    faults = [FieldError(str(found["loc"][-1]), found["msg"].removeprefix("Value error, ")) for found in error.errors()]
    return invalid(*faults).response()


def _unexpected(error: Exception) -> Response[str]:
    _log.error("unexpected", exc_info=error)
    return broken().response()


_ANSWERS: dict[type[Exception], Callable[[Any], Response[str]]] = {
    Problem: Problem.response,
    FieldError: lambda fault: invalid(fault).response(),
    RequestValidationError: _invalid_parameters,
    NotFoundError: lambda _: Problem(HTTPStatus.NOT_FOUND, "There is nothing at this path.").response(),
    UnavailableError: lambda _: unavailable().response(),
    Exception: _unexpected,
}
for _kind, _answer in _ANSWERS.items():
    app.exception_handler(_kind)(_answer)

_KEY = "/v1/flights/{flight_date}/{carrier}/{flight}/{origin}"
_KEY_PATH = re.compile(re.sub(r"\{\w+\}", "[^/]+", _KEY)).fullmatch
OPERATIONS = {
    "POST /v1/flights": "write",
    "GET /v1/flights": "read",
    f"GET {_KEY}": "read",
    "GET /v1/stats/delays": "read",
    "GET /v1/health": "read",
}


def classify(method: str, path: str) -> tuple[str, str]:
    """Return the route as its template, and what it does to the database, as metrics name them."""
    route = f"{method} {_KEY if _KEY_PATH(path) else path}"
    return (route, OPERATIONS[route]) if route in OPERATIONS else (UNMATCHED, UNMATCHED)
