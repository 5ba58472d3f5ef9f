"""What a refused report is called: that of another reader, or of a tool that nothing here reads."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, UnreadableError
from clearance.readers import READERS
from clearance.readers.strangers import ITEMS, OBJECTS, ROOTS, instead, known_as

TABLES = [(stranger, "{%s}") for stranger in OBJECTS] + [(stranger, "[{%s}]") for stranger in ITEMS]


@pytest.mark.parametrize(("stranger", "frame"), TABLES, ids=[stranger.name for stranger, _ in TABLES])
def test_json_is_known_by_the_keys_at_its_top(stranger, frame):
    """Whole or cut off, whatever else it has and whatever its values are."""
    keys = ['"other": {"runs": 1}', *(f'"{key}": null' for key in sorted(stranger.keys))]
    whole = frame % ", ".join(keys)
    expected = (stranger.name, stranger.remedy)
    assert [expected, expected] == [known_as(whole.encode()), known_as(whole.rstrip("}]").encode())]


@pytest.mark.parametrize("root", ROOTS)
def test_xml_is_known_by_its_root(root):
    """Also behind a document type, which no reader would let pass."""
    report = f'<?xml version="1.0"?><!DOCTYPE {root} SYSTEM "http://example.com/x.dtd"><{root} version="1"/>'
    assert known_as(report.encode()) == ROOTS[root]


@pytest.mark.parametrize(
    ("report", "name"),
    [
        (b"\x1f\x8b\x08\0\0\0", "a gzip archive"),
        (b"PK\x03\x04\x14\0results.sarif", "a zip archive"),
        (b"TAP version 13\n1..2\nok 1\n", "TAP"),
        (b"1..1\nok 1 - a\n", "TAP"),
        (b"TN:\nSF:src/a.js\nDA:1,1\n", "LCOV coverage"),
        (b'{"check_type"\n--- OUTPUT DELIMITER ---\n', "several outputs of Checkov in one"),
        (b"=== RUN   TestA\n--- PASS: TestA (0.00s)\n", "the words of `go test`"),
        (
            b'{"Time":"2026-11-24T11:00:00Z","Action":"start","Package":"a"}\n{"Action":"pass"}\n',
            "the event log of `go",
        ),
        (b'{"@level":"info","@message":"x","@module":"terraform.ui"}\n{"@level":"info"}\n', "the event log of Terraf"),
    ],
)
def test_others_are_known_by_how_they_begin(report, name):
    """Neither XML nor a single JSON value, and known all the same."""
    known = known_as(report)
    assert known is not None
    assert known[0].startswith(name)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_says_what_it_was_given_instead(reader):
    """A SARIF log and an ESLint report, to those who read neither; the next step says what to do."""
    sarif = b'{"version": "2.1.0", "runs": [{"results": [{"ruleId": "R"}]}]}'
    eslint = b'[{"filePath": "/a.js", "messages": [], "errorCount": 0}]'
    for report, name in ((sarif, "a report for the reader sarif"), (eslint, "the JSON of ESLint")):
        if (reader, report) == ("sarif", sarif):
            continue
        with pytest.raises(UnreadableError, match=f"; it looks like {name}") as caught:
            READERS[reader](report, Materials())
        assert caught.value.hint


@pytest.mark.parametrize(
    ("reader", "report"),
    [("junit", b"<testsuites><testsuite>"), ("scenarios", b"<testsuites>"), ("sarif", b'{"runs": [')],
)
def test_a_report_of_its_own_that_is_broken_is_called_nothing_else(reader, report):
    """Cut off is cut off: to name another reader would send the person the wrong way."""
    with pytest.raises(UnreadableError) as caught:
        READERS[reader](report, Materials())
    assert "looks like" not in str(caught.value)


@given(st.binary() | st.recursive(st.text() | st.integers(), lambda e: st.lists(e) | st.dictionaries(st.text(), e)))
def test_nothing_breaks_it(anything):
    """Whatever it is given, it says what that is, or nothing."""
    report = anything if isinstance(anything, bytes) else json.dumps(anything).encode()
    for reader in READERS:
        found = instead(report, reader)
        assert found is None or all(found)
