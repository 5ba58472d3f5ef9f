"""The API's description, OpenAPI 3.1: the routes as Powertools knows them, with the domain's rules and every answer.

`python -m service.openapi > service/openapi.json`. No request imports this module. The gateway takes routes and scopes
from the file, so that what is described is what is served.
"""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from service.domain import AIRPORT, ASKED_DAY, CARRIER, KEY_RULES, MAX_RECORDS, OPTIONAL, RULES
from service.problems import CONTENT_TYPE
from service.routes import app
from service.rules import Clock, Rule

Schema = dict[str, Any]
JSON = "application/json"

_STATUSES = ("created", "updated", "unchanged", "rejected", "superseded")
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_RECORDS}


def _object(properties: Schema, *, optional: frozenset[str] = frozenset(), **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _rule(rule: Rule) -> Schema:
    return _ref("Clock") if isinstance(rule, Clock) else rule.schema()


_NULL: Schema = {"type": "null"}
_CURSOR: Schema = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[A-Za-z0-9_-]+$"}
_RESULT = _object(
    {
        "index": {**_COUNT, "description": "Position in the request, from 0."},
        "status": {"type": "string", "enum": list(_STATUSES)},
        "by": {**_COUNT, "description": "The later record with the same key, which stands in place of this one."},
    },
    optional=frozenset({"by"}),
)
_PROBLEM: Schema = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string"},
    "errors": _list(_ref("Fault"), minItems=1),
}
_BATCH = dict.fromkeys(_STATUSES, _COUNT) | {"results": _list(_ref("Result"))}
_PERCENTILES = _object({name: _either({"type": "number"}, _NULL) for name in ("p50", "p90", "p99")})
_LABELS: dict[str, Schema] = {
    "carrier": CARRIER.schema(),
    "route": {"type": "string", "pattern": "^[A-Z]{3}-[A-Z]{3}$"},
    "month": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
}

SCHEMAS: dict[str, Schema] = {
    "Clock": {**Clock().schema(), "description": "A time of day as HHMM; 2400 is midnight."},
    # As it is sent: what is missing may be null, left out, or the text that R and its data sets use.
    "FlightGiven": _object(
        {
            name: _either(_rule(rule), _NULL, {"const": "NA"}) if name in OPTIONAL else _rule(rule)
            for name, rule in RULES.items()
        },
        optional=OPTIONAL,
        description="Delays and air_time are minutes, distance miles. What is missing is null, left out, or the text"
        " NA; 5.0 is the whole number 5.",
    ),
    "Flight": _object(
        {
            name: _either(_rule(rule), _NULL) if name in OPTIONAL else _rule(rule)
            for name, rule in {**RULES, **KEY_RULES}.items()
        }
    ),
    "Batch": _object({"records": _list(_ref("FlightGiven"), minItems=1, maxItems=MAX_RECORDS)}),
    "Result": _RESULT,
    "Stored": _object(dict.fromkeys(_STATUSES[:3], _COUNT) | {"results": _list(_ref("Result"))}),
    "Page": _object({"flights": _list(_ref("Flight"), maxItems=500), "next_cursor": _either(_CURSOR, _NULL)}),
    "Delays": _object(
        {
            "group_by": {"type": "string", "enum": list(_LABELS)},
            "groups": _list(
                _object(
                    {
                        **_LABELS,
                        "flights": {"type": "integer", "minimum": 1},
                        "departure": _PERCENTILES,
                        "arrival": _PERCENTILES,
                    },
                    optional=frozenset(_LABELS),
                )
            ),
        },
        description="Minutes, interpolated; null where no delay of the group is known. Each group has the member that"
        " `group_by` names.",
    ),
    "Health": _object({"status": {"const": "ok"}}),
    "Fault": _object(
        {"index": _COUNT, "field": {"type": "string"}, "message": {"type": "string"}}, optional=frozenset({"index"})
    ),
    "Problem": _object(_PROBLEM, optional=frozenset({"errors"}), description="RFC 9457."),
    "BatchProblem": _object(
        _PROBLEM | _BATCH,
        optional=frozenset({"errors", *_BATCH}),
        description="RFC 9457. Where it has results, the records that were neither rejected nor superseded are stored.",
    ),
    "GatewayError": {
        "type": "object",
        "properties": {"message": {"type": "string"}},
        "required": ["message"],
        "description": "What Amazon API Gateway answers by itself.",
    },
}

