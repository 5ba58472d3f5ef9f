"""Recordings that were cut, bent or written by someone else: never a crash, and never a pass by what they hide."""

import io
import zipfile

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearance.model import Materials, UnreadableError
from clearance.readers.load import read
from clearance.recording import REQUESTS, TABLES, Route, dumps, table
from tests.clearance.load_runs import fault, run

SOUND = run(rate=20, seconds=6.0, warmup_s=1.0, faults=(fault(at=2.0),))
BYTES = dumps(SOUND)
COLUMNS = [(name, column) for name, kinds in TABLES.items() for column in kinds]


def repacked(members):
    """A zip archive of the sound recording's members, some of them replaced, or left out where None."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BYTES)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = members.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def packed(values):
    """A column as its file."""
    out = io.BytesIO()
    np.save(out, values, allow_pickle=False)
    return out.getvalue()


def claimed(kind, length):
    """A column's file that claims what it does not hold."""
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({length},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()


def said(data):
    """What is read, or None for what is refused by name; anything else is a crash."""
    try:
        reading = read(data, Materials())
    except UnreadableError:
        return None
    msgspec.json.encode(reading.details)
    texts = [*reading.problems, *(finding.message for finding in reading.findings), reading.tool]
    assert all(text.isprintable() for text in texts)
    assert all(np.isfinite([m.value, m.low, m.high]).all() for m in reading.measures)
    return reading


@given(st.integers(0, len(BYTES)))
@settings(max_examples=60, deadline=None)
def test_a_recording_that_was_cut_off_is_refused(length):
    """Wherever it was cut."""
    with pytest.raises(UnreadableError):
        read(BYTES[:length] if length < len(BYTES) else b"", Materials())


@given(st.lists(st.tuples(st.integers(0, len(BYTES) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_bytes_that_were_bent_do_not_break_the_reader(changes):
    """It refuses, or reads what is still there."""
    data = bytearray(BYTES)
    for place, value in changes:
        data[place] = value
    said(bytes(data))


@given(
    st.sampled_from(COLUMNS),
    st.integers(0, 119),
    st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**16 - 1, 2**63, 2**63 - 1, 2**64 - 1]),
)
@settings(max_examples=200, deadline=None)
def test_no_number_in_a_column_breaks_the_reader(column, row, bits):
    """Any bits in any cell: no endless memory, no overflow, no number without an end in what is measured."""
    name, field = column
    values = getattr(SOUND, name)[field].copy()
    cell = values[row % len(values) : row % len(values) + 1]
    cell.view(np.uint8)[:] = np.frombuffer(bits.to_bytes(8, "little")[: values.itemsize], np.uint8)
    said(repacked({f"{name}/{field}.npy": packed(values)}))


@given(st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_column_whose_head_was_bent_does_not_break_the_reader(changes):
    """It is refused, unless it still says the same."""
    data = bytearray(packed(SOUND.requests["id"]))
    for place, value in changes:
        data[place] = value
    said(repacked({"requests/id.npy": bytes(data)}))


@given(st.sampled_from(COLUMNS), st.sampled_from(["<i4", ">i8", "<f8", "|u1", "<U3", "<c16", "<M8[s]"]))
@settings(max_examples=60, deadline=None)
def test_a_column_of_another_type_is_refused(column, kind):
    """Another width, another byte order, text or time: nothing is converted."""
    name, field = column
    if np.dtype(kind) == np.dtype(TABLES[name][field]):
        return
    values = np.zeros(len(getattr(SOUND, name)[field]), dtype=kind)
    with pytest.raises(UnreadableError):
        read(repacked({f"{name}/{field}.npy": packed(values)}), Materials())


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False)
        | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(sorted(msgspec.to_builtins(SOUND.header))),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_value_in_the_header_breaks_the_reader(value, key):
    """Of another type, out of range, or with characters that control a terminal."""
    header = msgspec.to_builtins(SOUND.header) | {key: value}
    said(repacked({"header.json": msgspec.json.encode(header)}))


@given(st.text(max_size=50))
@settings(max_examples=60, deadline=None)
def test_no_text_of_the_header_reaches_a_terminal_as_it_is(text):
    """Names, problems and exceptions are shown on one line, without control characters."""
    header = msgspec.structs.replace(
        SOUND.header,
        tool=text,
        base_url=text,
        stopped=text,
        problems=(text,),
        raised={text: 1},
        routes=tuple(Route(method=text, name=text, op="read") for _ in SOUND.header.routes),
    )
    assert said(repacked({"header.json": msgspec.json.encode(header)})) is not None


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"header.json": None}, "holds no header.json"),
        ({"requests/id.npy": None}, "holds no requests/id.npy"),
        ({"header.json": b"{"}, "header is broken"),
        ({"header.json": b"[1]"}, "header is broken"),
        ({"header.json": b"[" * 100_000}, "header is broken"),
        ({"header.json": b'{"schema": 2}'}, "schema 2"),
        ({"requests/id.npy": b"\x93NUMPY"}, "requests/id.npy in the recording is broken"),
        ({"requests/id.npy": packed(np.zeros(3, dtype=np.uint64))}, "as long as the others"),
        ({"requests/id.npy": packed(np.zeros((120, 1), dtype=np.uint64))}, "not a column of <u8"),
        ({"requests/id.npy": claimed("|O", 1)}, "is broken"),
        ({"requests/id.npy": claimed("<u8", 10**12)}, "is broken"),
        ({"requests/id.npy": claimed("<u8", 10**30)}, "is broken"),
    ],
)
def test_a_member_that_is_missing_or_broken_is_named(members, words):
    """The message says which part of the file it is."""
    with pytest.raises(UnreadableError, match=words.replace("(", r"\(")):
        read(repacked(members), Materials())


