"""The HTTP side of the Lambda Runtime API, 2018-06-01: bytes of one connection to calls, answers to bytes.

Each warm request crosses this module twice, so it parses the little HTTP/1.1 that runtime clients speak (requests with
a Content-Length, kept-alive connections) by hand instead of through a web server. The calls are described in
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; `environment` knows what they mean.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal, Protocol, TypeAlias, cast

PAYLOAD_LIMIT: Final = 6 * 1024 * 1024 + 100  # bytes of a request or a response: what the service really enforces
_HEAD_LIMIT: Final = 2 * 1024 * 1024  # the runtime client's X-Ray header alone may have 1 MB

CallName: TypeAlias = Literal["next", "response", "error", "init/error"]

_CALL: Final = re.compile(
    rb"(?:GET /2018-06-01/runtime/invocation/(?P<next>next)"
    rb"|POST /2018-06-01/runtime/(?:invocation/(?P<id>[^/ ]+)/(?P<result>response|error)|(?P<init>init/error)))"
    rb" HTTP/1\.1\r\n"
)
_NAMES: Final[dict[bytes, CallName]] = {
    b"next": "next",
    b"response": "response",
    b"error": "error",
    b"init/error": "init/error",
}
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)

_ACCEPTED: Final = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" + b'{"status":"OK"}\n'
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a runtime: its name, the invocation it speaks of (empty for none), and its body.

    The body is None when it was larger than `PAYLOAD_LIMIT`; then it was read and thrown away.
    """

    name: CallName
    request_id: str
    body: bytes | None


class Callee(Protocol):
    """Whoever answers the calls of one runtime."""

    def called(self, call: Call, connection: Connection) -> None:
        """Act on a call, and answer it now or later through the connection."""

    def connected(self, connection: Connection) -> None:
        """Learn that the runtime opened a connection."""

    def disconnected(self, connection: Connection) -> None:
        """Learn that a connection is gone, after every call that came through it."""


class Connection(asyncio.Protocol):
    """One connection of a runtime. What is not a well-formed call of the API is answered 400 and hung up on."""

    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._received = bytearray()
        self._discarding: Call | None = None
        self._to_discard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._callee.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._callee.disconnected(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._received and (call := self._take()):
            self._callee.called(call, self)

    def _take(self) -> Call | None:
        """Cut the next whole call off what was received, or None while some of it is missing."""
        if self._discarding:
            return self._discard(self._discarding)
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            if len(self._received) > _HEAD_LIMIT:
                self._hang_up()
            return None
        head = bytes(self._received[: end + 2])
        matched = _CALL.match(head)
        if not matched or _CHUNKED.search(head):
            self._hang_up()
            return None
        length = _LENGTH.search(head)
        size, start = int(length[1]) if length else 0, end + 4
        request_id = (matched["id"] or b"").decode("ascii", "replace")
        name = _NAMES[matched["next"] or matched["result"] or matched["init"]]
        if size > PAYLOAD_LIMIT:
            del self._received[:start]
            self._discarding, self._to_discard = Call(name, request_id, None), size
            return self._discard(self._discarding)
        if len(self._received) < start + size:
            return None
        body = bytes(self._received[start : start + size])
        del self._received[: start + size]
        return Call(name, request_id, body)

    def _discard(self, call: Call) -> Call | None:
        taken = min(self._to_discard, len(self._received))
        del self._received[:taken]
        self._to_discard -= taken
        if self._to_discard:
            return None
        self._discarding = None
        return call

    def _hang_up(self) -> None:
        self._received.clear()
        self.refuse(400, "InvalidRequest", "This is no call of the Runtime API 2018-06-01.")
        self._transport.close()

    def send_invocation(self, head: bytes, payload: bytes) -> None:
        """Answer a `next` call: header lines, each ended by CRLF, and the event."""
        status = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(payload)
        self._transport.writelines((status, head, b"\r\n", payload))

    def accept(self) -> None:
        """Answer a call that reports something: 202."""
        self._transport.write(_ACCEPTED)

    def refuse(self, status: int, error_type: str, message: str) -> None:
        """Answer a call that cannot stand with a client error."""
        body = b'{"errorMessage":"%s","errorType":"%s"}\n' % (message.encode(), error_type.encode())
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        self._transport.write(b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body))

    def close(self) -> None:
        """Hang up at once."""
        self._transport.abort()
