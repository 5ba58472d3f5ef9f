"""The Bandit reader, over real reports of Bandit 1.9.4 and over what no Bandit would write."""

from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers import bandit, sarif

READINGS = Path(__file__).parent.parent / "readings" / "bandit"
ROOT = Materials(root="/tmp/readings/bandit")


def of(name: str) -> Reading:
    return bandit.read((READINGS / f"{name}.json").read_bytes(), ROOT)


def edited(name: str, **changes: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode((READINGS / f"{name}.json").read_bytes()) | changes)


@pytest.mark.parametrize(
    ("name", "reach", "findings", "problems"),
    [
        ("clean", 2, 0, 0),
        ("issue", 2, 2, 0),
        ("dotted", 2, 2, 0),
        ("absolute", 2, 2, 0),
        ("syntax-error", 1, 0, 2),
        ("empty-folder", 0, 0, 0),
        ("missing-folder", 0, 0, 1),
        ("nosec-obeyed", 1, 0, 1),
        ("nosec-ignored", 1, 2, 0),
        ("severity-level", 2, 1, 1),
        ("confidence-level", 2, 2, 0),
        ("baseline", 2, 0, 1),
    ],
)
def test_each_real_report_says_what_was_looked_at_found_and_missed(name, reach, findings, problems):
    """Whatever Bandit's exit code, its report tells files read, findings, and what kept it from seeing."""
    reading = of(name)
    assert (reach, findings, problems) == (reading.reach, len(reading.findings), len(reading.problems))


def test_a_finding_carries_everything_that_the_report_states():
    """Rule, words, severity, path, line and help come from the report; the fingerprint from the flagged line."""
    first, second = of("issue").findings
    assert (
        Finding(
            rule="B602",
            message="subprocess call with shell=True identified, security issue.",
            severity=Severity.HIGH,
            path="issue/run.py",
            line=5,
            help_url="https://bandit.readthedocs.io/en/1.9.4/plugins/b602_subprocess_popen_with_shell_equals_true.html",
            fingerprint=second.fingerprint,
        )
        == second
    )
    assert first.fingerprint != second.fingerprint


def test_a_password_that_bandit_quotes_reaches_no_evidence():
    """Its words for B105 to B107 hold it in clear, in its JSON and in its SARIF."""
    word = token_hex(8)
    said = f"Possible hardcoded password: '{word}'"
    result = {"filename": "a.py", "issue_severity": "LOW", "issue_text": said, "test_id": "B105", "line_number": 1}
    own = bandit.read(edited("clean", results=[result]), ROOT)
    driver = {"driver": {"name": "Bandit"}}
    run = {"tool": driver, "results": [{"ruleId": "B105", "message": {"text": said}}]}
    generic = sarif.read(msgspec.json.encode({"version": "2.1.0", "runs": [run]}), ROOT)
    for reading in (own, generic):
        assert ["Possible hardcoded password: (removed)"] == [finding.message for finding in reading.findings]
        assert word not in msgspec.json.encode(reading).decode()


def test_paths_are_the_same_however_bandit_was_called():
    """`issue`, `./issue` and the absolute folder give equal findings and equal coverage."""
    expected = of("issue")
    for name in ("dotted", "absolute"):
        assert (expected.findings, expected.covered) == (of(name).findings, of(name).covered)


@pytest.mark.parametrize(
    ("name", "root", "expected"),
    [
        ("service\\app.py", "C:\\repo", "service/app.py"),
        ("c:\\Repo\\service\\app.py", "C:\\repo", "service/app.py"),
        ("D:\\other\\app.py", "C:\\repo", "D:/other/app.py"),
        ("odd/back\\slash.py", "/repo", "odd/back\\slash.py"),
        ("/repo/./app/../service/app.py", "/repo/", "service/app.py"),
        ("/repository/app.py", "/repo", "/repository/app.py"),
        ("../app.py", "/repo", "../app.py"),
    ],
)
def test_paths_are_posix_and_relative_to_the_root(name, root, expected):
    """On Windows too; a backslash within a POSIX name stays what it is, and what lies elsewhere stays absolute."""
    report = edited("clean", metrics={"_totals": {}, name: {"loc": 1}})
    assert bandit.read(report, Materials(root=root)).covered == (expected,)


def test_a_file_that_could_not_be_parsed_is_not_covered():
    """Bandit lists it among its metrics all the same."""
    reading = of("syntax-error")
    assert reading.covered == ("broken/sums.py",)
    assert ["broken/broken.py" in reading.problems[0], "broken/latin.py" in reading.problems[1]] == [True, True]


def test_obeyed_comments_name_the_option_that_overrides_them():
    """The person at the terminal is told what to add to the command."""
    (problem,) = of("nosec-obeyed").problems
    assert "--ignore-nosec" in problem


