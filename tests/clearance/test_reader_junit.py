"""The junit reader over real reports, written ones, hostile ones, and laws that hold for all."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Reading, Severity, UnreadableError
from clearance.readers import junit
from clearance.readers.defensive_xml import events

READINGS = Path(__file__).parents[1] / "readings" / "junit"


def read(report: str | bytes, root: str = "/srv/app") -> Reading:
    return junit.read(report.encode() if isinstance(report, str) else report, Materials(root=root))


def stored(name: str, root: str = "/srv/app") -> Reading:
    return read((READINGS / f"{name}.xml").read_bytes(), root)


def measured(reading: Reading, name: str) -> float | None:
    return next((measure.value for measure in reading.measures if measure.name == name), None)


def refusal(report: str | bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(report)
    return caught.value


@pytest.mark.parametrize(
    ("name", "reach", "skipped", "rules"),
    [
        ("pytest-passing", 2, 0, []),
        ("pytest-outcomes", 9, 1, ["failure", "error", "error", "failure", "error"]),
        ("pytest-outcomes-xunit1", 9, 1, ["failure", "error", "error", "failure", "error"]),
        ("pytest-all-skipped", 0, 1, []),
        ("pytest-nothing-collected", 0, 0, []),
        ("pytest-not-importable", 1, 0, ["error"]),
        ("pytest-silenced", 2, 1, ["failure"]),
        ("pytest-subtests", 1, 0, ["failure"]),
        ("jest-outcomes", 2, 2, ["failure"]),
        ("jest-only", 1, 3, []),
        ("jest-broken-suite-told", 2, 0, ["error", "failure"]),
        ("written/surefire-reruns", 4, 1, ["flaky", "failure", "error"]),
        ("written/phpunit-nested", 4, 1, ["failure", "error", "warning"]),
        ("written/gtest", 3, 2, ["failure"]),
        ("written/go-junit-report", 5, 1, ["failure", "failure", "error"]),
        ("written/ant-outside-cases", 1, 0, ["error"]),
        ("written/jenkins-skip", 2, 1, ["failure"]),
        ("written/ctest", 2, 2, ["failure"]),
    ],
)
def test_reports_of_many_tools(name, reach, skipped, rules):
    """Each dialect's cases are counted as run or not run, and each failure and error is a finding of its own rule."""
    reading = stored(name)
    assert (reach, skipped, rules) == (
        reading.reach,
        measured(reading, "skipped"),
        [finding.rule for finding in reading.findings],
    )
    assert reading.unit == "tests"


def test_totals_of_real_tools_add_up():
    """What pytest, Jest and the written dialects state as totals is understood, so that no problem is invented."""
    known = {"pytest-silenced", "pytest-subtests", "jest-broken-suite-told"}
    reports = [path for path in READINGS.rglob("*.xml") if path.stem not in known]
    assert {path.stem: () for path in reports} == {path.stem: read(path.read_bytes()).problems for path in reports}


def test_xfail_is_a_problem():
    """An xfail would be a second policy: the test is named as silenced, with its reason."""
    (problem,) = stored("pytest-silenced").problems
    assert problem.startswith('checks::test_expected_to_fail is silenced by xfail ("known")')


CATCH2 = (
    b'<testsuites><testsuite name="tests" errors="0" failures="%d" skipped="0" tests="57" time="0.1">'
    b'<properties><property name="random-seed" value="1"/></properties><testcase classname="tests.global" name="a" '
    b'time="0.01" status="run"/><testcase classname="tests.global" name="b" status="run"><failure type="REQUIRE"/>'
    b"</testcase></testsuite></testsuites>"
)


@pytest.mark.parametrize(("failures", "problems"), [(1, 0), (2, 1)])
def test_catch2_counts_assertions(failures, problems):
    """Its total of tests says nothing of cases; its other totals do."""
    reading = read(CATCH2 % failures)
    assert (2, problems) == (reading.reach, len(reading.problems))


def test_testng_counts_ignored_tests_beside_skipped_ones():
    """Both are totals of the suite, and both have elements."""
    cases = b"<testcase/><testcase><skipped/></testcase><testcase><ignored/></testcase>"
    reading = read(b'<testsuite tests="3" skipped="1" ignored="1" failures="0">%s</testsuite>' % cases)
    assert (1, 2, ()) == (reading.reach, measured(reading, "skipped"), reading.problems)


