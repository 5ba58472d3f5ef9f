"""One HTTP exchange, by the standard library's client: it follows nothing, logs nothing, and quotes no URL."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from clearance.runtask.places import Place

PATIENCE_S = 30.0  # for the next byte
WHOLE_S = 180.0  # for all of them
_CHUNK = 1 << 16


class DroppedError(Exception):
    """No whole answer came; the text says why, and nothing of where it was asked."""


class TooLargeError(Exception):
    """The answer is larger than it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status and the headers, their names in lower case; the body went into the file that was given."""

    status: int
    headers: Mapping[str, str] = field(repr=False)


def ask(
    method: str, place: Place, *, into: BinaryIO, most: int, headers: Mapping[str, str], body: bytes | None = None
) -> Reply:
    """Send one request and take the answer in, of at most `most` bytes. Raises DroppedError and TooLargeError."""
    fault = ""
    connection = _connection(place)
    try:
        connection.request(method, place.target.reveal(), body=body, headers=dict(headers))
        answer = connection.getresponse()
        _copy(answer, into, most)
        named = {name.lower(): value for name, value in answer.getheaders()}
        if named.get("content-encoding", "identity") != "identity":
            fault = "the answer is compressed, which nobody asked for"
        else:
            return Reply(status=answer.status, headers=named)
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = type(error).__name__
    finally:
        connection.close()
    raise DroppedError(fault)  # outside of the handler: an exception's context would quote what it choked on


def _connection(place: Place) -> http.client.HTTPConnection:
    if place.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(place.host, place.port, timeout=PATIENCE_S, context=context)
    return http.client.HTTPConnection(place.host, place.port, timeout=PATIENCE_S)


def _copy(answer: http.client.HTTPResponse, into: BinaryIO, most: int) -> None:
    total, end = 0, time.monotonic() + WHOLE_S
    while chunk := answer.read(_CHUNK):
        total += len(chunk)
        if total > most:
            raise TooLargeError
        if time.monotonic() > end:
            raise TimeoutError
        into.write(chunk)
    if answer.length:  # what is left of the length that was announced
        raise http.client.IncompleteRead(b"", answer.length)
