"""One HTTP exchange, by the standard library's client: it follows nothing, logs nothing, and quotes no URL."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from clearance.runtask.places import Place

PATIENCE_S = 30.0  # for the next byte
WHOLE_S = 180.0  # for all of them, however slowly they drip
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
    method: str,
    place: Place,
    *,
    into: BinaryIO | None,
    most: int = 0,
    headers: Mapping[str, str],
    body: bytes | None = None,
    whole_s: float = WHOLE_S,
) -> Reply:
    """Send one request and take the answer in, of at most `most` bytes; without `into` its head alone, which says all.

    Raises DroppedError where there is no whole answer within the time, and TooLargeError.
    """
    fault, late = "", threading.Event()
    connection = _connection(place)
    try:
        with _connected(connection, whole_s, late):
            connection.request(method, place.target.reveal(), body=body, headers=dict(headers))
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            if into is not None:
                fault = _copy(answer, named, into, most)
        if not fault and not late.is_set():
            return Reply(status=answer.status, headers=named)
    except (OSError, http.client.HTTPException, ValueError) as error:
        fault = type(error).__name__
    finally:
        connection.close()
    # outside of the handler: an exception's context would quote what it choked on
    raise DroppedError(f"there was no whole answer within {whole_s:g} s" if late.is_set() else fault)


def _connection(place: Place) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.host, place.port)


@contextlib.contextmanager
def _connected(connection: http.client.HTTPConnection, seconds: float, late: threading.Event) -> Iterator[None]:
    """Connect, and hang up on whoever is not done in time: a time-out of the socket begins anew with each byte."""
    plain = socket.create_connection((connection.host, connection.port), PATIENCE_S)
    with plain.dup() as line:  # a second hold on it: TLS takes the first one over, and the connection forgets its own

        def hang_up() -> None:
            late.set()
            with contextlib.suppress(OSError):  # it ended at this very moment
                line.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, hang_up)
        timer.daemon = True
        timer.start()
        try:
            connection.sock = plain
            if isinstance(connection, http.client.HTTPSConnection):
                connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=connection.host)
            yield
        finally:
            timer.cancel()


def _copy(answer: http.client.HTTPResponse, named: Mapping[str, str], into: BinaryIO, most: int) -> str:
    """Take the body in, or say why it is none."""
    if named.get("content-encoding", "identity") != "identity":
        return "the answer is compressed, which nobody asked for"
    total = 0
    while chunk := answer.read(_CHUNK):
        total += len(chunk)
        if total > most:
            raise TooLargeError
        into.write(chunk)
    if answer.length:  # what is left of the length that was announced
        raise http.client.IncompleteRead(b"", answer.length)
    return ""
