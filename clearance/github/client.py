"""Requests to GitHub's REST API: within its rate limits, again where that is safe, the token in no message.

Rules: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from clearance.github import address
from clearance.model import ClearanceError
from clearance.render.words import clean

API = "https://api.github.com"
_VERSION = "2022-11-28"
_LIMIT = 32 * 1024 * 1024
_PAGE = 100
_PAGES = 100
_LIMITED, _FORBIDDEN, _REFUSED = 429, 403, 422
_BROKEN = frozenset({500, 502, 503, 504})
_FIRST_ERROR = 400
_MINUTE = 60.0  # what GitHub asks of whoever meets a secondary limit that names no time
_REDIRECTS = urllib3.Retry(  # the token does not go along to another host; what else to do again is decided here
    total=3, connect=0, read=0, status=0, other=0, redirect=3, respect_retry_after_header=False
)
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_HINTS = {
    401: "the token is not valid, or no longer: give GITHUB_TOKEN a new one",
    403: "give the token the permission that this needs, under `permissions:` in a workflow",
    404: "it is not there, or the token may not see it",
    422: "GitHub understands the request and does not take it",
}


class GitHubError(ClearanceError):
    """GitHub does not do it; `status` is its answer's, None where there was none."""

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one answer may take, how often and how long in all to try; `pause_s` lies between two writes."""

    answer_s: float = 20.0
    tries: int = 6
    total_s: float = 300.0
    pause_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """One repository, `owner/name`, as a token sees it. Waiting and the clock are handed in, in seconds."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        api: str = API,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise ClearanceError(f"{clean(repository, 200)!r} is no repository", "it is OWNER/NAME")
        self.repository = repository
        self._api = address.check(api)
        self._token = token.strip()  # a file that it was read from ends with a line break
        if not self._token.isascii() or not self._token.isprintable() or " " in self._token:
            raise ClearanceError(
                "the token holds what no token does: white space, or letters beyond ASCII", _HINTS[401]
            )
        self._patience = patience
        self._sleep = sleep
        self._now = now
        self._waited = 0.0
        self._wrote = False
        self._pool = address.connect(self._api)

    def get(self, path: str, **query: str | int) -> Any:
        """Return what is at a path, `/...` below the repository or `//...` below the API."""
        return self._ask("GET", self._url(path, query)).body

    def pages(self, path: str, within: str | None = None, **query: str | int) -> Iterator[Any]:
        """Yield the items of a list over all of its pages; `within` names the list where an object holds it."""
        url: str | None = self._url(path, {"per_page": _PAGE, **query})
        for _ in range(_PAGES):
            if url is None:
                return
            answer = self._ask("GET", url)
            items = answer.body.get(within) if within and isinstance(answer.body, dict) else answer.body
            if not isinstance(items, list):
                raise GitHubError(f"GitHub answers GET {path} with no list", "look whether GITHUB_API_URL is right")
            yield from items
            url = self._next(answer)
        if url is not None:
            raise GitHubError(f"GET {path} has more than {_PAGES} pages", "nothing is decided on a part of it")

    def patch(self, path: str, body: Mapping[str, Any], *, find: Callable[[], Any | None] = lambda: None) -> Any:
        """Change something. After an answer that was lost, `find` looks whether it was done before it is done again."""
        return self._write("PATCH", path, body, find)

    def post(self, path: str, body: Mapping[str, Any], *, find: Callable[[], Any | None] = lambda: None) -> Any:
        """Make something. After an answer that was lost, `find` looks whether it is there before it is made again."""
        return self._write("POST", path, body, find)

    def _write(self, method: str, path: str, body: Mapping[str, Any], find: Callable[[], Any | None]) -> Any:
        if self._wrote:
            self._sleep(self._patience.pause_s)
        self._wrote = True
        return self._ask(method, self._url(path, {}), body, find).body

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        below = path[1:] if path.startswith("//") else f"/repos/{self.repository}{path}"
        return f"{self._api}{below}" + (f"?{urlencode(query)}" if query else "")

    def _next(self, answer: _Answer) -> str | None:
        """Find the next page. Raises GitHubError where that is another place: the token goes to no other."""
        for part in answer.headers.get("link", "").split(","):
            url, _, rest = part.partition(";")
            target = url.strip().removeprefix("<").removesuffix(">")
            if 'rel="next"' in rest:
                if target.startswith(f"{self._api}/"):
                    return target
                raise GitHubError(
                    f"the next page is said to be at {clean(target, 200)}", f"GITHUB_API_URL says {self._api}"
                )
        return None

    def _ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        find: Callable[[], Any | None] = lambda: None,
    ) -> _Answer:
        """Ask until there is an answer. Raises GitHubError where there is none, or where it says no."""
        what = f"{method} {urlsplit(url).path}"
        for turn in range(1, self._patience.tries + 1):
            answer = self._once(method, url, body)
            if isinstance(answer, _Answer) and answer.status < _FIRST_ERROR:
                return answer
            wait = self._wait(answer, turn)
            if wait is None and isinstance(answer, _Answer):
                raise GitHubError(
                    f"GitHub answers {answer.status} to {what}{self._said(answer)}",
                    _HINTS.get(answer.status, ""),
                    status=answer.status,
                )
            why = answer if isinstance(answer, str) else f"answers {answer.status}{self._said(answer)}"
            self._be_patient(wait or 0.0, f"GitHub {why} to {what}", last=turn == self._patience.tries)
            there = find() if body is not None and _is_uncertain(answer) else None
            if there is not None:
                return _Answer(status=200, headers={}, body=there)
        raise AssertionError("the last turn ends with an answer or an error")

    def _be_patient(self, wait: float, why: str, *, last: bool) -> None:
        if last or self._waited + wait > self._patience.total_s:
            waiting = f"; it asks to wait {wait:,.0f} s" if wait >= _MINUTE else ""
            raise GitHubError(f"{why}, also when asked again{waiting}", "try again later: see githubstatus.com")
        self._waited += wait
        self._sleep(wait)

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None) -> _Answer | str:
        """Send one request; where no answer came, say what happened instead."""
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token}",
            "User-Agent": "clearance",
            "X-GitHub-Api-Version": _VERSION,
        }
        try:
            response = self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers=headers if body is None else {**headers, "Content-Type": "application/json"},
                timeout=urllib3.Timeout(connect=self._patience.answer_s, read=self._patience.answer_s),
                retries=_REDIRECTS,
                preload_content=False,
            )
            with response:
                data = response.read(_LIMIT + 1)
        except urllib3.exceptions.HTTPError as error:
            return f"does not answer ({type(error).__name__})"
        if len(data) > _LIMIT:
            return f"answers with more than {_LIMIT:,} bytes"
        try:
            decoded = json.loads(data) if data else None
        except ValueError:
            decoded = None
            if response.status < _FIRST_ERROR:
                return "answers with no JSON"
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _Answer(status=response.status, headers=headers, body=decoded)

    def _wait(self, answer: _Answer | str, turn: int) -> float | None:
        """Say how long to wait before asking again, or None where that would not help."""
        backing_off = min(2.0 ** (turn - 1), 30.0)
        if isinstance(answer, str) or answer.status in _BROKEN:
            return backing_off
        said, headers = self._said(answer).lower(), answer.headers
        spent = headers.get("x-ratelimit-remaining") == "0"
        limited = "retry-after" in headers or spent or "rate limit" in said or "abuse" in said  # older servers' word
        if answer.status != _LIMITED and not (answer.status == _FORBIDDEN and limited):
            return None
        after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
        if after.isdecimal():
            return float(after)
        if spent and reset.isdecimal():
            return max(0.0, float(reset) - self._now()) + 1.0
        return _MINUTE * turn

    def _said(self, answer: _Answer) -> str:
        """Say what GitHub's answer says, in one line; an echo of the token is struck out."""
        said = answer.body if isinstance(answer.body, dict) else {}
        errors = said.get("errors") or []
        words = [str(said.get("message", "")), *(str(each) for each in (errors if isinstance(errors, list) else []))]
        text = clean("; ".join(word for word in words if word).replace(self._token or "\0", "***"), 400)
        return f": {text}" if text else ""


def _is_uncertain(answer: _Answer | str) -> bool:
    """Whether it may have been done all the same."""
    return isinstance(answer, str) or answer.status in _BROKEN
