"""Read an HTTP API event, payload format 2.0. Knows AWS's shapes and their gaps; pure.

Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway" and "Control access to HTTP APIs with
JWT authorizers in API Gateway".
"""

from __future__ import annotations

import base64
import json
import re
from http import HTTPStatus
from typing import Any

from service.domain import Ambiguous, shown
from service.problems import Problem, invalid
from service.rules import FieldError

MAX_BODY = 4 * 1024 * 1024
_DIGITS = 300  # more than any field takes, and few enough for a float
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}").fullmatch
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}").fullmatch

Event = dict[str, Any]


def member(value: Any, *names: str) -> dict[str, Any]:
    """Return the object at the end of a path of names; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def without_stage(event: Any) -> Event:
    """Return the event with `rawPath` as the default stage would have it: a custom domain may or may not prefix it.

    What is no event of an HTTP API (a test event of the console, say) becomes one that nothing matches.
    """
    event, context = member(event), member(event, "requestContext")
    stage, path = context.get("stage") or "$default", event.get("rawPath") or "/"
    if not isinstance(path, str):
        path = "/"
    if path == f"/{stage}" or path.startswith(f"/{stage}/"):
        path = path[len(stage) + 1 :] or "/"
    return {**event, "rawPath": path, "requestContext": {**context, "stage": "$default"}}


def header(event: Event, name: str) -> str:
    """Return a header by its lower-case name, or nothing."""
    value = member(event, "headers").get(name)
    return value if isinstance(value, str) else ""


def request_id(event: Event) -> str:
    """Return the caller's x-request-id where it is a sane one, else the gateway's own."""
    given = header(event, "x-request-id")
    return given if _REQUEST_ID(given) else gateway_request_id(event) or "unknown"


def gateway_request_id(event: Event) -> str:
    """Return the gateway's own id of the request, by which its access log names it; nothing where there is none."""
    return str(member(event, "requestContext").get("requestId") or "")


def traceparent(event: Event) -> str:
    """Return the caller's trace context (W3C Trace Context, version 00), or nothing where there is no valid one."""
    given = header(event, "traceparent")
    return given if _TRACEPARENT(given) else ""


def scopes(event: Event) -> frozenset[str]:
    """Return the scopes that the token grants, which the authorizer checked; a 401 problem where it checked none.

    They come as text between blanks, as a list, or as the gateway renders a list: text in square brackets. The
    authorizer's own `scopes` are what the route asks for, and grant nothing.
    """
    claims = member(event, "requestContext", "authorizer", "jwt").get("claims")
    if not isinstance(claims, dict):
        raise Problem(HTTPStatus.UNAUTHORIZED, "This needs an access token.", headers={"WWW-Authenticate": "Bearer"})
    granted = claims.get("scope") or claims.get("scp") or ""
    if isinstance(granted, str):
        granted = granted.strip("[]").replace(",", " ").split()
    return frozenset(scope for scope in granted if isinstance(scope, str)) if isinstance(granted, list) else frozenset()


def check_query(event: Event, known: frozenset[str]) -> None:
    """Refuse query parameters that nobody knows, so that a misspelt filter is not taken for no filter."""
    given = event.get("queryStringParameters") or {}
    faults = [FieldError(shown(name), "is not a parameter of this request") for name in given if name not in known]
    if faults:
        raise invalid(*faults[:10])


def json_body(event: Event) -> Any:
    """Decode the body: UTF-8 JSON of at most 4 MiB. Raises 400, 413 or 415 problems that say why."""
    media, _, parameters = header(event, "content-type").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8.")
    data = _body_bytes(event)
    if len(data) > MAX_BODY:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is over the limit of {MAX_BODY} bytes (4 MB).")
    try:
        return _decoded(data.decode())
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg} at character {error.pos}."
    except RecursionError:
        detail = "The body is nested too deeply."
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8: at byte {error.start}."
    raise Problem(HTTPStatus.BAD_REQUEST, detail)


def _decoded(text: str) -> Any:
    """Decode JSON, and with it the numbers that JSON lacks, so that it is a record's field that is refused for them."""
    try:
        return json.loads(text, object_pairs_hook=Ambiguous.hook)
    except json.JSONDecodeError:
        raise
    except ValueError:  # Python refuses to read an integer of thousands of digits; none of our fields would take it
        return json.loads(text, object_pairs_hook=Ambiguous.hook, parse_int=_bounded)


def _bounded(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def _body_bytes(event: Event) -> bytes:
    body = event.get("body") or ""
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except ValueError:  # what is no base64 may not even be ASCII
        raise Problem(HTTPStatus.BAD_REQUEST, "The body cannot be decoded.") from None
