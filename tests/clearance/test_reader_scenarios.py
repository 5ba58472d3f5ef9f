"""The scenarios reader over pytest-bdd's real reports, held against the features that they are of."""

import json
import re
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Materials, Reading, UnreadableError
from clearance.readers import gherkin_rows, scenario_story, scenarios
from clearance.readers.scrubbing import scrub

READINGS = Path(__file__).parents[1] / "readings" / "scenarios"
ROOT = "/tmp/readings/scenarios"


def files_of(case: str, *, sources: bool = True) -> dict[str, bytes]:
    folder = READINGS / case
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.feature")}
    if sources:
        kept = folder.rglob("*.py.txt")
        found |= {path.relative_to(folder).as_posix().removesuffix(".txt"): path.read_bytes() for path in kept}
    return found


def stored(case: str, *, narrowed: bool = False, sources: bool = True) -> Reading:
    materials = Materials(root=ROOT, files=files_of(case, sources=sources), narrowed=narrowed)
    return scenarios.read((READINGS / case / "report.xml").read_bytes(), materials)


def read(report: str, **features: str) -> Reading:
    files = {f"{name}.feature": text.encode() for name, text in features.items()}
    return scenarios.read(report.encode(), Materials(root="/", files=files))


def suite(*names: str, inside: str = "") -> str:
    cases = "".join(f'<testcase classname="test_it" name="{name}">{inside}</testcase>' for name in names)
    return f"<testsuites><testsuite>{cases}</testsuite></testsuites>"


@pytest.mark.parametrize(
    ("case", "declared", "ran", "skipped", "told"),
    [
        ("all-well", 9, 9, 0, []),
        ("by-name", 2, 2, 0, []),
        ("by-property", 7, 7, 0, []),
        ("namesakes-across-files", 4, 4, 0, []),
        ("odd-rows", 6, 6, 0, []),
        ("other-parameters", 5, 5, 0, []),
        ("failing-row", 5, 5, 0, []),
        ("undefined-step", 2, 2, 0, []),
        ("unbound", 2, 1, 0, ['plain.feature:10 "Departures \u203a Two flights" did not run']),
        ("tests-beside", 2, 1, 0, ['plain.feature:10 "Departures \u203a Two flights" did not run']),
        (
            "all-skipped",
            2,
            0,
            2,
            [
                'plain.feature:5 "Departures \u203a One flight" was skipped ("environment down")',
                'plain.feature:10 "Departures \u203a Two flights" was skipped ("environment down")',
            ],
        ),
        ("skip-tag", 2, 1, 1, ['"Departures \u203a Two flights" was skipped']),
        ("step-skips", 2, 1, 1, ['"Departures \u203a Two flights" was skipped ("no tower here")']),
        ("xfail-tag", 2, 1, 1, ['"Departures \u203a Two flights" is silenced by xfail']),
        (
            "outline-without-rows",
            2,
            2,
            0,
            ['"Departures \u203a Empty" is an outline without a row', '"Departures \u203a Bare" is an outline without'],
        ),
        ("without-steps", 3, 2, 0, ['"Departures \u203a Later" has no steps']),
        ("namesakes-in-a-file", 2, 1, 0, ['declares "One flight" 2 times (lines 5, 10)']),
        (
            "rows-left-out",
            5,
            4,
            0,
            ['"Arrivals \u203a Many <who>" declares 3 rows, of which 2 ran: [CC3-1] (line 17) did not'],
        ),
        ("nothing-collected", 2, 0, 0, ["One flight", "Two flights"]),
        ("broken-feature", 0, 0, 0, ["plain.feature cannot be parsed: (16:3)"]),
    ],
)
def test_what_ran_is_held_against_what_is_declared(case, declared, ran, skipped, told):
    """Each scenario that did not run, or ran without meaning anything, is named; the rest is counted row by row."""
    reading = stored(case)
    assert {"declared": declared, "ran": ran, "skipped": skipped} == {
        measure.name: measure.value for measure in reading.measures if measure.unit == "scenarios"
    }
    assert (reading.reach, reading.unit) == (ran, "scenarios")
    assert len(told) == len(reading.problems)
    assert [
        (words, problem) for words, problem in zip(told, reading.problems, strict=True) if words not in problem
    ] == []


def test_narrowed_runs_leave_out_on_purpose():
    """What a narrowed run leaves out is no problem, and is one without the word that it was narrowed."""
    assert stored("narrowed", narrowed=True).problems == ()
    assert len(stored("narrowed").problems) == 4


