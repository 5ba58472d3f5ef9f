"""The HTTP API before genuine runtime clients, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket

import pytest
import requests
import uvicorn
import uvloop

from stack.authorizer import Authorized, Refusal
from stack.gateway import Route, application
from stack.lambda_runtime import Answer, Fault
from tests.stack.lambda_support import asking, function

ROUTES = (
    Route(method="POST", path="/do"),
    Route(method="GET", path="/read/{name}", authorized=True, scopes=("read",)),
    Route(method="GET", path="/open"),
    Route(method="HEAD", path="/open"),
)


def authorize(header, route):
    """Let the token `good` through, and know `scopeless` as one that lacks the scope."""
    if header == "Bearer scopeless":
        return Refusal(403)
    if header != "Bearer good":
        return Refusal(401, ((b"www-authenticate", b"Bearer"),))
    return Authorized({"jwt": {"claims": {"scope": "read"}, "scopes": list(route.scopes)}})


@contextlib.asynccontextmanager
async def serving(app):
    """Serve an application, as the stack does, on a free port; gives the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(app, http="httptools", loop="none", lifespan="on", log_level="warning", access_log=False)
    server = uvicorn.Server(settings)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def over(invoke, client, **options):
    """Run a blocking client against the gateway in front of an `invoke`."""

    async def scenario():
        async with serving(application(routes=ROUTES, invoke=invoke, authorize=authorize, **options)) as base:
            return await asyncio.to_thread(client, base)

    return uvloop.run(scenario())


def over_function(client, **options):
    """Run a blocking client against the gateway in front of the sample function."""

    async def scenario():
        async with (
            function("sample.http", **options) as flights,
            serving(application(routes=ROUTES, invoke=flights.invoke, authorize=authorize)) as base,
        ):
            return await asyncio.to_thread(client, base)

    return uvloop.run(scenario())


def do(base, deed, **arguments):
    """Ask the sample function for a deed."""
    return requests.post(
        f"{base}/do", asking(deed, **arguments), headers={"Content-Type": "application/json"}, timeout=60
    )


def message(answer):
    """Say status and document of what the gateway answers by itself."""
    return answer.status_code, answer.json(), answer.headers["content-type"]


def own(status, text):
    """Say what the gateway answers by itself."""
    return status, {"message": text}, "application/json"


def test_a_request_reaches_the_function():
    """A request comes to the function as an event of format 2.0, with what the gateway found out about it."""

    def client(base):
        headers = {"Authorization": "Bearer good", "Cookie": "a=1; b=2", "User-Agent": "probe/1"}
        return requests.get(f"{base}/read/J%C3%BCrgen?x=1&x=2", headers=headers, timeout=60)

    answer = over_function(client)
    event = answer.json()
    context = event["requestContext"]
    assert ("GET /read/{name}", "/read/Jürgen", "x=1&x=2") == (
        event["routeKey"],
        event["rawPath"],
        event["rawQueryString"],
    )
    assert ({"name": "Jürgen"}, {"x": "1,2"}, ["a=1", "b=2"]) == (
        event["pathParameters"],
        event["queryStringParameters"],
        event["cookies"],
    )
    assert {"jwt": {"claims": {"scope": "read"}, "scopes": ["read"]}} == context["authorizer"]
    assert ("127.0.0.1", "probe/1", "HTTP/1.1") == (
        context["http"]["sourceIp"],
        context["http"]["userAgent"],
        context["http"]["protocol"],
    )
    assert answer.headers["apigw-requestid"] == context["requestId"]


def test_a_response_reaches_the_client():
    """Status, headers, one line a cookie, and a binary body come through."""

    def client(base):
        cookies = ["a=1", "b=2; Secure"]
        return do(
            base, "response", statusCode=418, headers={"X-A": "ä"}, cookies=cookies, body="AP8=", isBase64Encoded=True
        )

    answer = over_function(client)
    assert (418, b"\x00\xff", "ä".encode()) == (
        answer.status_code,
        answer.content,
        answer.headers["x-a"].encode("latin-1"),
    )
    assert ["a=1", "b=2; Secure"] == answer.raw.headers.getlist("set-cookie")


@pytest.mark.parametrize(
    ("deed", "arguments", "status", "text"),
    [
        ("raise", {"message": "secret"}, 500, "Internal Server Error"),
        ("os_exit", {"status": 1}, 500, "Internal Server Error"),
        ("sleep", {"seconds": 60}, 500, "Internal Server Error"),
        ("response", {"statusCode": "many"}, 500, "Internal Server Error"),
        ("fill", {"size": 7_000_000}, 500, "Internal Server Error"),
    ],
)
def test_a_function_that_fails(deed, arguments, status, text):
    """However the function fails, the client gets AWS's own body without the reason; the next request is served."""

    def client(base):
        return message(do(base, deed, **arguments)), requests.get(f"{base}/open", timeout=60).status_code

    assert (own(status, text), 200) == over_function(client, timeout_s=0.5)


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "text"),
    [
        ("GET", "/nowhere", "good", 404, "Not Found"),
        ("PUT", "/open", "good", 404, "Not Found"),
        ("GET", "/read/x", None, 401, "Unauthorized"),
        ("GET", "/read/x", "bad", 401, "Unauthorized"),
        ("GET", "/read/x", "scopeless", 403, "Forbidden"),
    ],
)
def test_what_never_reaches_the_function(method, path, token, status, text):
    """No route, no good token and no scope are the gateway's answers."""

    async def invoke(_event):
        raise AssertionError("reached")

    def client(base):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, base + path, headers=headers, timeout=60)

    answer = over(invoke, client)
    assert own(status, text) == message(answer)
    assert ("Bearer" if status == 401 else None) == answer.headers.get("www-authenticate")


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("Throttled", 503, "Service Unavailable"),
        ("RequestTooLarge", 413, "Request Entity Too Large"),
        ("InitError", 500, "Internal Server Error"),
    ],
)
def test_a_fault_of_the_platform(kind, status, text):
    """What the function could not even be asked has an answer of the gateway's own."""

    async def invoke(_event):
        return Fault(kind, b'{"errorMessage":"secret"}', "secret")

    assert own(status, text) == message(over(invoke, lambda base: requests.get(f"{base}/open", timeout=60)))