@pytest.mark.parametrize("name", ["severity-level", "baseline"])
def test_a_filter_on_the_command_line_is_found_out(name):
    """What a level or a baseline takes out of the list is still in Bandit's totals."""
    (problem,) = of(name).problems
    assert problem.startswith("bandit counted 2 issues and lists")


def test_the_moment_is_the_reports_own():
    """`generated_at` is in UTC."""
    report = edited("clean", generated_at="2026-11-24T11:15:33Z")
    assert datetime(2026, 11, 24, 11, 15, 33, tzinfo=UTC) == bandit.read(report, ROOT).made_at


@pytest.mark.parametrize("stated", [None, "yesterday", "2026-11-24T11:15:33", 7, "0001-01-01T00:00:00+23:59"])
def test_an_ambiguous_moment_is_left_out(stated):
    """A moment without a zone, or no moment, is not guessed at."""
    assert bandit.read(edited("clean", generated_at=stated), ROOT).made_at is None


def test_an_undefined_severity_is_left_to_the_policy():
    """UNDEFINED is no severity."""
    (result, *_) = msgspec.json.decode((READINGS / "issue.json").read_bytes())["results"]
    report = edited("issue", results=[result | {"issue_severity": "UNDEFINED"}])
    assert [finding.severity for finding in bandit.read(report, ROOT).findings] == [None]


def test_the_flagged_line_comes_from_the_files_where_the_report_shows_none():
    """A report made with `-n 0` gets the same fingerprints as one with excerpts."""
    source = b"import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
    results = msgspec.json.decode((READINGS / "issue.json").read_bytes())["results"]
    report = edited("issue", results=[result | {"code": ""} for result in results])
    files = Materials(root=ROOT.root, files={"issue/run.py": source})
    assert of("issue").findings == bandit.read(report, files).findings


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b" \n",
        (READINGS / "issue.json").read_bytes()[:-200],
        b"[" * 100_000,
        b'{"errors": [], "metrics": {}, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "results": []}',
        b'{"errors": [], "metrics": {}}',
        b'{"version": "2.1.0", "runs": []}',
        b"<testsuites/>",
        "naïve".encode("latin-1"),
        b'{"errors": [], "metrics": {"a": {"loc": 1e99}}, "results": []}',
    ],
)
def test_what_is_no_bandit_report_is_refused_with_a_next_step(report):
    """Absent, cut off, nested beyond reason, of another tool: each names its cause and what to do."""
    with pytest.raises(UnreadableError) as caught:
        bandit.read(report, Materials())
    assert "Bandit" in str(caught.value)
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
COUNTS = st.dictionaries(st.sampled_from(["loc", "nosec", "skipped_tests", "SEVERITY.HIGH"]), JSON, max_size=4)
RESULT = st.fixed_dictionaries(
    {"filename": st.text(), "issue_severity": st.text(), "issue_text": st.text(), "test_id": st.text()},
    optional={"line_number": st.integers(), "code": st.text() | JSON, "more_info": JSON},
)
REPORT = st.fixed_dictionaries(
    {
        "errors": st.lists(st.fixed_dictionaries({"filename": st.text(), "reason": st.text()}), max_size=2),
        "metrics": st.dictionaries(st.text() | st.just("_totals"), COUNTS, max_size=3),
        "results": st.lists(RESULT, max_size=3),
    },
    optional={"generated_at": JSON},
)


def survives(report: bytes) -> Reading | None:
    try:
        return bandit.read(report, Materials())
    except UnreadableError:
        return None


@given(st.binary())
def test_any_bytes_are_read_or_refused(report):
    """Nothing but `UnreadableError` comes out of bytes."""
    survives(report)


@given(REPORT | JSON)
def test_any_json_is_read_or_refused(value):
    """Nothing but `UnreadableError` comes out of JSON, and what is read can be written down as JSON again."""
    reading = survives(msgspec.json.encode(value))
    if reading is not None:
        msgspec.json.encode([str(finding) for finding in reading.findings])


@given(st.lists(st.sampled_from(["B101", "B602"]), max_size=6), st.sampled_from(["B101", "B602"]))
def test_another_result_takes_no_finding_away(rules, another):
    """The findings of a longer list begin with those of the shorter one."""
    results = [
        {"filename": "a.py", "issue_severity": "LOW", "issue_text": "", "test_id": rule} for rule in [*rules, another]
    ]
    longer = bandit.read(edited("clean", results=results), ROOT).findings
    assert bandit.read(edited("clean", results=results[:-1]), ROOT).findings == longer[:-1]
    assert len(longer) == len({finding.fingerprint for finding in longer})