def test_an_expected_failure_of_unittest_is_a_problem():
    """So unittest-xml-reporting writes `expectedFailure`."""
    mark = b'<skipped type="XFAIL" message="expected failure: (AssertionError)"/>'
    report = b'<testsuite tests="1" skipped="1"><testcase classname="C" name="t">' + mark + b"</testcase></testsuite>"
    (problem,) = read(report).problems
    assert problem.startswith("C::t is silenced by xfail")


def test_line_of_xunit1_counts_from_one():
    """Pytest's xunit1 counts lines from 0; the finding's line is that of the test function."""
    finding = stored("pytest-outcomes-xunit1").findings[0]
    assert (finding.path, finding.line) == ("checks.py", 9)


@pytest.mark.parametrize(
    ("root", "path"),
    [("/srv/app", "tests/SeatTest.php"), ("/srv/app/", "tests/SeatTest.php"), ("/elsewhere", None)],
)
def test_files_are_relative_to_the_repository(root, path):
    """An absolute file becomes a path beneath the repository; one outside of it is no path."""
    finding = stored("written/phpunit-nested", root).findings[0]
    assert (path, 20 if path else None, "App.SeatTest::testTaken") == (finding.path, finding.line, finding.resource)


def test_severities():
    """Failures and errors are high, PHPUnit's warnings medium, a pass after a rerun low."""
    found = [*stored("written/surefire-reruns").findings, *stored("written/phpunit-nested").findings]
    assert {finding.rule: finding.severity for finding in found} == {
        "failure": Severity.HIGH,
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "flaky": Severity.LOW,
    }


def test_moment_needs_a_zone():
    """The report's moment is the latest timestamp with a zone, in UTC; one without a zone is none."""
    assert stored("written/go-junit-report").made_at.isoformat() == "2026-11-24T10:00:00+00:00"
    assert stored("written/gtest").made_at is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("0,5", 0.5),
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1,234,567", 1234567.0),
        ("1e2", 100.0),
        ("", None),
        ("NaN", None),
        ("-1", None),
        ("soon", None),
        ("inf", None),
    ],
)
def test_durations(text, seconds):
    """Durations come with points, decimal commas and thousands; what is no number is not measured."""
    assert seconds == measured(read(f'<testsuite time="{text}"/>'), "duration")


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ('tests="3"', "states tests=3, but the report shows 2: 1 are missing"),
        ('tests="1"', "states tests=1, but the report shows 2: 1 are too many"),
        ('failures="1"', "states failures=1, but the report shows 0: 1 are missing"),
        ('errors="2"', "states errors=2, but the report shows 0: 2 are missing"),
        ('skipped="1"', "states skipped=1, but the report shows 0: 1 are missing"),
        ('disabled="1"', "states disabled=1, but the report shows 0: 1 are missing"),
        ('tests="many"', "states tests='many', which is no number"),
        (f'tests="{"9" * 5000}"', "which is no number"),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "<testsuites>{}</testsuites>", "<testsuite>{}</testsuite>"])
def test_contradicting_totals(attributes, told, frame):
    """A stated total that the cases do not bear out is a problem that shows its arithmetic, at any level."""
    suite = f'<testsuite name="s" {attributes}><testcase name="a"/><testcase name="b"/></testsuite>'
    (problem,) = read(frame.format(suite)).problems
    assert told in problem


@pytest.mark.parametrize(
    "report",
    [
        '<testsuite tests="1" failures="1"><testcase name="a"><error/></testcase></testsuite>',
        '<testsuite tests="1" failures="2"><testcase name="a"><failure/><failure/></testcase></testsuite>',
        '<testsuite tests="1" failures="1"><testcase name="a"><failure/><failure/></testcase></testsuite>',
        '<testsuite tests="1"><testsuite><testcase name="a"/></testsuite><testcase name="b"/></testsuite>',
        '<testsuite tests="2"><testsuite><testcase name="a"/></testsuite><testcase name="b"/></testsuite>',
        '<testsuite tests="1"><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>',
        '<testsuite skipped="0" disabled="1"><testcase name="b"><skipped/></testcase></testsuite>',
        '<testsuite tests="2" failures="1"><testcase name="a"><flakyFailure/></testcase></testsuite>',
    ],
)
def test_ways_of_counting(report):
    """Errors among failures, elements or cases, own or nested, skipped left out, reruns counted: all add up."""
    assert read(report).problems == ()


