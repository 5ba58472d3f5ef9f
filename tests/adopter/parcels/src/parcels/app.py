"""GET /v1/parcels/NUMBER as a WSGI application (PEP 3333)."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from parcels.tracking import Parcel, is_number

PARCELS: dict[str, Parcel] = {}


def app(environ: Mapping[str, Any], start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
    """Answer one request."""
    prefix, _, number = environ["PATH_INFO"].rpartition("/")
    status, body = "404 Not Found", {"title": "there is no such parcel"}
    if prefix == "/v1/parcels" and not is_number(number):
        status, body = "400 Bad Request", {"title": "that is no number of a parcel"}
    elif prefix == "/v1/parcels" and number in PARCELS:
        status, body = "200 OK", {"number": number, "place": PARCELS[number].place}
    answer = json.dumps(body).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
