"""Rows on their way from the clients to the recording, and the words that come with answers."""

from __future__ import annotations

import math
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

from clearance.load import ledger
from clearance.load.ledger import Ledger
from clearance.load.pulse import STAT, read_machine, stolen
from clearance.load.recorder import KINDS, MOST_ROUTES, NAN, OTHERS, Recorder, now
from clearance.load.requests import Requests, server_timing
from clearance.load.spans import collect, fetch, read_id
from clearance.recording import Outcome, Route


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("total;dur=3.5, db_read;dur=1.25, db_write;dur=0", (3.5, 1.25, 0)),
        ('db_read;desc="two";dur="1.5",db_read;dur=2', (None, 3.5, None)),
        ("cache;dur=1, total", (None, None, None)),
        ("total;dur=soon", (None, None, None)),
        ("TOTAL ; DUR = 2", (None, None, None)),
        ("total ; DUR = 2", (2, None, None)),
        (",;=,", (None, None, None)),
        ("total;dur=1e300, db_read;dur=-1e300, db_write;dur=nan", (math.inf, -math.inf, None)),
    ],
)
def test_server_timing(text, said):
    """Total and database times are read from the header, whatever else is in it."""
    assert said == tuple(None if math.isnan(value) else value for value in server_timing(text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0000abcd-0003-00000007", 3 << 40 | 7),
        ("0000abce-0003-00000007", None),
        ("0000abcd-x-7", None),
        ("0000abcd-", None),
        ("0000abcd-0000--0000001", None),
        ("0000abcd-0000-ffffffffffffffffffff", None),
        ("0000abcd-ffff-ffffffffff", (1 << 56) - 1),
    ],
)
def test_ids(text, number):
    """An x-request-id of this run names its request; any other names none."""
    assert number == read_id(text, "0000abcd-")


def told(recorder, **event):
    """Tell a recorder of a request, as a client of somebody else's does."""
    requests = Requests()
    requests.recorder = recorder
    requests.on_request("GRPC", event.pop("name", "call"), response_time=1.0, **event)


@pytest.mark.parametrize("status", ["OK", None, -1, 70_000, True, 2.0])
def test_a_status_of_another_kind_is_none(status):
    """A client may call anything a status: the request is recorded all the same."""
    process = recorder_of()
    told(process, response=SimpleNamespace(status_code=status))
    rows = np.frombuffer(process.drain()["requests"], dtype=KINDS["requests"])
    assert [(0, Outcome.GOOD)] == [(row["status"], row["outcome"]) for row in rows]


def test_a_duration_too_long_for_its_column():
    """A service that states one cannot make its requests disappear."""
    process = recorder_of()
    told(process, response=SimpleNamespace(status_code=200, headers={"server-timing": "total;dur=1e300"}))
    rows = np.frombuffer(process.drain()["requests"], dtype=KINDS["requests"])
    assert [math.inf] == rows["handler_ms"].tolist()


def test_names_that_are_no_text():
    """Locust takes any; the recording has texts."""
    process = recorder_of()
    told(process, name=404)
    assert [["GRPC", "404", "write"]] == process.drain()["routes"]


def test_what_cannot_be_recorded_is_counted():
    """Locust passes over what a listener raises, so that nobody else would miss the request."""
    process = recorder_of()
    with pytest.raises(TypeError):
        told(process, context={"op": ["read"]})
    assert {"TypeError: unhashable type: 'list'": 1} == process.raised


def test_lines_of_a_service():
    """Several lines of a request add up to one row; lines of others, and what is no line, are passed over."""
    lines = [
        b'{"request_id": "0000abcd-0000-00000001", "latency_ms": 5, "db_read_ms": [1, 2], "cold_start": true}',
        b'INFO {"request_id": "0000abcd-0000-00000001", "gateway_ms": 1.5}',
        b'{"request_id": "0000ffff-0000-00000001", "latency_ms": 5}',
        b'{"request_id": "0000abcd-0000-00000002", "latency_ms": "slow"}',
        b'{"request_id": "0000abcd-0000-00000003", "cold_start": [1], "latency_ms": null}',
        b"0000abcd- is not JSON",
    ]
    row = collect(lines, "0000abcd-")
    assert {1: [1.5, 5, 3, 1], 3: [NAN, NAN, NAN, 0]} == {id_: [*values[:3], values[4]] for id_, values in row.items()}


def test_lines_from_a_file(tmp_path):
    """A run's lines may lie in a file; where it is not there, that is said."""
    lines = tmp_path / "log.jsonl"
    lines.write_text('{"request_id": "0000abcd-0000-00000009", "latency_ms": 1}\n', encoding="utf-8")
    found, troubles = fetch(str(lines), "0000abcd-", 1)
    assert ([9], []) == (found["id"].tolist(), troubles)
    assert 1 == len(fetch(str(tmp_path / "none"), "0000abcd-", 1)[1])