def test_an_integration_that_takes_too_long():
    """A function that outlasts the integration's time-out is answered for with 503, and its invocation is given up."""
    given_up = []

    async def invoke(_event):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise

    answer = over(invoke, lambda base: requests.get(f"{base}/open", timeout=60), integration_timeout_s=0.05)
    assert (own(503, "Service Unavailable"), [True]) == (message(answer), given_up)


def chunks(count):
    """Give a body of so many MiB without a length."""
    for _ in range(count):
        yield b"x" * 1024 * 1024


@pytest.mark.parametrize("body", [lambda: b"x" * (10 * 1024 * 1024 + 1), lambda: chunks(11)])
def test_a_body_over_the_limit(body):
    """A body over 10 MB is refused with 413, whether its length was told or not."""

    async def invoke(_event):
        raise AssertionError("reached")

    assert own(413, "Request Entity Too Large") == message(
        over(invoke, lambda base: requests.post(f"{base}/do", data=body(), timeout=60))
    )


def test_a_body_at_the_limit():
    """A body of exactly 10 MB passes the gateway, and is then too large for the function."""

    def client(base):
        return requests.post(f"{base}/do", b"x" * 10 * 1024 * 1024, headers={"Content-Type": "text/plain"}, timeout=60)

    assert own(413, "Request Entity Too Large") == message(over_function(client))


def test_headers_over_the_limit():
    """Request line and headers over 10,240 bytes are refused with 431; somewhat less is served."""

    def client(base):
        return [requests.get(f"{base}/open", headers={"X": "x" * size}, timeout=60) for size in (9_900, 10_240)]

    served, refused = over_function(client)
    assert (200, own(431, "Request Header Fields Too Large")) == (served.status_code, message(refused))


def test_head():
    """An answer to HEAD has the headers of a body, and none."""

    async def invoke(_event):
        return Answer(json.dumps({"statusCode": 200, "body": "12345"}).encode())

    answer = over(invoke, lambda base: requests.head(f"{base}/open", timeout=60))
    assert (200, "5", b"") == (answer.status_code, answer.headers["content-length"], answer.content)


def test_a_client_that_hangs_up():
    """A client that hangs up in the middle of a request leaves a gateway that serves the next one."""

    def client(base):
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{base}/do", asking("sleep", seconds=0.3), headers={"Content-Type": "application/json"}, timeout=0.1
            )
        return [do(base, "echo", value={"n": number}).json() for number in range(3)]

    assert [{"n": 0}, {"n": 1}, {"n": 2}] == over_function(client, concurrency=2)


@pytest.mark.parametrize(
    ("header", "body"), [("Content-Length: 100", "{}"), ("Transfer-Encoding: chunked", "2\r\n{}\r\n")]
)
def test_a_client_that_hangs_up_before_the_end_of_its_body(header, body):
    """Of a request whose body breaks off, the function hears nothing, however whole the part looks."""
    reached = []

    async def invoke(event):
        reached.append(json.loads(event)["rawPath"])
        return Answer(b'{"statusCode": 200}')

    def client(base):
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(f"POST /do HTTP/1.1\r\nHost: {host}\r\n{header}\r\n\r\n{body}".encode())
            connection.shutdown(socket.SHUT_WR)
            received = connection.recv(1024)
        requests.get(f"{base}/open", timeout=60)
        return received

    assert (b"", ["/open"]) == (over(invoke, client), reached)


def test_two_tokens():
    """A request with two Authorization headers is refused, since nobody knows which of them is meant."""

    async def invoke(_event):
        raise AssertionError("reached")

    def client(base):
        connection = http.client.HTTPConnection(base.removeprefix("http://"))
        connection.putrequest("GET", "/read/x")
        for token in ("Bearer good", "Bearer good"):
            connection.putheader("Authorization", token)
        connection.endheaders()
        with contextlib.closing(connection):
            return connection.getresponse().status

    assert 401 == over(invoke, client)


def test_throttling():
    """With every reserved environment busy, a request is refused at once with what can be tried again."""

    async def scenario():
        async with function("sample.http", concurrency=1) as flights:
            started = asyncio.Event()

            async def invoke(event):
                started.set()
                return await flights.invoke(event)

            app = application(routes=ROUTES, invoke=invoke, authorize=authorize)
            async with serving(app) as base:
                first = asyncio.create_task(asyncio.to_thread(do, base, "sleep", seconds=0.5))
                await started.wait()
                refused = message(await asyncio.to_thread(requests.get, f"{base}/open", timeout=60))
                return (await first).status_code, refused

    assert (200, own(503, "Service Unavailable")) == uvloop.run(scenario())