def test_skips_of_a_narrowed_run_count():
    """A scenario that was skipped is a problem, narrowed or not."""
    assert len(stored("skip-tag", narrowed=True).problems) == 1


def test_without_sources_only_derived_names_are_believed():
    """Where the test modules are not among the inputs, a function under any other name is not taken for a scenario."""
    assert (stored("by-name").reach, stored("by-name", sources=False).reach) == (2, 0)
    assert stored("all-well", sources=False).reach == stored("all-well").reach


def test_a_failing_row_is_found_in_its_feature():
    """A failure points at the row in the feature file, and names feature, scenario and row."""
    (finding,) = stored("failing-row").findings
    assert (finding.rule, finding.path, finding.line) == ("failure", "rich.feature", 17)
    assert finding.resource == "Arrivals \u203a Many <who> [CC3-2]"
    assert "AssertionError" in finding.message


def test_an_undefined_step_is_named():
    """The message of a step without a definition names the step."""
    (finding,) = stored("undefined-step").findings
    assert 'Step definition is not found: When "pigs fly"' in finding.message
    assert (finding.path, finding.line) == ("plain.feature", 10)


def test_other_tests_failures_are_findings():
    """A failing test that is no scenario is a finding, and adds nothing to the reach."""
    (finding,) = stored("tests-beside").findings
    assert finding.resource == "checks::test_of_another_kind"


LOGIN = "Feature: F\n  Scenario: Log in\n    Given x\n"


@pytest.mark.parametrize(
    ("name", "reach"),
    [("test_log_in", 1), ("test_log_in_1", 1), ("test_log_out", 0), ("log_in", 0), ("test_log_in_x", 0)],
)
def test_names_that_pytest_bdd_derives(name, reach):
    """A function stands for a scenario if its name is the one derived, or that one numbered."""
    assert read(suite(name), a=LOGIN).reach == reach


def test_one_case_is_never_two_scenarios():
    """Of two scenarios with one name and one test, one has not run."""
    reading = read(suite("test_log_in"), a=LOGIN, b=LOGIN)
    assert (reading.reach, len(reading.problems)) == (1, 1)


def test_methods_and_plain_functions_are_no_scenarios():
    """Where the module is known, a plain function or a method with a scenario's name is not taken for it."""
    files = {"a.feature": LOGIN.encode(), "test_it.py": b"def test_log_in(): pass\nclass TestIt: pass\n"}
    for classname in ("test_it", "test_it.TestIt"):
        report = suite("test_log_in").replace('"test_it"', f'"{classname}"')
        assert scenarios.read(report.encode(), Materials(root="/", files=files)).reach == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "declares no scenario"),
        (b"Feature: F\n", "declares no scenario"),
        (b"\xff\xfe", "a.feature is not UTF-8"),
        (b"nonsense", "a.feature cannot be parsed: (1:1)"),
        (b"# language: zz\nFeature: F", "cannot be parsed: (1:1): Language not supported: zz"),
    ],
)
def test_features_that_say_nothing(content, told):
    """A feature file that cannot be counted is a problem that names it."""
    (problem,) = scenarios.read(suite().encode(), Materials(root="/", files={"a.feature": content})).problems
    assert told in problem


def test_no_feature_at_all():
    """A report without any feature file among the inputs proves nothing, and says what to add."""
    (problem,) = read(suite("test_log_in")).problems
    assert "no .feature file is among the check's inputs" in problem


def test_byte_order_mark_and_carriage_returns():
    """A feature saved with a byte order mark and Windows line ends is read like any other."""
    content = b"\xef\xbb\xbf" + LOGIN.replace("\n", "\r\n").encode()
    reading = scenarios.read(suite("test_log_in").encode(), Materials(root="/", files={"a.feature": content}))
    assert (reading.reach, reading.problems) == (1, ())


def test_contradicting_totals_are_problems_here_too():
    """A report whose totals contradict its cases is a problem, whatever its scenarios."""
    (problem,) = read(suite("test_log_in").replace("<testsuite>", '<testsuite tests="2">'), a=LOGIN).problems
    assert "states tests=2" in problem


def test_unreadable_reports_are_refused():
    """What is no JUnit report is refused, with a next step."""
    with pytest.raises(UnreadableError, match="root element is <x>"):
        read("<x/>", a=LOGIN)


WORDS = ["Feature: a", "Scenario: x", "Scenario Outline: y", "Examples:", "|a|b|", "|1|2|", '"""', "Given x", "Rule: z"]
names = st.sampled_from(["test_x", "test_x_1", "test_y", "test_y[1-2]", "test_y[1-2-3]", "test_z", "x[", "test_y[]"])


