"""Whom the run task asks, how often, and what it takes for an answer."""

import contextlib
import io
import logging
import socket
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import ClearanceError
from clearance.runtask.canary import Canary
from clearance.runtask.exchange import DroppedError, Reply, TooLargeError, ask
from clearance.runtask.guard import Guard, place
from clearance.runtask.places import Hosts, Place
from clearance.runtask.request import Secret
from clearance.runtask.retrying import Patience, retry_after
from clearance.runtask.trouble import TokenRefusedError, TroubleError, UnreachableError
from stack.terraform_cloud.web import Reply as Said
from stack.terraform_cloud.web import serving

CLOUD = Hosts.parse(None)
MACHINE = Hosts(["127.0.0.1"])
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

GOOD = {
    "https://app.terraform.io/api/v2/x": ("app.terraform.io", 443, "/api/v2/x"),
    "https://app.terraform.io": ("app.terraform.io", 443, "/"),
    "https://APP.terraform.io:443/x?url_code=1": ("app.terraform.io", 443, "/x?url_code=1"),
    "https://app.terraform.io./x": ("app.terraform.io", 443, "/x"),
    "HTTPS://app.terraform.io/x": ("app.terraform.io", 443, "/x"),
}


@pytest.mark.parametrize(("url", "expected"), GOOD.items())
def test_a_listed_host_is_asked(url, expected):
    """A URL of a listed host over TLS is taken apart, query and all."""
    found = CLOUD.place(Secret(url))
    assert expected == (found.host, found.port, found.target.reveal())


BAD = [
    "",
    "app.terraform.io/x",
    "http://app.terraform.io/x",
    "ftp://app.terraform.io/x",
    "file:///etc/passwd",
    "https://app.terraform.io:8443/x",
    "https://app.terraform.io:0/x",
    "https://app.terraform.io:99999/x",
    "https://evil.example/x",
    "https://evil.example/https://app.terraform.io/",
    "https://app.terraform.io.evil.example/x",
    "https://evilapp.terraform.io/x",
    "https://archivist.terraform.io/v1/object/x",
    "https://user@app.terraform.io/x",
    "https://app.terraform.io@evil.example/x",
    "https://evil.example#@app.terraform.io/x",
    "https://evil.example\\@app.terraform.io/x",
    "https://app.terraform.io\\.evil.example/x",
    "https://app.terraform.io/x\r\nHost: evil.example",
    "https://app.terraform.io /x",
    "https://\u0430pp.terraform.io/x",
    "https://[::1/x",
    "https://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1/x",
    "https://127.0.0.1/x",
]


@pytest.mark.parametrize("url", BAD)
def test_nobody_else_is_asked(url):
    """A URL of another host, another port, without TLS, or that could be read in two ways, is not asked."""
    assert CLOUD.place(Secret(url)) is None


ONWARD = {
    "https://archivist.terraform.io/v1/object/x": True,
    "/v1/object/x": True,
    "https://app.terraform.io/x": True,
    "https://archivist.terraform.io:8443/v1/object/x": False,
    "http://archivist.terraform.io/v1/object/x": False,
    "https://archivist.eu.terraform.io/v1/object/x": False,
    "https://archivist.example/v1/object/x": False,
    "https://[broken/x": False,
    "": False,
}


@pytest.mark.parametrize(("location", "followed"), ONWARD.items())
def test_a_redirection_leads_to_the_archive(location, followed):
    """A redirection leads on to a listed host or its archive over TLS, and nowhere else."""
    here = CLOUD.place(Secret("https://app.terraform.io/api/v2/plans/plan-1/json-output"))
    assert followed is (CLOUD.onward(here, location) is not None)


def test_what_can_be_listed():
    """A host has its standard port, unless it is this machine or another port is named; a URL is no host."""
    hosts = Hosts.parse("tfe.example:8443, localhost,[::1]:90")
    asked = ["https://tfe.example:8443/x", "https://tfe.example/x", "http://localhost:1/", "http://[::1]:90/",
             "http://[::1]:91/"]  # fmt: skip
    assert [True, False, True, True, False] == [hosts.place(Secret(url)) is not None for url in asked]
    for listed in ("https://app.terraform.io", "a b", "*.terraform.io", "host:port", "@"):
        with pytest.raises(ClearanceError):
            Hosts.parse(listed)


@given(
    st.text(st.characters(max_codepoint=127), max_size=20), st.sampled_from(["/", "@", "#", "?", "\\", ":", ".", "%"])
)
def test_no_spelling_leads_elsewhere(text, mark):
    """However a URL is spelt, what is asked is one of the listed hosts."""
    for url in (f"https://{text}{mark}app.terraform.io/x", f"https://app.terraform.io{mark}{text}", f"https:{text}"):
        found = CLOUD.place(Secret(url))
        assert found is None or ("https", "app.terraform.io", 443) == (found.scheme, found.host, found.port)


