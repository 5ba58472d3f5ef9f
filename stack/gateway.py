"""An HTTP API in front of one function, as an ASGI application: route, authorize, invoke, answer.

What the gateway answers by itself has AWS's own bodies, `{"message": ...}`. Limits: "Quotas for HTTP APIs",
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, TypeAlias

from stack.access import Access
from stack.authorizer import Authorized, Refusal
from stack.events import MalformedAnswerError, Request, Response, event, response
from stack.outcome import Fault, FaultKind, Outcome
from stack.routes import Route, RouteTable, routes_from_openapi

__all__ = ["Route", "application", "routes_from_openapi"]

BODY_LIMIT: Final = 10 * 1024 * 1024  # bytes
HEAD_LIMIT: Final = 10_240  # bytes of request line and headers
INTEGRATION_TIMEOUT_S: Final = 30.0
THROTTLED_STATUS: Final = 503  # sources differ (429, 500, 503); what clients may rely on is that it can be tried again

_FAULT_STATUS: Final[dict[FaultKind, int]] = {"Throttled": THROTTLED_STATUS, "RequestTooLarge": 413}  # else 500
_MESSAGES: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(
    *,
    routes: Sequence[Route],
    invoke: Callable[[bytes], Awaitable[Outcome]],
    authorize: Callable[[str | None, Route], Authorized | Refusal],
    integration_timeout_s: float = INTEGRATION_TIMEOUT_S,
    clock: Callable[[], float] = time.time,
    log: Callable[[str], object] = lambda _line: None,
) -> Application:
    """Compose the ASGI application of an HTTP API.

    `invoke` takes an event as JSON; `authorize` takes the Authorization header (or None) and the route asking for it;
    `log` takes each line of the access log, see `stack.access`.
    """
    return _Gateway(RouteTable(routes), invoke, authorize, integration_timeout_s, clock, log)


class _HungUpError(Exception):
    """The client is gone before its request was complete."""


class _Gateway:
    def __init__(
        self,
        table: RouteTable,
        invoke: Callable[[bytes], Awaitable[Outcome]],
        authorize: Callable[[str | None, Route], Authorized | Refusal],
        integration_timeout_s: float,
        clock: Callable[[], float],
        log: Callable[[str], object],
    ) -> None:
        self._table = table
        self._invoke = invoke
        self._authorize = authorize
        self._integration_timeout_s = integration_timeout_s
        self._clock = clock
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; of those that are no HTTP, the server's own start and end are acknowledged."""
        if scope["type"] == "lifespan":
            await _acknowledge(receive, send)
        elif scope["type"] == "http":
            begun = time.perf_counter()
            access = Access(
                request_id=base64.b64encode(os.urandom(11)).decode(),
                ip=(scope.get("client") or ("127.0.0.1",))[0],
                time=self._clock(),
            )
            with contextlib.suppress(_HungUpError):
                answer = await self._answer(scope, receive, access)
                await _send(send, answer, access.request_id, head=scope["method"] == "HEAD")
                took = (time.perf_counter() - begun) * 1000
                self._log(access.line(status=answer.status, length=len(answer.body), latency_ms=took))

    async def _answer(self, scope: Scope, receive: Receive, access: Access) -> Response:
        if _head_size(scope) > HEAD_LIMIT:
            return _own(431)
        raw_path = scope["raw_path"].decode("latin-1")
        matched = self._table.match(scope["method"], raw_path)
        if not matched:
            return _own(404)
        route, parameters = matched
        access.route = route.key
        authorizer = None
        if route.authorized:
            permission = self._authorize(_header(scope, b"authorization"), route)
            if isinstance(permission, Refusal):
                return _own(permission.status, *permission.headers)
            authorizer = permission.context
        body = await _body(scope, receive)
        if body is None:
            return _own(413)
        request = Request(
            method=scope["method"],
            raw_path=raw_path,
            query=scope["query_string"].decode("latin-1"),
            protocol=f"HTTP/{scope['http_version']}",
            headers=scope["headers"],
            body=body,
            source_ip=access.ip,
            request_id=access.request_id,
            moment=access.time,
            route_key=route.key,
            path_parameters=parameters,
            authorizer=authorizer,
        )
        return await self._integrate(event(request), access)

    async def _integrate(self, payload: bytes, access: Access) -> Response:
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self._integration_timeout_s):
                outcome = await self._invoke(payload)
        except TimeoutError:
            return _own(503)
        finally:
            access.integration_ms = (time.perf_counter() - begun) * 1000
        if isinstance(outcome, Fault):
            return _own(_FAULT_STATUS.get(outcome.kind, 500))
        try:
            return response(outcome.payload)
        except MalformedAnswerError:
            return _own(500)


def _own(status: int, *headers: tuple[bytes, bytes]) -> Response:
    body = b'{"message":"%s"}' % _MESSAGES[status].encode()
    return Response(status, ((b"content-type", b"application/json"), *headers), body)


def _head_size(scope: Scope) -> int:
    line = len(scope["method"]) + len(scope["raw_path"]) + len(scope["query_string"]) + len(" ? HTTP/1.1\r\n")
    return line + sum(len(name) + len(value) + len(": \r\n") for name, value in scope["headers"])


def _header(scope: Scope, wanted: bytes) -> str | None:
    """Return a header as the event has it, duplicates joined: two tokens are none, whichever of them is good."""
    values = [value for name, value in scope["headers"] if name == wanted]
    return b",".join(values).decode("latin-1") if values else None


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Read the request's body, or give up with None as soon as it is known to be over the limit.

    Raises `_HungUpError` where the end is missing: half a batch must not be stored, however whole it looks.
    """
    if int(_header(scope, b"content-length") or 0) > BODY_LIMIT:
        return None
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _HungUpError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


async def _send(send: Send, answer: Response, request_id: str, *, head: bool) -> None:
    length = [] if answer.status in (204, 304) else [(b"content-length", b"%d" % len(answer.body))]
    headers = [*answer.headers, *length, (b"apigw-requestid", request_id.encode())]
    with contextlib.suppress(RuntimeError):  # how uvloop says that the client has hung up
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def _acknowledge(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})