@given(st.lists(names, max_size=8), st.lists(st.sampled_from(WORDS), max_size=12), st.binary(max_size=20))
def test_reach_is_at_most_the_cases_and_the_rows(ran, lines, tail):
    """Whatever is declared and whatever ran, a case is counted once, and a row once."""
    content = "\n".join(lines).encode() + tail
    files = {"a.feature": content, "b.feature": content, "test_it.py": tail}
    reading = scenarios.read(suite(*ran).encode(), Materials(root="/", files=files))
    declared = next(measure.value for measure in reading.measures if measure.name == "declared")
    assert reading.reach <= min(len(ran), declared)


@given(st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
def test_a_missing_row_is_always_missed(declared, ran):
    """A row that is declared and has no case of its own is a problem; reach is what both name."""
    rows = "".join(f"      | r{number} |\n" for number in sorted(declared))
    text = f"Feature: F\n  Scenario Outline: O\n    Given <a>\n    Examples:\n      | a |\n{rows}"
    reading = read(suite(*(f"test_o[r{number}]" for number in ran)), a=text)
    assert reading.reach == len(declared & ran)
    assert bool(reading.problems) == (not declared or not declared <= ran)


@given(st.binary())
def test_any_bytes_are_read_or_refused(report):
    """Arbitrary bytes give an UnreadableError, nothing else."""
    with pytest.raises(UnreadableError):
        scenarios.read(report, Materials(root="/", files={"a.feature": report, "test_it.py": report}))


def test_readings_tell_nothing_of_the_machine():
    """The stored reports name no folder of the machine that made them."""
    reports = [path.read_text(encoding="utf-8") for path in READINGS.rglob("report.xml")]
    assert [found for text in reports for found in re.findall(r"/(?:home|work|root|usr)/[\w/.]*", text)] == []


def story(case: str) -> dict[str, object]:
    details = stored(case).details
    assert details is not None
    return details


def told(details) -> list[tuple[str, str, list[str]]]:
    """Each scenario with its decision and those of its rows."""
    return [
        (one["name"], one["decision"], [row["decision"] for table in one.get("examples", ()) for row in table["rows"]])
        for feature in details["features"]
        for one in feature["scenarios"]
    ]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "failing-row",
            [
                ("Many <who>", "fail", ["pass", "pass", "fail"]),
                ("One flight", "pass", []),
                ("Ça va « bien » ?", "pass", []),
            ],
        ),
        ("unbound", [("One flight", "pass", []), ("Two flights", "unknown", [])]),
        ("step-skips", [("One flight", "pass", []), ("Two flights", "unknown", [])]),
        ("xfail-tag", [("One flight", "pass", []), ("Two flights", "unknown", [])]),
        ("namesakes-in-a-file", [("One flight", "unknown", []), ("One flight", "pass", [])]),
    ],
)
def test_the_story_has_a_verdict_for_each_row(case, expected):
    """Each scenario and row tells what became of it; the worst row counts, and what did not run is unknown."""
    assert expected == told(story(case))


def test_the_story_is_told_in_the_features_own_words():
    """Rules, backgrounds, steps, tables, doc strings and tags of tables stand as they are declared."""
    (feature,) = story("failing-row")["features"]
    outline, table, doc = feature["scenarios"]

    assert [{"keyword": "Given", "text": "an empty log", "line": 3}] == feature["background"]
    assert ("some", ["who", "count"], ["AA1", "1"]) == (
        outline["examples"][0]["name"],
        outline["examples"][0]["header"],
        outline["examples"][0]["rows"][0]["cells"],
    )
    assert ["@late"] == outline["examples"][1]["tags"]
    assert ("Tables are welcome", [["AA1"], ["AA2"]]) == (table["rule"], table["steps"][0]["table"])
    assert "well" == doc["steps"][0]["doc"]


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("unbound", "declared, and did not run"),
        ("step-skips", "skipped: no tower here"),
        ("without-steps", "it has no steps, and so tests nothing"),
        ("outline-without-rows", "it has no row of examples, and so tests nothing"),
        ("namesakes-in-a-file", "a later scenario of this file has the same name, and hides it"),
    ],
)
def test_the_story_says_why_something_is_unknown(case, why):
    """A scenario that shows nothing says why."""
    assert why in {one.get("why") for feature in story(case)["features"] for one in feature["scenarios"]}