@pytest.mark.parametrize(
    ("inside", "rules", "reach"),
    [
        ("<skipped/><failure/>", ["failure"], 1),
        ("<failure/><error/>", ["failure", "error"], 1),
        ("<rerunFailure/>", ["failure"], 1),
        ("<rerunError/>", ["error"], 1),
        ("<flakyError/>", ["flaky"], 1),
        ("<disabled/>", [], 0),
        ("<system-out><failure/></system-out>", [], 1),
        ("<system-err>failure</system-err>", [], 1),
    ],
)
def test_marks_of_a_case(inside, rules, reach):
    """A failure outweighs a skip, a rerun that failed is no pass, and captured output means nothing."""
    reading = read(f'<testsuite><testcase name="a">{inside}</testcase></testsuite>')
    assert (rules, reach) == ([finding.rule for finding in reading.findings], reading.reach)


@pytest.mark.parametrize(
    ("attribute", "rules", "reach"),
    [('status="failed"', ["failure"], 1), ('status="error"', ["error"], 1), ('status="notrun"', [], 0)],
)
def test_status_without_elements(attribute, rules, reach):
    """What only a status tells is believed, so that a failure without an element is none the less one."""
    reading = read(f'<testsuite><testcase name="a" {attribute}/></testsuite>')
    assert (rules, reach) == ([finding.rule for finding in reading.findings], reading.reach)


@pytest.mark.parametrize("stated", ['status="timeout"', 'status="undefined"', 'result="aborted" status="run"'])
def test_a_status_that_nobody_knows(stated):
    """A word that may well mean that the case did not pass is a problem, unless an element says how it went."""
    (problem,) = read(f'<testsuite><testcase name="a" {stated}/></testsuite>').problems
    assert stated.partition(" ")[0] in problem
    assert read(f'<testsuite><testcase name="a" {stated}><failure/></testcase></testsuite>').problems == ()


@pytest.mark.parametrize("failure", ['<failure message="{}"/>', "<failure>{}</failure>"])
def test_long_messages_are_cut(failure):
    """A message of a megabyte is kept in part, and says how long it was."""
    failure = failure.format("x" * 10**6)
    (finding,) = read(f'<testsuite><testcase name="a">{failure}</testcase></testsuite>').findings
    assert len(finding.message) < 4100
    assert "1000000 characters in all" in finding.message


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (b"", "the report is empty"),
        (b" \n", "the report is empty"),
        (b"not xml", "not well-formed XML: syntax error (line 1)"),
        (b'{"results": []}', "not well-formed XML"),
        (b"<testsuites>\n<testsuite>", "no element found (line 2)"),
        (b"<testsuite/><testsuite/>", "junk after document element (line 1)"),
        (b"<checkstyle/>", "root element is <checkstyle>, not <testsuites> or <testsuite>"),
        (b"<testsuite>\xff</testsuite>", "not well-formed XML: not well-formed (invalid token) (line 1)"),
        (b'<?xml version="1.0" encoding="martian"?><testsuite/>', "encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><testsuite name="\xff"/>', "declares the encoding shift_jis"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><testsuite>&x;</testsuite>', "declares an entity ('x')"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite/>', "declares an external entity ('x')"),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://a/b">%p;]><testsuite/>', "declares an external entity ('p')"),
        (b'<!DOCTYPE a SYSTEM "http://a/b.dtd"><testsuite/>', "names an external DTD ('http://a/b.dtd')"),
        (b'<!DOCTYPE a [<!ATTLIST testcase status CDATA "passed">]><testsuite/>', "declares attributes of 'testcase'"),
        (b"<testsuite>" * 100_000, "nested deeper than 500"),
        (b"<testsuite>" + b"<x>" * 100_000, "nested deeper than 500"),
        (b"<testsuite><!--" + b"x" * 12 * 2**20 + b"--></testsuite>", "larger than 8388608 bytes"),
        (b"<testsuite>" + b" " * 2**27 + b"</testsuite>", "more than the 134217728 that are read"),
    ],
    ids=lambda value: re.sub(r"\W+", "-", str(value)[:40]),
)
def test_unreadable_reports(report, told):
    """What is no JUnit report, or means harm, is refused by name, with a next step."""
    error = refusal(report)
    assert told in str(error)
    assert error.hint


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252", "shift_jis", "gb18030", "euc-kr"]
)
def test_encodings(encoding):
    """The encoding is that of the byte order mark or the declaration, multi-byte ones included."""
    name = "é" if encoding.startswith(("utf", "iso", "windows")) else "中"
    report = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><testsuite><testcase name="{name}">'
    report += "<failure/></testcase></testsuite>"
    (finding,) = read(report.encode(encoding)).findings
    assert name == finding.resource


