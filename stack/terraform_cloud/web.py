"""The plumbing: a server on loopback with a thread a connection, and one request posted from here."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from stack.terraform_cloud.result import Delivery

HOST: Final = "127.0.0.1"
BODY_LIMIT: Final = 8 * 1024 * 1024
PATIENCE_S: Final = 10.0  # how long an answer is waited for, once connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that came in. Names of headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def bearer(self) -> str | None:
        """The token that it presents, if any."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" and token else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; status 0 closes the connection instead."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answer = Callable[[Asked], Reply]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve on a free port of loopback while the context lasts; its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT)
            parts = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=parts.path,
                query=parts.query,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            reply = answer(asked)
            if reply.status:
                self._reply(reply)
            else:
                self.close_connection = True

        def _reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.status != http.client.NO_CONTENT:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Say nothing: who asked what is in the results."""

    for method in ("GET", "POST", "PATCH"):
        setattr(Handler, f"do_{method}", Handler.handle_one)
    server = _Server((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that hung up."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
    """Post once; no answer within ten seconds is none."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
    begun = time.monotonic()
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return Delivery(status=None, seconds=time.monotonic() - begun)
    finally:
        connection.close()
    return Delivery(status=status, seconds=time.monotonic() - begun)
