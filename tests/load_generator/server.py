"""A small HTTP server that answers well, badly, late or not at all, and remembers the ids of what it was asked."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self


class Answers(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.open.wait()
        if self.path == "/spans":
            self._send(200, self.server.spans())
            return
        self.server.ids.append(self.headers.get("x-request-id"))
        reply = self._REPLIES.get(self.path, Answers._good)
        reply(self)

    def _good(self) -> None:
        self._send(200, b"right")

    def _failing(self) -> None:
        self._send(503, b"")

    def _wrong(self) -> None:
        self._send(200, b"something else")

    def _closing(self) -> None:
        self.close_connection = True

    def _cut(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def _hanging(self) -> None:
        self.server.over.wait()
        self.close_connection = True

    _REPLIES: ClassVar = {
        "/failing": _failing,
        "/wrong": _wrong,
        "/closing": _closing,
        "/cut": _cut,
        "/hanging": _hanging,
    }

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("server-timing", 'total;dur=3.5, db_read;dur="1.25"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


for _method in ("GET", "POST"):
    setattr(Answers, f"do_{_method}", Answers._answer)


class Server:
    """A server on a free port, in threads of its own; `freeze` holds every answer back for a while."""

    def __enter__(self) -> Self:
        self.http: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.http.daemon_threads, self.http.block_on_close = True, False
        self.http.ids, self.http.open, self.http.over = [], threading.Event(), threading.Event()
        self.http.spans = self._spans
        self.http.open.set()
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.http.over.set()
        self.http.open.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def ids(self) -> list[Any]:
        """The x-request-id of every request, in the order of their coming."""
        return list(self.http.ids)

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        deadline = time.monotonic() + 30
        while len(self.http.ids) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.http.ids)} of {count} requests came")
            time.sleep(0.01)

    def freeze(self, seconds: float) -> None:
        """Answer nothing for so long."""
        self.http.open.clear()
        time.sleep(seconds)
        self.http.open.set()

    def _spans(self) -> bytes:
        lines = (
            {
                "request_id": id_,
                "latency_ms": 2.0,
                "db_read_ms": [0.5, 0.25],
                "db_write_ms": [],
                "cold_start": number == 0,
            }
            for number, id_ in enumerate(self.ids)
        )
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b"not a line\n"