def test_a_bomb_is_not_unpacked():
    """What would unpack to more than can be held is refused before it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.json", "w") as file:
        for _ in range(9):
            file.write(b" " * 1024 * 1024)
    with pytest.raises(UnreadableError, match="unpacks to more than"):
        read(out.getvalue(), Materials())


def test_a_part_that_is_there_twice_is_refused():
    """Which of the two columns another program would read is anybody's guess."""
    out = io.BytesIO(BYTES)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("requests/outcome.npy", packed(np.zeros(len(SOUND.requests["id"]), dtype=np.uint8)))
    with pytest.raises(UnreadableError, match="there twice"):
        read(out.getvalue(), Materials())


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 0.001])
@pytest.mark.parametrize("stopped", ["time", "decided"])
def test_a_run_that_says_it_took_no_time(seconds, stopped):
    """Blocks of time are not made as short as it says, which would take all memory, and it is no proof."""
    header = msgspec.structs.replace(SOUND.header, seconds=seconds, warmup_s=0.0, stopped=stopped, looked=1)
    reading = said(repacked({"header.json": msgspec.json.encode(header)}))
    assert [True] == ["119 arrivals were to start after" in text for text in reading.problems if "were to" in text]


def test_a_look_that_nobody_lives_to_see():
    """A run that claims to be decided by it is read, and is no proof."""
    header = msgspec.structs.replace(SOUND.header, stopped="decided", looked=2**62)
    reading = said(repacked({"header.json": msgspec.json.encode(header)}))
    assert "nobody knows on what" in reading.problems[0]


@pytest.mark.parametrize("column", ["cpu", "lag_ms", "steal"])
@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
def test_a_health_that_cannot_be_is_none(column, value):
    """Below zero, no number, or without an end: nobody knows whether the generator kept up."""
    values = np.full(len(SOUND.pulse[column]), value, dtype=np.float32)
    reading = said(repacked({f"pulse/{column}.npy": packed(values)}))
    assert [f"a worker of the generator did not state its {column}"] == [
        text.partition(", so nobody")[0] for text in reading.problems
    ]


def test_sixty_thousand_routes_are_read_and_the_report_stays_small():
    """A locustfile that names each URL makes a route a request: the report holds the worst of them and says so."""
    routes = tuple(Route(method="GET", name=f"/users/{number}", op="read") for number in range(60_000))

    def own(requests):
        requests["route"] = np.arange(len(requests["id"]), dtype=np.uint16)

    reading = said(dumps(run(rate=1000, seconds=60.0, rows=own, routes=routes)))
    assert len(msgspec.json.encode(reading.details)) < 250_000
    assert [True] == ["60,000 routes were called" in problem for problem in reading.problems]


def test_the_columns_are_all_bent_above():
    """Each column of each table is among those that are bent."""
    assert len(REQUESTS) + 4 + 6 + 5 == len(COLUMNS)
    assert table("spans").keys() == TABLES["spans"].keys()