def test_more_elements_than_anybody_writes_are_refused():
    """A report of nothing but empty elements would unfold into a hundred times its size."""
    report = b"<testsuite>" + b"<a/>" * 9 + b"</testsuite>"
    assert 20 == len(list(events(report, most=10)))
    with pytest.raises(UnreadableError, match="more than 9 elements"):
        list(events(report, most=9))


def test_namespaces_are_ignored():
    """A report in a namespace, by default or with a prefix, reads as one without."""
    report = '<j:testsuite xmlns:j="urn:junit"><j:testcase name="a"><j:failure/></j:testcase></j:testsuite>'
    assert [finding.rule for finding in read(report).findings] == ["failure"]


MARKS = ["", "<failure/>", "<error/>", "<skipped/>", "<flakyFailure/>", "<warning/>", "<rerunFailure/>"]


def nested(inside):
    return st.lists(inside, max_size=3).map(lambda parts: f"<testsuite>{''.join(parts)}</testsuite>")


cases = st.lists(st.sampled_from(MARKS), max_size=5).map(
    lambda marks: "".join(f'<testcase name="t{i}">{mark}</testcase>' for i, mark in enumerate(marks))
)
suites = cases | nested(cases) | nested(nested(cases)) | nested(nested(nested(cases)))


@given(st.binary() | st.text().map(str.encode) | st.binary().map(lambda inside: b"<testsuite>" + inside))
def test_any_bytes_are_read_or_refused(report):
    """Arbitrary bytes give a reading or an UnreadableError, nothing else."""
    try:
        reading = read(report)
    except UnreadableError:
        return
    assert isinstance(reading, Reading)


@given(
    st.lists(
        st.sampled_from([*(f"<{tag}>" for tag in ("testsuite", "testcase", "failure", "system-out", "properties"))])
        | st.sampled_from([f"</{tag}>" for tag in ("testsuite", "testcase", "failure", "system-out", "properties")])
        | st.sampled_from(['<property name="a"/>', '<testcase time="," line="x" file=".." status="&#233;"/>', "&amp;"]),
        max_size=12,
    )
)
def test_anything_like_a_report_is_read_or_refused(pieces):
    """Elements in any order give a reading or an UnreadableError, and reach is never more than the cases."""
    report = f"<testsuites>{''.join(pieces)}</testsuites>"
    try:
        reading = read(report)
    except UnreadableError:
        return
    assert reading.reach <= report.count("<testcase")


@given(suites, st.sampled_from(["<failure/>", "<error/>"]))
def test_a_failing_case_only_adds(inside, mark):
    """Adding a failing case takes no finding away, and adds one."""
    before = read(f"<testsuites>{inside}</testsuites>")
    after = read(f'<testsuites>{inside}<testcase name="new">{mark}</testcase></testsuites>')
    assert {finding.fingerprint for finding in before.findings} < {finding.fingerprint for finding in after.findings}
    assert before.reach + 1 == after.reach


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9), st.integers(0, 9))
def test_more_failures_stated_than_shown_never_go_unseen(failed, errored, failures, errors):
    """Whatever the way of counting, failures that are stated and not shown are a problem."""
    cases = '<testcase name="f"><failure/></testcase>' * failed + '<testcase name="e"><error/></testcase>' * errored
    reading = read(f'<testsuite failures="{failures}" errors="{errors}">{cases}</testsuite>')
    if failures + errors > failed + errored:
        assert reading.problems != ()
