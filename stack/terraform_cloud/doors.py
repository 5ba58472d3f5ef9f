"""What Terraform Cloud answers a run task: the plan, the configuration, the objects they lead to, and callbacks.

Sources: "Plans API" (json-output), "Configuration Versions API" (download), "Run Tasks Integration API" (callback). An
object lies at another origin under a link that is itself the permission, for a minute; that origin is sent no token.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from stack.terraform_cloud.behaviour import Door, Trouble
from stack.terraform_cloud.clock import Clock
from stack.terraform_cloud.limits import complaints
from stack.terraform_cloud.payload import compact
from stack.terraform_cloud.result import Call, Result
from stack.terraform_cloud.run import Run
from stack.terraform_cloud.web import Asked, Reply

JSON_API: Final = "application/vnd.api+json"
_PLAN = re.compile(r"/api/v2/plans/([\w-]+)/json-output")
_CONFIGURATION = re.compile(r"/api/v2/configuration-versions/([\w-]+)/download")
_CALLBACK = re.compile(r"/api/v2/task-results/([\w-]+)/callback")
_OBJECT = re.compile(r"/v1/object/([\w-]+)")


class Doors:
    """Answers for a number of runs; `changed` is told of everything that happens. `leaks` are tokens sent too far."""

    def __init__(self, clock: Clock, changed: threading.Condition) -> None:
        self.objects_url = ""
        self.leaks: list[str] = []
        self.runs: list[Run] = []
        self.asked: list[str] = []  # method and path of each request, as they came
        self._clock = clock
        self._changed = changed
        self._objects: dict[str, tuple[float, bytes, Run]] = {}

    def api(self, asked: Asked) -> Reply:
        """Answer at the origin that tokens are for."""
        for pattern, method, answer in (
            (_PLAN, "GET", self._plan),
            (_CONFIGURATION, "GET", self._configuration),
            (_CALLBACK, "PATCH", self._callback),
        ):
            found = pattern.fullmatch(asked.path)
            if found and asked.method == method:
                with self._changed:
                    self.asked.append(f"{asked.method} {asked.path}")
                return answer(found[1], asked)
        return _error(HTTPStatus.NOT_FOUND)

    def objects(self, asked: Asked) -> Reply:
        """Answer at the origin of the objects: only to who has a fresh link, and presents nothing else."""
        if "authorization" in asked.headers:
            self.leaks.append(f"a token was sent to {asked.path.rpartition('/')[0]}")
            return _error(HTTPStatus.BAD_REQUEST)
        found = _OBJECT.fullmatch(asked.path)
        kept = self._objects.get(found[1]) if found else None
        if kept is None:
            return _error(HTTPStatus.NOT_FOUND)
        until, data, run = kept
        if self._clock.seconds() > until:
            return _error(HTTPStatus.FORBIDDEN)
        whole = Reply(status=200, headers=(("Content-Type", "application/octet-stream"),), body=data)
        return self._troubled(run, Door.OBJECT, lambda: whole)

    def elsewhere(self, asked: Asked) -> Reply:
        """Answer at an origin that no run task has any business with."""
        token = ", with a token" if "authorization" in asked.headers else ""
        self.leaks.append(f"{asked.method} {asked.path} elsewhere{token}")
        return Reply(status=200, body=b"{}")

    def _plan(self, plan_id: str, asked: Asked) -> Reply:
        run = next((run for run in self.runs if run.plan_id == plan_id), None)
        if run is None or not self._permitted(run, asked):
            return _error(HTTPStatus.NOT_FOUND if run is None else HTTPStatus.UNAUTHORIZED)

        def give() -> Reply:
            if run.planned is None:
                return Reply(status=HTTPStatus.NO_CONTENT)
            if run.behaviour.inline_plan:
                return Reply(status=200, headers=(("Content-Type", "application/json"),), body=run.planned)
            return self._lead(run, run.planned, HTTPStatus.TEMPORARY_REDIRECT)

        return self._troubled(run, Door.PLAN, give)

    def _configuration(self, configuration_id: str, asked: Asked) -> Reply:
        run = next((run for run in self.runs if run.configuration_id == configuration_id), None)
        if run is None or not self._permitted(run, asked):
            return _error(HTTPStatus.NOT_FOUND if run is None else HTTPStatus.UNAUTHORIZED)
        data = run.configuration
        if data is None:
            return _error(HTTPStatus.NOT_FOUND)
        return self._troubled(run, Door.CONFIGURATION, lambda: self._lead(run, data, HTTPStatus.FOUND))

    def _lead(self, run: Run, data: bytes, status: HTTPStatus) -> Reply:
        secret = secrets.token_urlsafe(24)
        self._objects[secret] = (self._clock.seconds() + run.behaviour.object_s, data, run)
        return Reply(status=status, headers=(("Location", f"{self.objects_url}/v1/object/{secret}"),))

    def _permitted(self, run: Run, asked: Asked) -> bool:
        """Whether the token is that of a task that the run is at, still valid."""
        return any(self._valid(result, asked) for result in run.results if not result.final)

    def _valid(self, result: Result, asked: Asked) -> bool:
        fresh = self._clock.seconds() < result.token_until
        return fresh and hmac.compare_digest(result.token.encode(), (asked.bearer or "").encode())

    def _troubled(self, run: Run, door: Door, duty: Callable[[], Reply]) -> Reply:
        """Do what is asked, unless the door has a trouble left."""
        with self._changed:
            waiting = run.troubles[door]
            trouble: Trouble | None = waiting.popleft() if waiting else None
        if trouble is None:
            return duty()
        if trouble.delay_s:
            time.sleep(trouble.delay_s)
        if trouble.done:
            duty()
        return Reply(status=trouble.status, headers=trouble.headers, body=trouble.body)

    def _callback(self, secret: str, asked: Asked) -> Reply:
        found = next(((run, each) for run in self.runs for each in run.results if each.secret == secret), None)
        if found is None:
            return _error(HTTPStatus.NOT_FOUND)
        run, result = found
        reply = self._troubled(run, Door.CALLBACK, lambda: self._take(result, asked))
        with self._changed:
            self._changed.notify_all()
        return reply

    def _take(self, result: Result, asked: Asked) -> Reply:
        """Take a callback, or say in the documented way why not; either is remembered."""
        document = _parsed(asked.body)
        with self._changed:
            reply = next(self._refusals(result, asked, document), None)
            if reply is None:
                result.take(document, self._clock.seconds())
                reply = _accepted(result)
            result.calls.append(Call(at=self._clock.now(), answered=reply.status, document=document))
        return reply

    def _refusals(self, result: Result, asked: Asked, document: Any) -> Iterator[Reply]:
        if result.url_code is not None and parse_qs(asked.query).get("url_code") != [result.url_code]:
            yield _error(HTTPStatus.NOT_FOUND)
        if not self._valid(result, asked):
            yield _error(HTTPStatus.UNAUTHORIZED)
        if asked.headers.get("content-type", "").partition(";")[0] != JSON_API:
            yield _error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        result.give_up(self._clock.seconds())
        if result.final:
            yield _error(HTTPStatus.CONFLICT, ("/data", "the task result is final"))
        if wrong := complaints(document):
            yield _error(HTTPStatus.UNPROCESSABLE_ENTITY, *wrong)


def _accepted(result: Result) -> Reply:
    document = {"data": {"id": result.id, "type": "task-results", "attributes": {"status": result.status}}}
    return Reply(status=200, headers=(("Content-Type", JSON_API),), body=compact(document))


def _error(status: HTTPStatus, *details: tuple[str, str]) -> Reply:
    errors = [
        {"status": str(status.value), "title": status.phrase.lower(), "detail": detail, "source": {"pointer": pointer}}
        for pointer, detail in details
    ] or [{"status": str(status.value), "title": status.phrase.lower()}]
    return Reply(status=status, headers=(("Content-Type", JSON_API),), body=compact({"errors": errors}))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
