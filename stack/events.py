"""Payload format 2.0 of HTTP APIs: a request to a function's event, and a function's answer to a response. Pure.

Source: "Work with AWS Lambda proxy integrations for HTTP APIs",
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

API_ID: Final = "local"
ACCOUNT_ID: Final = "000000000000"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXT_TYPES: Final = frozenset({"application/json", "application/javascript", "application/xml"})
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_GATEWAYS_OWN: Final = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_BODILESS: Final = frozenset({204, 205, 304})


class MalformedAnswerError(ValueError):
    """A function's answer has no shape that the gateway could make a response of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request and what the gateway found out about it.

    `raw_path` and `query` are percent-encoded, `headers` have lower-case names, `moment` is in seconds since 1970, and
    `authorizer` is the object under `requestContext.authorizer`.
    """

    method: str
    raw_path: str
    query: str
    protocol: str
    headers: Headers
    body: bytes
    source_ip: str
    request_id: str
    moment: float
    route_key: str
    path_parameters: Mapping[str, str]
    authorizer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. Header names are lower-case; `content-length` is the server's business."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def event(request: Request) -> bytes:
    """Compose the event as JSON. What the request doesn't have, the event hasn't either: no empty keys."""
    headers, cookies = _fields(request.headers)
    path = unquote(request.raw_path)
    document: dict[str, Any] = {
        "version": "2.0",
        "routeKey": request.route_key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _context(request, headers, path),
    }
    if cookies:
        document["cookies"] = cookies
    if request.query:
        document["queryStringParameters"] = _joined(parse_qsl(request.query, keep_blank_values=True))
    if request.path_parameters:
        document["pathParameters"] = request.path_parameters
    document |= _body(request.body, headers.get("content-type", ""))
    return msgspec.json.encode(document)


def _fields(raw: Headers) -> tuple[dict[str, str], list[str]]:
    """Split headers into those of the event, duplicates joined, and cookies."""
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    cookies = [
        cookie for name, value in fields if name == "cookie" for part in value.split(";") if (cookie := part.strip())
    ]
    return _joined((name, value) for name, value in fields if name != "cookie"), cookies


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _context(request: Request, headers: Mapping[str, str], path: str) -> dict[str, Any]:
    domain = headers.get("host", "").rsplit(":", 1)[0]
    context: dict[str, Any] = {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.split(".", 1)[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": request.route_key,
        "stage": "$default",
        "time": clf_time(request.moment),
        "timeEpoch": int(request.moment * 1000),
    }
    if request.authorizer is not None:
        context["authorizer"] = request.authorizer
    return context


def clf_time(moment: float) -> str:
    """Write a moment as in common log files, UTC, whatever the locale: `12/Mar/2020:19:03:58 +0000`."""
    at = time.gmtime(moment)
    return (
        f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year:04}:{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
    )


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    media_type = content_type.split(";", 1)[0].strip().lower()
    if media_type.startswith("text/") or media_type in _TEXT_TYPES:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # JSON has no other way to carry it
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def response(payload: bytes) -> Response:
    """Make a response of a function's answer (JSON, UTF-8); MalformedAnswerError where it has no such shape."""
    try:
        answer = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedAnswerError("The answer is no JSON.") from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer.encode() if isinstance(answer, str) else payload
        return Response(200, ((b"content-type", b"application/json"),), body)
    status = answer["statusCode"]
    if type(status) is not int or not 200 <= status <= 599:
        raise MalformedAnswerError(f"The statusCode is {status!r}.")
    headers = _response_headers(answer.get("headers"))
    headers.setdefault(b"content-type", b"text/plain;charset=UTF-8")
    body = _response_body(answer)
    if status in _BODILESS:
        body = b""
    return Response(status, (*headers.items(), *_set_cookies(answer.get("cookies"))), body)


def _response_headers(given: object) -> dict[bytes, bytes]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise MalformedAnswerError("The headers are no object.")
    headers = {}
    for name, value in given.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if not isinstance(value, str | int | float) or not _TOKEN.fullmatch(name):
            raise MalformedAnswerError(f"The header {name!r} cannot be sent.")
        if name.lower() not in _GATEWAYS_OWN:
            headers[name.lower().encode()] = _field_value(text)
    return headers


def _set_cookies(given: object) -> list[tuple[bytes, bytes]]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(cookie, str) for cookie in given):
        raise MalformedAnswerError("The cookies are no list of texts.")
    return [(b"set-cookie", _field_value(cookie)) for cookie in given]


def _field_value(text: str) -> bytes:
    """Encode a header's value; nothing in it may end the header or the whole head."""
    encoded = text.encode()
    if not _FIELD_VALUE.fullmatch(encoded.decode("latin-1")):
        raise MalformedAnswerError("A header's value has a control character.")
    return encoded


def _response_body(answer: Mapping[str, Any]) -> bytes:
    body, encoded = answer.get("body"), answer.get("isBase64Encoded", False)
    if body is None:
        return b""
    if not isinstance(body, str) or not isinstance(encoded, bool):
        raise MalformedAnswerError("The body is no text.")
    if not encoded:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedAnswerError("The body is no base64.") from error
