"""The run task on one machine: an HTTP server on the loopback, a store in a file, and threads that work."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clearance.runtask.guard import Guard, place
from clearance.runtask.ports import Ports
from clearance.runtask.receive import UNSIGNED, Answer, receive
from clearance.runtask.request import Request
from clearance.runtask.seal import Seal, SealError
from clearance.runtask.signature import Keys
from clearance.runtask.sqlite import SqliteStore
from clearance.runtask.store import Claim, Ending
from clearance.runtask.work import work

HOST = "127.0.0.1"
_BODY_MOST, _DIGITS_MOST = 1 << 20, 7
_IDLE_S = 1.0
_log = logging.getLogger(__name__)


class Service:
    """Receives on a port (0: any that is free) and works with some threads, from `start` to `stop`."""

    def __init__(
        self, *, keys: Keys, store: SqliteStore, seal: Seal, ports: Ports, port: int = 0, workers: int = 2
    ) -> None:
        self._keys, self._store, self._seal, self._ports = keys, store, seal, ports
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._taken: set[str] = set()
        self._choosing = threading.Lock()
        self._server = _Server((HOST, port), _Handler)
        self._server.service = self
        self._threads = [threading.Thread(target=self._work, name=f"worker {n}") for n in range(workers)]
        self._threads.append(threading.Thread(target=self._server.serve_forever, args=(0.1,), name="receiver"))

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"http://{HOST}:{self._server.server_port}/"

    def start(self) -> None:
        """Begin to receive and to work, with what was left unanswered before."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, once what is being worked on was answered or rests. Whoever asks meanwhile is refused."""
        self._server.shutdown()
        self._server.server_close()
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join()

    def receive(self, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one delivery."""
        answer = receive(headers, body, is_base64=False, keys=self._keys, accept=self._accept)
        if answer.fault:
            _log.error("a request could not be kept: %s", answer.fault)
        return answer

    def _accept(self, request: Request) -> None:
        if self._store.accept(request.task_result_id, self._seal.close(request), self._ports.clock.now()):
            _log.info("%s: %s of %s", request.task_result_id, request.stage, request.run_id)
            self._wake.set()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            with Guard() as guard, self._taking() as task:
                if task is None:
                    self._ports.clock.pause(_IDLE_S, self._wake)
                else:
                    self._advance(task)
            if guard.error is not None:
                _log.error("a worker failed: %s", place(guard.error))
                self._ports.clock.pause(_IDLE_S, self._stopping)

    def _advance(self, task: str) -> None:
        sealed = self._store.sealed(task)
        if sealed is None:
            return
        try:
            request = self._seal.open(task, sealed)
        except SealError as error:
            self._abandon(task, str(error))
            return
        work(request, self._ports, self._store)

    def _abandon(self, task: str, why: str) -> None:
        """End a task that nobody can read any more, so that Terraform Cloud's silence fails it."""
        claim = self._store.claim(task, self._ports.clock.now(), timedelta(minutes=1))
        if isinstance(claim, Claim):
            _log.error("%s: %s", task, why)
            self._store.end(claim, Ending.UNDELIVERABLE, self._ports.clock.now())

    @contextlib.contextmanager
    def _taking(self) -> Iterator[str | None]:
        """Choose a task that is due and that no thread here works on."""
        with self._choosing:
            due = self._store.due(self._ports.clock.now())
            task = next((one for one in due if one not in self._taken), None)
            if task is not None:
                self._taken.add(task)
        try:
            yield task
        finally:
            with self._choosing:
                self._taken -= {task}


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    service: Service

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: somebody hung up, or was too slow."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "clearance", ""
    timeout = 10  # seconds for the next bytes, in the middle of a request and between two
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Take every method alike: it is signed or not."""
        if name.startswith("do_"):
            return self.take
        raise AttributeError(name)

    def take(self) -> None:
        """Take a delivery in. One whose length is not told, or too large, can't be signed: it is not read."""
        headers = _joined(self.headers.items())
        length = headers.get("content-length", "")
        told = length.isdecimal() and len(length) <= _DIGITS_MOST and "transfer-encoding" not in headers
        if not told or int(length) > _BODY_MOST:
            self.send_error(UNSIGNED.status)
            return
        self._say(self.server.service.receive(headers, self.rfile.read(int(length))))

    def send_error(self, *_: object) -> None:
        """Answer what is no HTTP, or more of it than is read, as what is not signed, and repeat nothing of it."""
        self.close_connection = True
        self._say(UNSIGNED)

    def log_message(self, *_: object) -> None:
        """Say nothing of what strangers send."""

    def _say(self, answer: Answer) -> None:
        data = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers by name; one that is there twice has both values, and so holds no signature."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
