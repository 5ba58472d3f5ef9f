"""Speaks HTTP to the deployment as one of the people of the scenarios; knows nothing of flights or steps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from features.deployment import Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests._types import JsonType

    from features.deployment import Deployment

ACTORS: Mapping[str, str | None] = {
    "the partner": "flights:write",
    "the analyst": "flights:read",
    "the integration runner": "canary:read",
    "a stranger": None,
}
ANSWER_WITHIN_S = 35.0  # an HTTP API gives its integration 30 s
SHOWN = 2048


class UnansweredError(AssertionError):
    """No HTTP answer came at all."""


class _Bearer(AuthBase):
    """Puts the token into the request, where no traceback shows it; without one, keeps ~/.netrc out of it."""

    def __init__(self, token: Token | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.value}"
        return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back, for the reader of a failure."""

    method: str
    url: str
    sent: str
    answer: requests.Response | None

    def __str__(self) -> str:
        where = urlsplit(self.url)
        lines = [f"request: {self.method} {where.path}{'?' if where.query else ''}{where.query}"]
        if self.sent:
            lines.append(f"sent: {_cut(self.sent)}")
        if self.answer is None:
            lines.append("answer: none")
        else:
            lines += [f"answer: {self.answer.status_code} {self.answer.reason}", f"body: {_cut(self.answer.text)}"]
        return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


@dataclass(kw_only=True)
class Api:
    """The service as the people of one scenario reach it."""

    deployment: Deployment
    headers: dict[str, str] = field(default_factory=dict)
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=2), repr=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self._session.trust_env = False  # no proxy and no ~/.netrc between a scenario and the service

    def close(self) -> None:
        self._session.close()

    def ask(self, who: str, path: str, params: Mapping[str, Any] | None = None) -> requests.Response:
        """GET `path` as one of ACTORS; parameters that are None are left out."""
        return self.ask_with(self._token(who), path, params)

    def ask_with(self, token: Token | None, path: str, params: Mapping[str, Any] | None = None) -> requests.Response:
        """GET `path` with any token, or with none."""
        return self._send("GET", path, token, params=params)

    def report(self, who: str, batch: JsonType) -> requests.Response:
        """POST a batch, as JSON, to /v1/flights as one of ACTORS."""
        return self._send("POST", "/v1/flights", self._token(who), json=batch)

    def report_text(self, who: str, text: str, content_type: str = "application/json") -> requests.Response:
        """POST a body that need not be JSON to /v1/flights as one of ACTORS."""
        headers = {"content-type": content_type}
        return self._send("POST", "/v1/flights", self._token(who), data=text.encode(), headers=headers)

    def _token(self, who: str) -> Token | None:
        scope = ACTORS[who]
        return None if scope is None else self.deployment.token(scope)

    def _send(
        self,
        method: str,
        path: str,
        token: Token | None,
        *,
        params: Mapping[str, Any] | None = None,
        json: JsonType = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        request = requests.Request(
            method,
            self.deployment.base_url + path,
            params=params,
            json=json,
            data=data,
            headers={**self.headers, **(headers or {})},
            auth=_Bearer(token),
        )
        prepared = self._session.prepare_request(request)
        body = prepared.body
        sent = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
        try:
            answer = self._session.send(prepared, timeout=ANSWER_WITHIN_S, allow_redirects=False)
        except requests.RequestException as error:
            self.exchanges.append(Exchange(method=method, url=str(prepared.url), sent=sent, answer=None))
            # Without its cause, whose frames would show the headers and so the token.
            raise UnansweredError(f"{method} {path} got no answer: {type(error).__name__}: {error}") from None
        self.exchanges.append(Exchange(method=method, url=str(prepared.url), sent=sent, answer=answer))
        return answer
