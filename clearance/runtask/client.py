"""Speaks with Terraform Cloud for one request: fetches its plan and its configuration, and gives it the answer.

The bearer goes to the hosts that are listed and never along with a redirection. An error says what went wrong at which
step; tokens, callback URLs and the places of the archive are in none of them.
"""

from __future__ import annotations

import contextlib
import http
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from clearance.model import Json
from clearance.render.outcomes import document
from clearance.runtask.exchange import Reply, ask
from clearance.runtask.nouns import Decided
from clearance.runtask.places import Hosts, Place
from clearance.runtask.request import Request, Secret
from clearance.runtask.retrying import Patience
from clearance.runtask.trouble import AnsweredBeforeError, InvalidAnswerError, TroubleError

PLAN_MOST, CONFIGURATION_MOST = 256 << 20, 512 << 20  # bytes
_HOPS, _POLL_S, _POLLS = 3, 5.0, 60
_REDIRECTED = (301, 302, 303, 307, 308)
_WHY = {404: "404: it is not there, or not for us", 422: "422: its Terraform is too old, older than 0.12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Terraform Cloud, by way of the hosts that are listed."""

    hosts: Hosts
    patience: Patience

    def plan(self, request: Request) -> bytes:
        """Return the plan's JSON; waits while there is none yet. Raises TroubleError."""
        with io.BytesIO() as file:
            self._fetch("the plan", request, request.plan_url, file, PLAN_MOST)
            return file.getvalue()

    def configuration(self, request: Request) -> BinaryIO:
        """Return the archive of the configuration, a temporary file without a name. Raises TroubleError."""
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile())
            self._fetch("the configuration", request, request.configuration_url, file, CONFIGURATION_MOST)
            file.seek(0)
            stack.pop_all()
        return file

    def running(self, request: Request, message: str) -> None:
        """Say, once, that it is still being worked on. Raises TroubleError."""
        self._answer(request, document("running", message), replace(self.patience, tries=1))

    def finish(self, request: Request, decided: Decided) -> None:
        """Give the final answer; without its outcomes if it isn't taken with them. Raises TroubleError."""
        outcomes = decided.outcomes if request.outcomes else ()
        try:
            self._answer(request, document(decided.status, decided.message, outcomes, url=decided.url), self.patience)
        except InvalidAnswerError:
            plain = f"(Its details were not accepted.) {decided.message}"
            self._answer(request, document(decided.status, plain), self.patience)

    def _answer(self, request: Request, said: Json, patience: Patience) -> None:
        place = self._place("the answer", request.callback_url)
        body = json.dumps(said, separators=(",", ":")).encode()
        headers = _bearing(request) | {"Content-Type": "application/vnd.api+json"}

        def send() -> Reply:
            return ask("PATCH", place, into=None, headers=headers, body=body)

        status = patience.insist("the answer", send).status
        if status == http.HTTPStatus.CONFLICT:
            raise AnsweredBeforeError("there is a final answer already (409)")
        if status == http.HTTPStatus.UNPROCESSABLE_ENTITY:
            raise InvalidAnswerError("the answer is not accepted as it is written (422)")
        if not 200 <= status < 300:
            raise TroubleError(f"the answer is not accepted ({status})")

    def _fetch(self, what: str, request: Request, url: Secret | None, file: BinaryIO, most: int) -> None:
        if url is None:
            raise TroubleError(f"{what} cannot be had: the request names no place for it")
        place = self._place(what, url)
        for _ in range(_POLLS):
            status = self.patience.insist(what, lambda: self._get(what, request, place, file, most)).status
            if status == http.HTTPStatus.OK:
                return
            if status != http.HTTPStatus.NO_CONTENT:
                raise TroubleError(f"{what} cannot be had ({_WHY.get(status, status)})")
            self.patience.clock.pause(_POLL_S)
        raise TroubleError(f"{what} is still not complete after {_POLLS * _POLL_S:.0f} s")

    def _get(self, what: str, request: Request, place: Place, file: BinaryIO, most: int) -> Reply:
        """Get something by way of the archive. Its addresses expire: whatever it objects to, we begin again."""
        reply = _take(place, file, most, _bearing(request))
        for _ in range(_HOPS):
            if reply.status not in _REDIRECTED:
                return reply
            following = self.hosts.onward(place, reply.headers.get("location", ""))
            if following is None:
                raise TroubleError(f"{what} cannot be had: it is redirected to where we do not go")
            place = following
            reply = _take(place, file, most, {})
            if 400 <= reply.status < 500:
                return replace(reply, status=http.HTTPStatus.BAD_GATEWAY)
        raise TroubleError(f"{what} cannot be had: it is redirected again and again")

    def _place(self, what: str, url: Secret) -> Place:
        place = self.hosts.place(url)
        if place is None:
            raise TroubleError(f"{what}: its URL is not one of a listed host over TLS")
        return place


def _take(place: Place, file: BinaryIO, most: int, headers: Mapping[str, str]) -> Reply:
    file.seek(0)
    file.truncate()
    return ask("GET", place, into=file, most=most, headers=headers)


def _bearing(request: Request) -> dict[str, str]:
    return {"Authorization": f"Bearer {request.access_token.reveal()}"}
