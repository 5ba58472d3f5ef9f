"""The stack's own endpoints beside the API, on loopback: break things, read the metrics, issue tokens. ASGI.

    POST /postgres/restart   POST /postgres/kill   POST /lambda/crash        204 once it has been done
    POST /postgres/lock {"seconds": 3}                                       204 once the table is free again
    GET  /logs/emf   GET /logs/access   GET /logs/spans                      metrics, access log, the two joined so far
    POST /tokens {"scope": "flights:read", "expires_in": 60}                 {"token": "..."}
    GET  /.well-known/jwks.json   GET /.well-known/openid-configuration

Browsers may not call it: a page from elsewhere that reached it could stop the database.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from stack.access import joined
from stack.errors import StackError
from stack.tokens import LIFETIME_S, Issuer

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

BODY_LIMIT = 64 * 1024
LONGEST_S = 1e9  # no NaN, and no moment beyond the calendar
LONGEST_LOCK_S = 60.0
LOCK = "/postgres/lock"
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status and what goes with it."""

    status: int
    body: bytes = b""
    content_type: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The ASGI application; the logs are read when they are asked for.

    `deeds` are what a POST sets going, by path; `lock` keeps everybody from the flights for so many seconds.
    """

    issuer: Issuer
    deeds: Mapping[str, Callable[[], Awaitable[None]]]
    lock: Callable[[float], Awaitable[None]]
    metrics: Callable[[], Iterable[str]]
    accesses: Callable[[], Iterable[str]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        headers = dict(scope["headers"])
        if b"origin" in headers or b"sec-fetch-site" in headers:
            answer = _say(403, "Browsers may not call this.")
        else:
            answer = await self._answer(scope["method"], scope["path"], await _body(receive))
        head = [(b"content-type", answer.content_type.encode())] if answer.body else []
        if answer.status != 204:
            head.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, method: str, path: str, body: bytes | None) -> Answer:
        documents: dict[str, Callable[[], Answer]] = {
            "/.well-known/jwks.json": lambda: _json(self.issuer.jwks()),
            "/.well-known/openid-configuration": lambda: _json(self.issuer.discovery()),
            "/logs/emf": lambda: _lines(self.metrics()),
            "/logs/access": lambda: _lines(self.accesses()),
            "/logs/spans": lambda: _lines(joined(self.metrics(), self.accesses())),
        }
        posts = [*self.deeds, LOCK, "/tokens"]
        if path not in documents and path not in posts:
            return _say(404, f"Known: {', '.join([*documents, *posts])}")
        if method != ("GET" if path in documents else "POST"):
            return _say(405, f"{path} takes {'GET' if path in documents else 'POST'}.")
        if path in documents:
            return documents[path]()
        if body is None:
            return _say(413, f"A request may have {BODY_LIMIT} bytes.")
        if path == "/tokens":
            return self._issue(body)
        return await self._lock(body) if path == LOCK else await self._do(self.deeds[path]())

    async def _lock(self, body: bytes) -> Answer:
        seconds = _object(body).get("seconds")
        if not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_LOCK_S:
            return _say(400, f'Expected {{"seconds": S}}, at most {LONGEST_LOCK_S:.0f}.')
        return await self._do(self.lock(seconds))

    async def _do(self, deed: Awaitable[None]) -> Answer:
        try:
            await deed
        except StackError as error:
            return _say(409, f"{error} {error.hint}".strip())
        return Answer(status=204)

    def _issue(self, body: bytes) -> Answer:
        asked = _object(body)
        scope, expires_in = asked.get("scope"), asked.get("expires_in", LIFETIME_S)
        if not isinstance(scope, str) or not isinstance(expires_in, int | float) or not abs(expires_in) < LONGEST_S:
            return _say(400, 'Expected {"scope": "...", "expires_in": seconds}; expires_in may be left out.')
        return _json({"token": self.issuer.issue(scope, expires_in=expires_in)})


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty one where there is another thing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _lines(lines: Iterable[str]) -> Answer:
    return Answer(status=200, body="".join(f"{line}\n" for line in lines).encode(), content_type="application/jsonl")


def _json(value: Any) -> Answer:
    return Answer(status=200, body=json.dumps(value).encode())


def _say(status: int, message: str) -> Answer:
    return Answer(status=status, body=json.dumps({"message": message}).encode())


async def _body(receive: Receive) -> bytes | None:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)