_PARAMETERS: dict[str, Schema] = {
    **{name: rule.schema() for name, rule in KEY_RULES.items()},
    "from": ASKED_DAY.schema(),
    "to": ASKED_DAY.schema(),
    "dest": AIRPORT.schema(),
    "cursor": _CURSOR,
    "limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
    "group_by": {"type": "string", "enum": list(_LABELS)},
}
_DESCRIPTIONS: dict[str, str] = {
    "from": "First day, included.",
    "to": "Last day, included; not before `from`.",
    "cursor": "The `next_cursor` of the page before, asked for with the same filters.",
}

# Who may say what: S the service, by a problem document; G the gateway, by its own body; B both.
_MEANINGS: dict[int, tuple[str, str]] = {
    400: ("S", "The body is not JSON."),
    401: ("B", "No access token, or one that is not valid."),
    403: ("B", "The token lacks the scope."),
    404: ("B", "There is no such flight."),
    413: ("B", "The body is over 4 MB."),
    415: ("S", "The body is not application/json."),
    422: ("S", "A field or parameter breaks a rule; `errors` names it."),
    429: ("G", "Too many requests."),
    500: ("B", "Something went wrong on our side."),
    503: ("B", "Out of reach for a moment; `Retry-After` says for how long."),
}
_OPERATIONS: dict[str, tuple[str, tuple[int, ...]]] = {
    "ingest": ("Stored", (400, 401, 403, 413, 415, 422, 429, 500, 503)),
    "read": ("Flight", (401, 403, 404, 422, 429, 500, 503)),
    "list": ("Page", (401, 403, 422, 429, 500, 503)),
    "delays": ("Delays", (401, 403, 422, 429, 500, 503)),
    "health": ("Health", (429, 500, 503)),
}
_HEADERS: dict[str, Schema] = {
    "x-request-id": {"description": "The caller's own, or the gateway's.", "schema": {"type": "string"}},
    "traceparent": {"description": "W3C Trace Context, where the caller sent one.", "schema": {"type": "string"}},
    "Server-Timing": {"description": "Milliseconds: total, db_read, db_write.", "schema": {"type": "string"}},
}
_RETRY: dict[str, Schema] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}


def describe() -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(
            title="Flights",
            version="1.0.0",
            description="Flight records for analytics: ingest, reading, paging and statistics of delays.",
            security_schemes={"jwt": HTTPBearer(bearerFormat="JWT")},
        )
    )
    document["components"]["schemas"] = SCHEMAS
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation)
    return document


def _complete(operation: dict[str, Any]) -> None:
    answer, statuses = _OPERATIONS[operation["operationId"]]
    operation.setdefault("security", [])
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        parameter["schema"] = _PARAMETERS[name]
        if name in _DESCRIPTIONS:
            parameter["description"] = _DESCRIPTIONS[name]
    if operation["operationId"] == "ingest":
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _ref("Batch")}}}
    problem = "BatchProblem" if operation["operationId"] == "ingest" else "Problem"
    operation["responses"] = {
        "200": {"description": "Done.", "headers": _HEADERS, "content": {JSON: {"schema": _ref(answer)}}},
        **{str(status): _failure(status, problem) for status in statuses},
    }


def _failure(status: int, problem: str) -> dict[str, Any]:
    who, description = _MEANINGS[status]
    content: dict[str, Any] = {}
    if who in "SB":
        content[CONTENT_TYPE] = {"schema": _ref(problem if status == HTTPStatus.UNPROCESSABLE_ENTITY else "Problem")}
    if who in "GB":
        content[JSON] = {"schema": _ref("GatewayError")}
    headers = {**_HEADERS, **_RETRY} if status == HTTPStatus.SERVICE_UNAVAILABLE else _HEADERS
    return {"description": description, "headers": headers, "content": content}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(describe(), indent=2) + "\n")
