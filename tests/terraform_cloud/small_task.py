"""A run task that is no gate: the smallest that can be had, to hold the stand-in to what it promises.

Each test hands it a function that is called with every request that was signed, in a thread of its own.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from stack.terraform_cloud.web import Reply, serving

KEY = "key of the tests"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a door answered: status 0 is nothing at all."""

    status: int
    headers: dict
    body: bytes


def ask(method, url, *, token=None, body=None, content_type="application/vnd.api+json"):
    """One request, no redirection followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"Content-Type": content_type} if body is not None else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answered(status=response.status, headers=names, body=response.read())
    except (OSError, http.client.HTTPException):
        return Answered(status=0, headers={}, body=b"")
    finally:
        connection.close()


def callback(request, status, *, outcomes=None, token=None, url=None, **attributes):
    """Tell how a task result stands."""
    data = {"type": "task-results", "attributes": {"status": status, **attributes}}
    if outcomes is not None:
        related = [{"type": "task-result-outcomes", "attributes": each} for each in outcomes]
        data["relationships"] = {"outcomes": {"data": related}}
    return ask(
        "PATCH",
        url or request["task_result_callback_url"],
        token=token or request["access_token"],
        body=json.dumps({"data": data}).encode(),
    )


@contextlib.contextmanager
def small_task(work, *, probe_status=200, statuses=()):
    """Listen; `statuses` are answered first, one to each request. Gives the URL and the list of requests."""
    requests, first, threads = [], list(statuses), []

    def answer(asked):
        signed = hmac.new(KEY.encode(), asked.body, hashlib.sha512).hexdigest()
        if not hmac.compare_digest(signed, asked.headers.get("x-tfc-task-signature", "")):
            return Reply(status=401)
        request = json.loads(asked.body)
        if request.get("access_token") == "test-token":
            return Reply(status=probe_status)
        requests.append(request)
        if first:
            return Reply(status=first.pop(0))
        threads.append(threading.Thread(target=work, args=[request]))
        threads[-1].start()
        return Reply(status=200)

    with serving(answer) as url:
        yield url, requests
        for thread in threads:
            thread.join()
