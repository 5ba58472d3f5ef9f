"""Evidence as JSON: nothing is lost, and nothing else is taken for it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.evidence import digest, dumps, loads
from clearance.model import Evidence, Finding, Measure, Severity, Subject, UnreadableError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXT
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
DETAILS = st.dictionaries(
    TEXT,
    st.recursive(
        MAYBE | NUMBERS | st.booleans() | st.integers(0, 2**53), lambda x: st.lists(x, max_size=3), max_leaves=5
    ),
)
EVIDENCE = st.builds(
    Evidence,
    check=TEXT,
    subject=st.builds(Subject, commit=MAYBE, tree=MAYBE, dirty=st.booleans()),
    inputs_digest=TEXT,
    reach=st.integers(0, 2**40),
    unit=TEXT,
    covered=st.lists(TEXT, max_size=3).map(tuple),
    findings=st.lists(
        st.builds(
            Finding,
            rule=TEXT,
            message=TEXT,
            severity=st.none() | st.sampled_from(Severity),
            path=MAYBE,
            line=st.none() | st.integers(1, 10**6),
            resource=MAYBE,
            suppressed=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    measures=st.lists(
        st.builds(
            Measure,
            name=TEXT,
            value=NUMBERS,
            low=NUMBERS,
            high=NUMBERS,
            unit=TEXT,
            samples=st.integers(0, 9),
            seconds=NUMBERS,
        ),
        max_size=2,
    ).map(tuple),
    problems=st.lists(TEXT, max_size=2).map(tuple),
    tool=TEXT,
    made_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    started=st.datetimes(timezones=st.just(UTC)),
    seconds=NUMBERS,
    alone=st.booleans(),
    details=st.none() | DETAILS,
)
ONE = Evidence(
    check="bandit",
    subject=Subject(),
    inputs_digest="sha256:1",
    reach=1,
    started=datetime(2026, 11, 24, tzinfo=UTC),
    seconds=1.5,
)


@given(EVIDENCE)
def test_evidence_survives_the_journey(evidence):
    """What is read back equals what was written."""
    assert loads(dumps(evidence)) == evidence


def test_the_wire_format_is_one_flat_object():
    """Evidence is one JSON object with a schema number and the fields that DESIGN names."""
    raw = json.loads(dumps(ONE))
    assert raw["schema"] == 1
    assert {"check", "subject", "inputs_digest", "reach", "covered", "findings", "measures", "problems"} <= raw.keys()
    assert raw["started"] == "2026-11-24T00:00:00Z"


def test_evidence_from_before_there_were_details_is_still_read():
    """Evidence without the fields that came later has none of what they say."""
    raw = json.loads(dumps(replace(ONE, measures=(Measure(name="coverage", value=9, low=9, high=9),))))
    del raw["details"], raw["measures"][0]["seconds"]
    old = loads(json.dumps(raw, separators=(",", ":")).encode())
    assert (old.details, old.measures[0].seconds) == (None, 0.0)


def test_the_digest_covers_the_details():
    """What is drawn beside a verdict is part of the evidence: another drawing is other evidence."""
    digests = {digest(dumps(replace(ONE, details=details))) for details in (None, {"kind": "load"}, {"kind": "other"})}
    assert len(digests) == 3


def test_a_file_name_that_is_no_text_does_not_lose_the_evidence():
    """Half a surrogate pair, as an undecodable file name has it, becomes a question mark."""
    assert loads(dumps(replace(ONE, covered=("a\udc80.py",)))).covered == ("a?.py",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        dumps(ONE)[:-10],
        dumps(ONE).replace(b'"schema":1', b'"schema":2'),
        b'{"schema":1,"check":"x"}',
    ],
)
def test_anything_else_is_refused(data):
    """A cut file, another schema or a missing field is no evidence."""
    with pytest.raises(UnreadableError):
        loads(data)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(data):
    """Bytes that nobody made are refused by name, whatever they are."""
    with pytest.raises(UnreadableError):
        loads(b'{"schema":1,' + data)


@given(EVIDENCE, EVIDENCE)
def test_the_digest_names_the_content(one, other):
    """Equal evidence has an equal digest, other evidence another one."""
    assert (digest(dumps(one)) == digest(dumps(other))) == (dumps(one) == dumps(other))
