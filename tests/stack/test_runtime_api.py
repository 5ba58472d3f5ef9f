"""The HTTP of the Runtime API: bytes to calls, whatever the pieces in which they come."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.environment import Phase
from stack.runtime_api import PAYLOAD_LIMIT, Call, Connection
from tests.stack.lambda_support import asking, function, in_loop, phases, told, until

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def post(path, body, *headers):
    """Write a request that posts a body."""
    lines = [f"POST /2018-06-01/runtime/{path} HTTP/1.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Wire(asyncio.Transport):
    """Takes what a connection writes."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.open = True

    def write(self, data):
        self.written += data

    def close(self):
        self.open = False


class Calls(list):
    """Collects the calls of a connection."""

    def called(self, call, _connection):
        self.append(call)

    def connected(self, _connection):
        pass

    def disconnected(self, _connection):
        pass


def fed(*pieces):
    """Feed a connection; the calls that it understood and its end of the wire."""
    calls, wire = Calls(), Wire()
    connection = Connection(calls)
    connection.connection_made(wire)
    for piece in pieces:
        if wire.open:
            connection.data_received(piece)
    return list(calls), wire


STREAM = (
    NEXT
    + post("invocation/a-1/response", b'{"a":1}')
    + NEXT
    + post("invocation/b/error", b"")
    + post("init/error", b"x")
)
CALLS = [
    Call("next", "", b""),
    Call("response", "a-1", b'{"a":1}'),
    Call("next", "", b""),
    Call("error", "b", b""),
    Call("init/error", "", b"x"),
]


@given(st.lists(st.integers(0, len(STREAM))))
def test_pieces(cuts):
    """The same bytes are the same calls, wherever the network cuts them."""
    marks = [0, *sorted(cuts), len(STREAM)]
    calls, wire = fed(*(STREAM[start:end] for start, end in itertools.pairwise(marks)))
    assert (CALLS, b"") == (calls, wire.written)


@pytest.mark.parametrize("size", [PAYLOAD_LIMIT + 1, 3 * PAYLOAD_LIMIT])
def test_a_body_over_the_limit(size):
    """A body over the limit is read and thrown away, and what follows it is understood."""
    stream = post("invocation/a/response", b"x" * size) + NEXT
    pieces = [stream[start : start + 65536] for start in range(0, len(stream), 65536)]
    assert [Call("response", "a", None), Call("next", "", b"")] == fed(*pieces)[0]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n",
        b"GET /2018-06-02/runtime/invocation/next HTTP/1.1\r\n\r\n",
        b"GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n",
        post("invocation//response", b""),
        post("invocation/a/b/response", b""),
        post("invocation/a/response", b"0\r\n\r\n", "Transfer-Encoding: chunked"),
        b"x" * (2 * 1024 * 1024 + 1),
    ],
    ids=lambda request: request[:70],
)
def test_what_is_no_call(request_bytes):
    """Anything else is answered 400 and hung up on."""
    calls, wire = fed(request_bytes, NEXT)
    assert ([], True, False) == (calls, wire.written.startswith(b"HTTP/1.1 400 Bad Request\r\n"), wire.open)


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (post("invocation/another/response", b"{}"), b"400"),
        (post("invocation/another/error", b"{}"), b"400"),
        (NEXT, b"403"),
    ],
)
@in_loop
async def test_a_call_out_of_turn(call, status):
    """A second process in the environment can neither answer for the runtime nor take its event."""
    async with function(concurrency=1) as flights:
        outcome = asyncio.create_task(flights.invoke(asking("sleep", seconds=0.3)))
        await until(lambda: phases(flights) == [Phase.BUSY])
        (environment,) = flights._environments
        reader, writer = await asyncio.open_connection(*environment._server.sockets[0].getsockname())
        writer.write(call)
        answer = await reader.readuntil(b"\r\n")
        writer.close()
        assert (status, None, 2) == (
            answer.split()[1],
            told(await outcome),
            told(await flights.invoke(asking("calls"))),
        )
