"""Requests of Locust's clients, seen from both ends: an id goes out with each, and its event comes back to be recorded.

The two HTTP sessions' `request` is wrapped for all users at once; other clients are known by Locust's request event.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import gevent
from gevent.timeout import Timeout
from geventhttpclient._parser import HTTPParseError
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import CatchResponseError

from clearance.load.recorder import LAST, NAN, NUMBER, Recorder, Sent, now
from clearance.recording import Outcome

HEADER: Final = "x-request-id"
TIMING: Final = "server-timing"
LARGEST: Final = 3.4e38
MOST_STATUS: Final = 0xFFFF
KEY: Final = "clearance"  # in the context of a request, which Locust hands on to its event
INTENDED: Final = "clearance_intended"  # of a user: its arrival's start, until its first request

_Request = Callable[..., Any]
_LOST: Final = (OSError, HTTPParseError, Timeout)
_has: Final = dict.__contains__  # the fast client's headers are a dict of lower-case names, but slow to ask as such
# The parameters of `request` after method and URL: headers and context may be given by place.
_PLACES: Final[Mapping[type, tuple[str, ...]]] = {
    HttpSession: ("name", "catch_response", "context"),
    FastHttpSession: (
        "name", "data", "catch_response", "stream", "headers", "auth", "json", "allow_redirects", "context",
    ),
}  # fmt: skip


class Requests:
    """The requests of this process while a run is on: `recorder` is None in between, and then nothing is done."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None

    def wrap_clients(self) -> None:
        """Let every HTTP session of Locust's go through here."""
        session: Any  # the two kinds have no type in common that says what they share
        for session, places in _PLACES.items():
            session.request = self._wrapped(session.request, places)

    def _wrapped(self, original: _Request, places: tuple[str, ...]) -> _Request:
        def request(session: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
            recorder = self.recorder
            if recorder is None:
                return original(session, method, url, *args, **kwargs)
            if args:
                kwargs.update(zip(places, args, strict=False))
            user = session.user
            values = {} if user is None else user.__dict__
            if intended := values.get(INTENDED, 0):
                values[INTENDED] = 0
            values[LAST] = sent = recorder.send(user, method, kwargs.get("name") or url, intended)
            headers, context = kwargs.get("headers"), kwargs.get("context")
            id_ = recorder.ids % (sent.id & NUMBER)
            kwargs["headers"] = {**headers, HEADER: id_} if headers else {HEADER: id_}
            kwargs["context"] = {**context, KEY: sent} if context else {KEY: sent}
            try:
                response = original(session, method, url, **kwargs)
            except BaseException:
                recorder.abandon(sent)
                raise
            sent.answered = now()
            return response

        return request

    def on_request(
        self,
        request_type: str,
        name: str,
        response: Any = None,
        exception: Any = None,
        context: Any = None,
        response_time: float | None = 0.0,
        **_: Any,
    ) -> None:
        """Take Locust's request event. What breaks off here is counted, for Locust goes on as if nothing was lost."""
        recorder = self.recorder
        if recorder is None:
            return
        try:
            sent = op = None
            if context:
                sent, op = context.get(KEY), context.get("op")
            if sent is None:
                sent = _of_another_client(recorder, request_type, name, response_time or 0.0)
            if sent.id not in recorder.under_way:
                return
            status = getattr(response, "status_code", 0)
            if type(status) is not int or not 0 <= status <= MOST_STATUS:
                status = 0  # another client's own idea of a status
            outcome = 0 if exception is None else _outcome(status, exception)
            route = recorder.routes.get((request_type, name, op))
            if route is None:
                route = recorder.route(request_type, name, op)
            headers = getattr(response, "headers", None)
            if headers is not None and (_has(headers, TIMING) if isinstance(headers, dict) else TIMING in headers):
                recorder.end(sent, route, status, outcome, *server_timing(headers[TIMING]))
            else:
                recorder.end(sent, route, status, outcome)
        except Exception as error:
            recorder.fail(error)
            raise


def _outcome(status: int, exception: Any) -> Outcome:
    if status >= 400:
        return Outcome.REFUSED
    if isinstance(exception, _LOST) and not isinstance(exception, CatchResponseError):
        return Outcome.UNANSWERED
    return Outcome.WRONG


def _of_another_client(recorder: Recorder, method: str, name: str, milliseconds: float) -> Sent:
    """Reconstruct a request of which only the end was told; its greenlet's first argument is its user."""
    args = getattr(gevent.getcurrent(), "args", ())
    values = getattr(args[0], "__dict__", {}) if args else {}
    intended = values.get(INTENDED, 0)
    if intended:
        values[INTENDED] = 0
    sent = recorder.send(args[0] if args else None, method, name, intended)
    sent.answered = sent.sent
    sent.sent -= round(milliseconds * 1e6)
    if not intended:
        sent.intended = sent.sent
    return sent


def server_timing(said: str | list[str]) -> tuple[float, float, float]:
    """Read total, db_read and db_write (ms) of a `Server-Timing` header; NaN for what it does not say.

    Source: W3C Server Timing, section 3 (The Server-Timing Header Field). A name that comes again is added up.
    """
    found: dict[str, float] = {}
    for metric in (said if isinstance(said, str) else ",".join(said)).split(","):
        name, _, value = metric.partition(";dur=")
        try:
            durations = [float(value)]  # as most write it; all else takes longer
        except ValueError:
            durations = []
        if not durations or ";" in name:
            name, *params = metric.split(";")
            durations = list(_durations(params))
        name = name.strip()
        for milliseconds in durations:
            found[name] = found.get(name, 0.0) + milliseconds
    total, read, write = (found.get(name, NAN) for name in ("total", "db_read", "db_write"))
    return _single(total), _single(read), _single(write)


def _single(value: float) -> float:
    """A number as a column of single precision takes it: one that does not fit has no end."""
    return math.copysign(math.inf, value) if abs(value) > LARGEST else value


def _durations(params: Sequence[str]) -> Iterator[float]:
    for param in params:
        key, _, value = param.partition("=")
        if key.strip().lower() == "dur":
            with contextlib.suppress(ValueError):
                yield float(value.strip().strip('"'))