FEATURE = "Feature: F\n  Scenario: Asked\n    When it is asked\n"
NOTES = (
    "AssertionError: expected 422\nstep: When it is asked (f.feature:3)\nrequest: POST /v1/x?access_token={hidden}\n"
    'sent: {{"password": "{hidden}", "carrier": "UA"}}\nanswer: 404 Not Found\nbody: {{"token":"{hidden}"}}\nand more\n'
    "request: GET /y\nanswer: none"
)


def failed(message: str, text: str = "") -> dict[str, object]:
    mark = f"<failure message={quoteattr(message)}>{escape(text)}</failure>"
    details = read(suite("test_asked", inside=mark), f=FEATURE).details
    assert details is not None
    (failure,) = details["features"][0]["scenarios"][0]["failures"]
    return failure


def test_a_failure_tells_its_step_and_what_was_asked_and_answered():
    """The notes of a step's exception become its step and its exchanges, in order, without what may be a secret."""
    hidden = "f00dcafe" * 3
    expected = {
        "step": "When it is asked (f.feature:3)",
        "message": "AssertionError: expected 422",
        "exchanges": [
            {
                "request": "POST /v1/x?access_token=(removed)",
                "sent": '{"password": "(removed)", "carrier": "UA"}',
                "answer": "404 Not Found",
                "body": '{"token":"(removed)"}\nand more',
            },
            {"request": "GET /y", "answer": "none"},
        ],
    }

    assert expected == failed(NOTES.format(hidden=hidden))


def test_notes_that_the_message_lost_are_taken_from_the_text():
    """Where the message attribute was cut, the step still comes from it and the exchanges from the text's end."""
    text = "E   AssertionError: no\nE   request: GET /z\nE   answer: 200 OK"
    lost = failed("AssertionError: no\nstep: When x (f:3)", text)

    assert ("When x (f:3)", [{"request": "GET /z", "answer": "200 OK"}]) == (lost["step"], lost["exchanges"])


def test_a_failure_without_notes_is_its_message():
    """Tools that note no steps and no exchanges leave a message, and nothing is made up."""
    assert {"message": "AssertionError: no"} == failed("AssertionError: no", "at line 7\nE  AssertionError: no")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "authorization: Basic {}",
        "curl -H 'x: y' https://user:{}@host/",
        "?token={}&a=1",
        "api_key={}",
        '{{"client_secret": "{}"}}',
        "{{'password': '{}'}}",
        "Set-Cookie: session={}",
        "sent by Bearer {}",
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text):
    """A token, a password or a cookie never comes through, whatever form it has."""
    hidden = "f00dcafe" * 3

    assert hidden not in scrub(text.format(hidden))
    assert scrub("GET /v1/flights?carrier=UA was answered 404") == "GET /v1/flights?carrier=UA was answered 404"


def test_the_projects_own_story_is_small():
    """All of this repository's features, each row failing with a long body, stay within what a page can take."""
    files = {path.name: path.read_bytes() for path in (READINGS.parents[2] / "features").glob("*.feature")}
    long = "x" * 2000
    names = [(scenario, row) for scenario in gherkin_rows.declarations(files)[0] for row in scenario.rows]
    cases = "".join(
        f'<testcase classname="t{scenario.line}{scenario.path}" name={quoteattr(f"test_x[{row.id}]")}>'
        f'<properties><property name="feature" value="{scenario.path}"/><property name="line" value="{scenario.line}"/>'
        f'<property name="scenario" value={quoteattr(scenario.name)}/></properties>'
        f'<failure message="AssertionError&#10;step: x&#10;request: GET /&#10;body: {long}">E  x</failure></testcase>'
        for scenario, row in names
    )
    report = f"<testsuites><testsuite>{cases}</testsuite></testsuites>"
    details = scenarios.read(report.encode(), Materials(root="/", files=files)).details
    assert details is not None

    assert len(names) == details["totals"]["fail"]
    assert len(json.dumps(details, ensure_ascii=False).encode()) <= scenario_story.LIMIT


@pytest.mark.parametrize("scenarios_", [10, 3000])
def test_a_story_too_long_is_cut_and_says_so(scenarios_):
    """However much is declared, what is told stays within its bound, and counts what it leaves out."""
    text = "Feature: F\n" + "".join(
        f"  Scenario: S{n}\n    When {'it goes on and on ' * 20}\n" for n in range(scenarios_)
    )
    details = read(suite(), f=text).details
    assert details is not None
    kept = [one for feature in details["features"] for one in feature["scenarios"]]

    assert scenarios_ == len(kept) + details["left_out"]
    assert len(json.dumps(details).encode()) <= scenario_story.LIMIT
