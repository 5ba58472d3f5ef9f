"""A client that costs as little as possible, so that what is measured is the server: one connection, kept alive."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from benchmarks.measure import SpoiltError


class Client:
    """One HTTP/1.1 connection to a server of our own, which states the length of each answer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def request(self, method: str, path: str, token: str | None = None, body: bytes = b"") -> bytes:
        """Compose a request's bytes; a body is JSON."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}"]
        if token is not None:
            lines.append(f"authorization: Bearer {token}")
        if body:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def send(self, request: bytes) -> bytes:
        """Send a request and return the answer's body. Raises SpoiltError unless it is a 200."""
        self._socket.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        status, *headers = received[:end].decode("latin-1").split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        length = int(named.get("content-length", 0))
        body = received[end + 4 :]
        while len(body) < length:
            body += self._more()
        if status.split()[1] != "200":
            raise SpoiltError(f"{status}: {body[:500].decode(errors='replace')}")
        return body

    def timed(self, request: bytes) -> float:
        """Send a request; return the milliseconds until its whole answer was there."""
        start = time.perf_counter()
        self.send(request)
        return (time.perf_counter() - start) * 1000

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise SpoiltError("the server hung up")
        return data