class Stopped:
    """A clock that stands still and writes down for how long it was to be waited."""

    def __init__(self):
        self.pauses = []

    def now(self):
        return NOW

    def pause(self, seconds, unless=None):
        self.pauses.append(seconds)
        return False


def insisted(replies, chance=1.0):
    """Give some replies, the last one again and again; what came of it, and the pauses between."""
    clock, left = Stopped(), list(replies)

    def attempt():
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    with Guard() as guard:
        return Patience(clock=clock, chance=lambda: chance).insist("the plan", attempt), clock.pauses
    return guard.error, clock.pauses


def reply(status, **headers):
    return Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_intervals_grow_and_end():
    """It is asked six times, at intervals that double and then end; the error says what was heard at last."""
    error, pauses = insisted([reply(503)])
    assert (UnreachableError, [1, 2, 4, 8, 16]) == (type(error), pauses)
    assert "the plan: Terraform Cloud was asked 6 times and said at last: 503" == str(error)


def test_intervals_are_random():
    """Intervals are shortened by chance, by half at most, so that many who wait don't ask at once."""
    assert [0.5, 1, 2, 4, 8] == insisted([DroppedError("TimeoutError")], chance=0.0)[1]


LATER = {
    "7": 7,
    "0.5": 0.5,
    "Tue, 24 Nov 2026 12:00:30 GMT": 30,
    "Tue, 24 Nov 2026 11:00:30 GMT": 0,
    "soon": 0,
    "-5": 0,
    "": 0,
    "99999999999999999999": 0,
    "Tue, 99 Nov 2026 12:00:30 GMT": 0,
}


@pytest.mark.parametrize(("said", "seconds"), LATER.items())
def test_retry_after(said, seconds):
    """Retry-After is a number of seconds or a moment; whatever else it is counts as nothing."""
    assert seconds == retry_after(reply(429, retry_after=said), NOW)
    _, (pause,) = insisted([reply(429, retry_after=said), reply(200)])
    assert seconds + 1 == pause


def test_retry_after_has_an_end():
    """Nobody makes us wait for longer than two minutes."""
    assert [121] == insisted([reply(503, retry_after="86400"), reply(200)])[1]


@given(st.text(max_size=40))
def test_any_retry_after(said):
    """Any text in Retry-After is a number of seconds that is not negative."""
    assert retry_after(reply(429, retry_after=said), NOW) >= 0


@pytest.mark.parametrize("status", [200, 204, 307, 400, 403, 404, 409, 422])
def test_what_trying_again_would_not_change(status):
    """An answer that trying again would not change is taken at once."""
    assert (reply(status), []) == insisted([reply(status)])


def test_what_is_given_up_at_once():
    """A refused token and an answer that is too large are given up at once."""
    assert [(TokenRefusedError, []), (TroubleError, [])] == [
        (type(error), pauses) for error, pauses in (insisted([reply(401)]), insisted([TooLargeError()]))
    ]


