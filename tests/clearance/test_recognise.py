"""Guessing from a report's content who reads it: every tool's real reports, whole, cut off, or in another encoding."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, UnreadableError
from clearance.readers import READERS
from clearance.readers.recognise import ARCHIVES, ITEMS, LOGS, OBJECTS, ROOTS, guess

READINGS = Path(__file__).parents[1] / "readings"
SAMPLES = [
    ("bandit", "bandit/issue.json"),
    ("bandit", "bandit/empty-folder.json"),
    ("checkov", "checkov/issue/results_json.json"),
    ("checkov", "checkov/two-frameworks/results_json.json"),
    ("checkov", "checkov/empty-folder/results_json.json"),
    ("checkov-log", "checkov/issue/checkov.log"),
    ("coverage", "coverage/lines.json"),
    ("cyclonedx", "cyclonedx/whole.json"),
    ("detect-secrets", "detect-secrets/issue.json"),
    ("junit", "junit/jest-outcomes.xml"),
    ("load", "load/sound.zip"),
    ("locust", "locust/one-fails.json"),
    ("pip-audit", "pip-audit/clean.json"),
    ("sarif", "sarif/bandit-issue.sarif"),
    ("squawk", "squawk/locks.txt"),
    ("squawk", "squawk/clean.txt"),
    ("zizmor", "zizmor/unpinned.txt"),
    ("zizmor", "zizmor/clean.txt"),
]


def test_every_reader_but_two_has_a_sign():
    """A reader that is added is recognised; scenarios look like any other JUnit report, and a file list like prose."""
    known = {sign.reader for sign in (*OBJECTS, *ITEMS)} | set(ROOTS.values())
    known |= {reader for reader, _ in (*LOGS, *ARCHIVES)}
    assert known == READERS.keys() - {"scenarios", "file-list"}


@pytest.mark.parametrize(("reader", "sample"), SAMPLES)
def test_a_real_report_is_recognised_and_can_be_read(reader, sample):
    """The reader that is guessed for a tool's real report understands it."""
    report = (READINGS / sample).read_bytes()
    assert guess(report) == reader
    assert READERS[reader](report, Materials()).reach >= 0


@pytest.mark.parametrize(
    ("reader", "sample"), [(reader, sample) for reader, sample in SAMPLES if Path(sample).suffix in {".json", ".xml"}]
)
def test_half_a_report_is_still_recognised(reader, sample):
    """A report that was cut off is called what it was to be, or nothing, and its reader then refuses it."""
    report = (READINGS / sample).read_bytes()
    half = report[: len(report) * 2 // 3]
    assert guess(half) in {reader, None}
    with pytest.raises(UnreadableError):
        READERS[reader](half, Materials())


CUT_OFF = {
    "terraform-plan": '{"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {"root_mod',
    "terraform-validate": '{"format_version": "1.0", "valid": true, "err',
    "bandit": '{"errors": [], "generated_at": "2026-11-24T11:23:22Z", "metrics": {"a',
    "coverage": '{"meta": {"version": "7"}, "files": {"a.py',
    "checkov": '[{"check_type": "terraform", "resu',
    "sarif": '{"$schema": "x", "runs": [{"tool"',
    "detect-secrets": '{"version": "1.5.0", "plugins_used": [',
    "zizmor": '[{"ident": "a", "desc": "b", "url": "c", "det',
}


@pytest.mark.parametrize(("reader", "text"), CUT_OFF.items())
def test_the_beginning_is_enough(reader, text):
    """The keys at the top of a report that goes no further name its reader."""
    assert guess(text.encode()) == reader


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings(encoding):
    """A byte order mark does not hide a report."""
    assert guess((READINGS / "sarif/bandit-issue.sarif").read_text().encode(encoding)) == "sarif"


XML = {
    "a prologue": ('<?xml version="1.0"?>\n<!-- by a tool -->\n<testsuite name="a"/>', "junit"),
    "a document type": ("<!DOCTYPE a [<!ENTITY b 'c'>]><testsuites/>", "junit"),
    "a prefix": ('<j:testsuites xmlns:j="x"/>', "junit"),
    "another root": ("<html><testsuite/></html>", None),
    "no root": ("<!-- testsuite", None),
}


@pytest.mark.parametrize(("text", "reader"), XML.values(), ids=XML)
def test_xml_is_known_by_its_root(text, reader):
    """The root element tells, whatever stands before it and whatever is below it."""
    assert guess(text.encode()) == reader


OTHERS = {
    "nothing": b"",
    "prose": b"All is well.\n",
    "an empty list": b"[]",
    "a list of numbers": b"[1, 2]",
    "a manifest": b'{"name": "a", "dependencies": {"b": "1"}, "version": "1"}',
    "signs below the top": b'{"report": {"runs": [], "version": "2.1.0"}}',
    "binary": b"\x7fELF\0\0{}",
    "binary that begins like JSON": b'{"runs": \0',
    "depth": b"[" * 100_000,
    "depth of objects": b'{"a":' * 100_000,
    "quotes that are all escaped": b'{"' + b'\\"' * 120_000,
    "quotes that are all escaped, and half a one": b'{"' + b'\\"' * 120_000 + b"\\",
    "comments that never end": b"<!--" * 60_000,
    "declarations that never end": b"<![" * 60_000,
    "a quote that never ends": b'{"' + b"\\" * 300_000,
}


@pytest.mark.parametrize("report", OTHERS.values(), ids=OTHERS)
def test_what_is_no_report(report):
    """What has no tool's signs at its top is no report."""
    assert guess(report) is None


@given(st.binary() | st.recursive(st.text() | st.integers(), lambda e: st.lists(e) | st.dictionaries(st.text(), e)))
def test_nothing_breaks_it(anything):
    """Whatever it is given, it names a reader or none."""
    report = anything if isinstance(anything, bytes) else json.dumps(anything).encode()
    assert guess(report) in {*READERS, None}
