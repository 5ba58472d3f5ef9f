"""The reader of squawk's output, and the splitting of a log from the JSON in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers import squawk
from clearance.readers.transcript import split

READINGS = Path(__file__).parents[1] / "readings" / "squawk"
LOCK = b"ALTER TABLE flight ALTER COLUMN flight TYPE bigint;\nCREATE INDEX by_tail ON flight (tailnum);\n"


def of(name: str, files: dict[str, bytes] | None = None) -> Reading:
    report = (READINGS / f"{name}.txt").read_bytes()
    return squawk.read(report, Materials(root="/tmp/readings/squawk", files=files or {}))


def test_a_finding_carries_everything_that_the_report_states():
    """Lines count from 1, though squawk counts from 0; the help is the rule's own page."""
    *_, last = of("locks").findings
    assert (
        Finding(
            rule="require-concurrent-index-creation",
            message="During normal index creation, table updates are blocked, but reads are still allowed. "
            "Use `concurrently` to avoid blocking writes.",
            severity=Severity.MEDIUM,
            path="locks/0002.sql",
            line=2,
            help_url="https://squawkhq.com/docs/require-concurrent-index-creation",
            fingerprint=last.fingerprint,
        )
        == last
    )


def test_a_finding_keeps_its_fingerprint_when_lines_move():
    """It rests on the flagged statement, not on where it stands."""
    report = (READINGS / "locks.txt").read_bytes().replace(b'"line":0', b'"line":1')
    shifted = Materials(root="/tmp/readings/squawk", files={"locks/0002.sql": b"\n" + LOCK})
    first = of("locks", {"locks/0002.sql": LOCK}).findings[0]
    moved = squawk.read(report, shifted).findings[0]
    assert (1, 2, first.fingerprint) == (first.line, moved.line, moved.fingerprint)


def test_a_statement_that_cannot_be_parsed_is_a_problem_and_no_finding():
    """The rules do not see it, so its file is not covered; its neighbours are."""
    reading = of("broken")
    assert ((), ("broken/0001.sql",)) == (reading.findings, reading.covered)
    assert "broken/0002.sql, line 3: expected R_PAREN" in reading.problems[0]


def test_the_messages_of_older_versions_are_joined():
    """Before version 2 a violation had notes and help, lines counted from 1, and what was not parsed another rule."""
    old = (
        b'[{"file":"a.sql","line":1,"column":0,"level":"Warning","messages":[{"Note":"It locks."},{"Help":"Do not."}],'
        b'"rule_name":"adding-required-field"},'
        b'{"file":"b.sql","line":0,"column":0,"level":"Error","messages":[{"Note":"syntax error"}],'
        b'"rule_name":"invalid-statement"}]'
    )
    reading = squawk.read(old, Materials())
    assert [("adding-required-field", "It locks. Do not.", 1)] == [
        (f.rule, f.message, f.line) for f in reading.findings
    ]
    assert ("a.sql",) == reading.covered
    assert "could not parse b.sql, line 1: syntax error" in reading.problems[0]


@pytest.mark.parametrize(
    "comment",
    [b"-- squawk-ignore", b"--squawk-ignore ban-drop-column", b"-- squawk-ignore-file", b"/* squawk-ignore x */"],
)
def test_an_inline_silencer_is_a_problem_that_names_its_line(comment):
    """Squawk has no option that overrides it."""
    (problem,) = of("clean", {"clean/0001.sql": b"SELECT 1;\n" + comment + b"\nSELECT 2;\n"}).problems
    assert problem.startswith("clean/0001.sql, line 2: ")


@pytest.mark.parametrize("name", ["configured", "excluded"])
def test_what_a_configuration_or_the_command_leaves_out_is_a_problem(name):
    """The log says which rules and which paths."""
    assert all("squawk leaves out" in problem for problem in of(name).problems)
    assert of(name).problems


@pytest.mark.parametrize(
    ("name", "words"), [("unmatched", "Failed to find files"), ("no-configuration", "Configuration error")]
)
def test_what_squawk_says_instead_of_a_list_is_repeated(name, words):
    """The person at the terminal sees why there is none."""
    with pytest.raises(UnreadableError, match=words):
        of(name)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"", ([], None)),
        (b"[]", ([], b"[]")),
        (b"\xef\xbb\xbf[]", ([], b"[]")),
        ("one\r\n[]\n".encode("utf-16"), (["one"], b"[]")),
        (b"[]\n", ([], b"[]")),
        (b"one\n[]\ntwo\n", (["one", "two"], b"[]")),
        (b'one\n[{"a": [1]}]\ntwo', (["one", "two"], b'[{"a": [1]}]')),
        (b'one\n[\n  {"a": [1]}\n]two', (["one", "two"], b'[\n  {"a": [1]}\n]')),
        (b"\x1b[34m[INFO]\x1b[0m one\r\n[\r\n]\r\n", (["[INFO] one"], b"[\r\n]")),
        (b"[INFO] one\n", (["[INFO] one"], None)),
        (b"[\n  {", ([], b"[\n  {")),
        (b'{"a": []}', (['{"a": []}'], None)),
    ],
)
def test_the_log_and_the_list_are_told_apart(output, expected):
    """The list begins a line; colours go, and a list without an end is left to the decoder."""
    assert expected == split(output)


def test_a_second_list_is_refused_and_not_passed_over():
    """Two runs that append to one file: the violations of the second would be lost."""
    with pytest.raises(UnreadableError, match="more than one JSON list"):
        split(b'[]\n[INFO] checking file path: b.sql\n[{"file": "b.sql"}]\n')


@given(
    st.lists(st.text("abc :-/.", min_size=1).filter(str.strip)), st.lists(st.text("xyz ", min_size=1).filter(str.strip))
)
def test_splitting_loses_no_line_of_the_log(before, after):
    """Whatever stands around the list comes out in order."""
    output = "\n".join([*before, '[{"a": 1}]', *after]).encode()
    assert ([line.strip() for line in (*before, *after)], b'[{"a": 1}]') == split(output)