@contextlib.contextmanager
def speaking(*pieces):
    """Answer one connection with these bytes, whatever it asks, and hang up; the place to ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=answer)
        thread.start()
        yield MACHINE.place(Secret(f"http://127.0.0.1:{server.getsockname()[1]}/v1/object/the-secret"))
        thread.join()


def taken(*pieces, most=1000):
    """Ask once; the status and the body, or the kind of error and its text."""
    with speaking(*pieces) as where, io.BytesIO() as into, Guard() as guard:
        got = ask("GET", where, into=into, most=most, headers={"Authorization": "Bearer the-token"})
        return got.status, into.getvalue()
    return type(guard.error), str(guard.error)


OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "whole": ((OK, b"Content-Length: 5\r\n\r\nhello"), (200, b"hello")),
    "in chunks": ((OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), (200, b"hello")),
    "nothing": ((b"HTTP/1.1 204 No Content\r\n\r\n",), (204, b"")),
    "until the end": ((OK, b"\r\nhello"), (200, b"hello")),
    "cut off": ((OK, b"Content-Length: 50\r\n\r\nhello"), (DroppedError, "IncompleteRead")),
    "a chunk cut off": ((OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe"), (DroppedError, "IncompleteRead")),
    "hung up": ((), (DroppedError, "RemoteDisconnected")),
    "no HTTP": ((b"the-secret\r\n\r\n",), (DroppedError, "BadStatusLine")),
    "compressed": (
        (OK, b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
        (DroppedError, "the answer is compressed, which nobody asked for"),
    ),
    "too large": ((OK, b"Content-Length: 2000\r\n\r\n", b"x" * 2000), (TooLargeError, "")),
    "too large, in chunks": (
        (OK, b"Transfer-Encoding: chunked\r\n\r\n7d0\r\n", b"x" * 2000, b"\r\n0\r\n\r\n"),
        (TooLargeError, ""),
    ),
    "a header too long": ((OK, b"X: " + b"x" * 70_000 + b"\r\n\r\n"), (DroppedError, "LineTooLong")),
}


@pytest.mark.parametrize(("pieces", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_what_counts_as_an_answer(pieces, expected):
    """A whole answer is taken in; everything else is told without a word of where it was asked."""
    assert expected == taken(*pieces)


def test_an_error_has_no_secret_behind_it(caplog):
    """Neither an error, nor what led to it, nor any log names the place that was asked or the token."""
    caplog.set_level(logging.DEBUG)
    with speaking(b"the-secret\r\n\r\n") as where, Guard() as guard:
        ask("GET", where, into=io.BytesIO(), most=1, headers={"Authorization": "Bearer the-token"})
    behind = [guard.error.__cause__, guard.error.__context__]
    assert [None, None] == behind
    said = f"{guard.error!r} {place(guard.error)} {where!r} {where} {caplog.text}"
    assert [] == [text for text in ("the-secret", "the-token") if text in said]


@contextlib.contextmanager
def dripping(begins):
    """Answer one connection so, then one byte after another for as long as it is listened to; the place to ask."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(begins)
                while not done.wait(0.01):
                    connection.sendall(b"x")

        done = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield MACHINE.place(Secret(f"http://127.0.0.1:{server.getsockname()[1]}/"))
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("begins", [OK + b"Content-Length: 999999\r\n\r\n", OK + b"\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_an_answer_that_drips(begins):
    """Who sends a byte at a time is hung up on once it has taken too long, and what came so far is no answer."""
    with dripping(begins) as where, io.BytesIO() as into, pytest.raises(DroppedError, match="whole answer within"):
        ask("GET", where, into=into, most=10**6, headers={}, whole_s=0.2)


def test_a_handshake_that_drips():
    """Nor does it take longer where it has not come to an answer yet."""
    with dripping(b"\x16\x03\x03\x40\x00") as plain:
        where = Place(scheme="https", host="127.0.0.1", port=plain.port, target=plain.target)
        with pytest.raises(DroppedError, match="whole answer within"):
            ask("GET", where, into=io.BytesIO(), most=1, headers={}, whole_s=0.2)


@pytest.mark.parametrize(
    "body", [b"Content-Length: 50\r\n\r\nhe", b"Content-Encoding: gzip\r\n\r\n", b"\r\n" + b"x" * 9000]
)
def test_an_answer_of_which_the_head_says_all(body):
    """Where nobody needs the body, what becomes of it does not matter."""
    with speaking(OK, body) as where:
        assert 200 == ask("PATCH", where, into=None, headers={}, body=b"{}").status


def test_nobody_listens():
    """A port on which nobody listens is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    where = Place(scheme="http", host="127.0.0.1", port=port, target=Secret("/"))
    with pytest.raises(DroppedError, match="ConnectionRefusedError"):
        ask("GET", where, into=io.BytesIO(), most=1, headers={})


def test_tls_is_insisted_on():
    """Who answers without TLS where TLS is asked for is not believed."""
    with speaking(OK + b"Content-Length: 0\r\n\r\n") as plain:
        where = Place(scheme="https", host="127.0.0.1", port=plain.port, target=plain.target)
        with pytest.raises(DroppedError, match="SSLError"):
            ask("GET", where, into=io.BytesIO(), most=1, headers={})


SONGS = {200: (1, []), 503: (1, ["the API answered 503"]), 404: (1, ["the API answered 404"])}


@pytest.mark.parametrize(("status", "expected"), SONGS.items())
def test_the_canary(status, expected):
    """A canary that sings is evidence without a finding; one that doesn't is a critical one, and no token leaks."""
    asked = []

    def answer(request):
        asked.append(request.bearer)
        return Said(status=status)

    with serving(answer) as url:
        seen = Canary(url=f"{url}/v1/flights/x", token=Secret("sing"), pause_s=0).ask()
    assert expected == (seen.reach, [finding.message for finding in seen.findings])
    assert {"sing"} == set(asked)


@pytest.mark.parametrize("url", ["http://api.example/v1/x", "https://me:@api.example/x", "api.example", "https://"])
def test_a_canary_somewhere_else(url):
    """A canary that could not be asked over TLS is not asked: that is a problem, and no finding."""
    seen = Canary(url=url).ask()
    assert (0, 1, ()) == (seen.reach, len(seen.problems), seen.findings)
    assert "api.example" not in seen.problems[0]