class _Cut(BaseHTTPRequestHandler):
    """Breaks off within its answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"64\r\n{")
        self.close_connection = True

    def log_message(self, *_):
        """Stay silent."""


def test_lines_that_break_off():
    """Lines that could be had in part only are named as missing, and the recording is written all the same."""
    with HTTPServer(("127.0.0.1", 0), _Cut) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        found, troubles = fetch(f"http://127.0.0.1:{server.server_port}/", "0000abcd-", 0)
        thread.join()
    assert (0, ["the service's own lines could not be had"]) == (len(found["id"]), [text[:40] for text in troubles])


def sent_and_ended(recorder, count, outcome=Outcome.GOOD, name="/a"):
    """Make some requests."""
    for _ in range(count):
        sent = recorder.send(None, "GET", name, 0)
        recorder.end(sent, recorder.route("GET", name, None), 200, outcome)


def recorder_of(worker=0):
    """A recorder whose run has begun."""
    return Recorder(run=1, worker=worker, origin=now() - 10)


def chunk_of(recorder):
    """What a process would send."""
    return recorder.drain() | {"until": 0}


def last_word(recorder, **different):
    """What a process would say at the end."""
    return {"requests": recorder.requests, "finished": True, "early": 0, "raised": {}} | different


def test_processes_have_routes_of_their_own(tmp_path):
    """Routes that two processes number differently are one route in the recording."""
    books, processes = Ledger(tmp_path), [recorder_of(0), recorder_of(1)]
    for process, names in zip(processes, [("/a", "/b"), ("/b", "/c")], strict=True):
        books.open(process.worker, str(process.worker))
        for name in names:
            sent_and_ended(process, 2, name=name)
        books.add(chunk_of(process))
    assert [Route(method="GET", name=name, op="read") for name in ("/a", "/b", "/c")] == list(books.routes_in_order())
    assert [0, 0, 1, 1, 1, 1, 2, 2] == sorted(books.tables()["requests"]["route"].tolist())


@pytest.mark.parametrize(
    ("said", "finished", "trouble"),
    [
        ({}, True, []),
        ({"requests": 9}, False, ["worker w made 9 requests, of which 4 arrived"]),
        ({"finished": False}, False, ["worker w was ended before the run was"]),
        (None, False, ["worker w vanished: what it measured last is missing"]),
    ],
)
def test_the_last_word(tmp_path, said, finished, trouble):
    """A worker has finished only where it said so and all that it made has arrived."""
    books, process = Ledger(tmp_path), recorder_of()
    books.open(0, "w")
    sent_and_ended(process, 4)
    books.add(chunk_of(process))
    if said is not None:
        books.close(0, last_word(process, **said))
    assert ([finished], trouble) == ([worker.finished for worker in books.workers()], list(books.troubles()))


def test_a_part_that_never_came(tmp_path):
    """A chunk that is missing between others is a problem, even where nobody counted it."""
    books, process = Ledger(tmp_path), recorder_of()
    books.open(0, "w")
    sent_and_ended(process, 1)
    chunk_of(process)
    books.add(chunk_of(process))
    assert "worker w: part 0 of its samples never came" in list(books.troubles())


def test_more_than_memory_should_hold(tmp_path):
    """Rows that do not fit comfortably wait in a file, and are all there in the end, in their order."""
    books, process = Ledger(tmp_path), recorder_of()
    books.open(0, "w")
    blocks = 8
    for _ in range(blocks):
        sent_and_ended(process, 3)
        chunk = chunk_of(process)
        chunk["pulse"] = bytes(22 * (ledger.IN_MEMORY // 22 // (blocks // 2) + 1))
        books.add(chunk)
    tables = books.tables()
    assert list(range(1, 3 * blocks + 1)) == tables["requests"]["id"].tolist()
    assert blocks * (ledger.IN_MEMORY // 22 // (blocks // 2) + 1) == len(tables["pulse"]["at"])


def test_nowhere_to_spill(tmp_path):
    """Where that file cannot be, rows stay in memory."""
    books, process = Ledger(tmp_path / "gone"), recorder_of()
    books.open(0, "w")
    chunk = chunk_of(process)
    chunk["pulse"] = bytes(22 * (ledger.IN_MEMORY // 22 + 1))
    books.add(chunk)
    assert ledger.IN_MEMORY // 22 + 1 == len(books.tables()["pulse"]["at"])


def test_a_name_for_each_url():
    """Names beyond what a column can number share the last number."""
    process = recorder_of()
    numbers = [process.route("GET", f"/{number}", None) for number in range(MOST_ROUTES + 2)]
    assert [MOST_ROUTES - 1, MOST_ROUTES, MOST_ROUTES] == numbers[-3:]
    assert ["", OTHERS, "write"] == process.drain()["routes"][-1]


def test_many_kinds_of_exceptions():
    """Exceptions are counted by their text, and only so many texts are kept."""
    process = recorder_of()
    for number in range(150):
        process.fail(ValueError(number))
    assert (101, 50) == (len(process.raised), process.raised["others"])


def test_nothing_is_recorded_before_and_after():
    """Requests from before the run's start are counted, those that end after its end are not."""
    process = Recorder(run=1, worker=0)
    sent = process.send(None, "GET", "/login", 0)
    process.end(sent, 0, 200, 0)
    assert (0, 1) == (process.requests, process.early)
    process.origin = now()
    late = process.send(None, "GET", "/a", 0)
    process.closed = True
    process.end(late, 0, 200, 0)
    assert 0 == process.requests


def test_steal():
    """Steal is the share of all ticks between two readings; where the machine counts none, it is nothing."""
    assert [0.25, 0.0] == [stolen((0, 0), (1, 4)), stolen((0, 0), (0, 0))]
    taken, total = read_machine()
    assert os.path.exists(STAT) == (total > 0)
    assert taken <= total
