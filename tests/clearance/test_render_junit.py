"""What shows test results is given: JUnit XML that the schema of Jenkins and pytest accepts."""

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import xmlschema
from defusedxml import ElementTree
from hypothesis import given

from clearance.judge import judge
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Finding,
    Inputs,
    Materials,
    Measure,
    Objective,
    Policy,
    Report,
    Requirement,
    Stage,
    Subject,
    Waived,
)
from clearance.readers import READERS
from clearance.render import junit
from tests.clearance.test_render import KINDS, MIXED, NOW, WAIVER, ruling, verdict
from tests.clearance.test_render_hostile import TEXT, said_by, thorough, verdicts

SCHEMA = Path(__file__).parent / "formats/junit-10.xsd"


@cache
def schema():
    return xmlschema.XMLSchema(SCHEMA)


def suite(of, **options):
    """The suite of a verdict, once the schema has accepted it."""
    page = junit.render(of, **options)
    schema().validate(page)
    return ElementTree.fromstring(page)[0]


def cases(of, **options):
    """Each case: its class, its name, what became of it, and what is said about that."""
    return [
        (case.get("classname"), case.get("name"), child.tag, child.get("message"))
        if (child := next((c for c in case if c.tag != "system-out"), None)) is not None
        else (case.get("classname"), case.get("name"), "passed", None)
        for case in suite(of, **options).iter("testcase")
    ]


def test_a_case_a_check_and_a_waiver():
    """A check that fails is a failure, an unknown one an error, and what is waived a skipped case with its waiver."""
    assert cases(MIXED) == [
        ("gate.change", "code", "failure", "2 findings at or above low, 0 allowed"),
        ("gate.change", "load", "error", "p95 291 ms, at most 300 asked for: run longer"),
        ("gate.change", "unit", "passed", None),
        ("gate.change", "iac", "passed", None),
        (
            "gate.change.iac",
            "waived: CKV_1 on db.*",
            "skipped",
            "1 finding waived by platform until 2027-03-31: One zone will do",
        ),
    ]


def test_the_suite_counts_its_cases():
    """The suite is named after the stage, counts what failed, and says what was judged."""
    made = suite(MIXED)

    assert {key: made.get(key) for key in ("name", "tests", "failures", "errors", "skipped", "timestamp")} == {
        "name": "gate/change",
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "timestamp": "2026-11-24T10:05:00",
    }
    properties = {one.get("name"): one.get("value") for one in made.iter("property")}
    assert properties == {
        "decision": "fail",
        "complete": "true",
        "commit": MIXED.subject.commit,
        "tree": MIXED.subject.tree,
        "dirty": "true",
        "policy": MIXED.policy_digest,
        "version": "0.1.0",
    }


def test_a_failure_says_where_and_how_to_run_it_again():
    """The text of a failure has every reason, the findings, the command, and the tool's last words beside."""
    (case,) = [one for one in suite(MIXED, outputs={"code": "last words"}) if one.get("name") == "code"]

    assert [child.tag for child in case] == ["failure", "system-out"]
    assert case[0].text.splitlines() == [
        "2 findings at or above low, 0 allowed",
        "a/b.py K6 unrated: with a path",
        "a/b.py:7 K7 unrated: with a line",
        "run it again: clearance run --only code",
    ]
    assert case[1].text == "last words"


def test_more_findings_are_counted():
    """A hundred findings are listed, the rest is counted."""
    (case,) = suite(verdict(ruling("code", Decision.FAIL, "why", blocking=KINDS * 30))).iter("testcase")

    assert "and 200 more: see verdict.json" in case[0].text


@pytest.mark.parametrize("of", [verdict(), verdict(ruling("code", Decision.PASS), reasons=("the tree changed",))])
def test_what_concerns_the_whole_is_a_case(of):
    """A verdict over nothing, or over a tree that changed, is an error, whatever its checks say."""
    assert cases(of)[0][:3] == ("gate.change", "the whole", "error")


def judged(measures, objectives, *, reach=10, findings=()):
    """The verdict on a check with these measures, under these objectives."""
    check = Check(name="load", run=("x",), reports=(Report(file="r", reader="junit"),), inputs=("a",))
    made = Evidence(
        check="load",
        subject=Subject(tree="t"),
        inputs_digest="i",
        started=NOW,
        seconds=1,
        reach=reach,
        measures=measures,
        findings=findings,
    )
    requirement = Requirement(check="load", stage=Stage.CHANGE, reach=10, objectives=objectives)
    policy = Policy(checks={"load": check}, requirements=(requirement,))
    return judge(
        policy,
        {"load": made},
        stage=Stage.CHANGE,
        subject=Subject(tree="t"),
        inputs={"load": Inputs(digest="i", paths=("a",))},
        now=NOW,
        version="0",
    )


@pytest.mark.parametrize("reach", [10, 1])
@pytest.mark.parametrize("seconds", [0, 20])
@pytest.mark.parametrize("findings", [(), (Finding(rule="R", message="m"),)])
def test_a_case_an_objective(reach, seconds, findings):
    """Each objective is a case of a name that does not change with its value, and of its own outcome."""
    values = {"p50": 20, "p95": 200, "p99": 300, "p99 slow": 900, "p50/a": 20, "p50/b": 30, "p50/c": 900}
    measures = tuple(
        Measure(name=name, value=value, low=value - 5, high=value + 5, unit="ms", samples=50, seconds=seconds)
        for name, value in values.items()
    )
    objectives = (
        Objective(measure="p50", at_most=100),
        Objective(measure="p95", at_least=1, at_most=100),
        Objective(measure="p99", at_most=301),
        Objective(measure="p99 slow", at_most=1000),
        Objective(measure="p50", at_most=100, min_samples=51),
        Objective(measure="p50", at_most=200, each=True),
        Objective(measure="p75", at_most=1),
    )
    found = cases(judged(measures, objectives, reach=reach, findings=findings))

    assert sorted((name, outcome) for classname, name, outcome, _ in found if classname == "gate.change.load") == [
        ("p50", "error"),
        ("p50 at most 100", "passed"),
        ("p50/* at most 200", "passed"),
        ("p50/c at most 200", "failure"),
        ("p75", "error"),
        ("p95 at least 1 and at most 100", "failure"),
        ("p99 at most 301", "error"),
        ("p99 slow at most 1,000", "passed"),
    ]


def test_an_objective_of_the_base_is_a_case_of_the_same_name():
    """Where the policy that the change comes from decides, its objectives are cases as well."""
    of = judged((Measure(name="p50", value=20, low=20, high=20),), (Objective(measure="p50", at_most=9),))
    reasons = tuple(f"under the policy of origin/main: {reason}" for reason in of.rulings[0].reasons)
    based = replace(of, rulings=(replace(of.rulings[0], reasons=reasons),))

    assert [case[1:3] for case in cases(based)] == [("load", "failure"), ("p50 at most 9", "failure")]


def test_our_own_reader_reads_it():
    """What is written here, the gate's own reader of JUnit reads: as many failures, and the skipped ones named."""
    reading = READERS["junit"](junit.render(MIXED).encode(), Materials())

    assert sorted(finding.rule for finding in reading.findings) == ["error", "failure"]


def test_a_waiver_of_many_is_one_case():
    """A waiver's findings are counted in one case."""
    waived = tuple(Waived(finding=one, waiver=WAIVER) for one in KINDS)
    (skipped,) = [case for case in cases(verdict(ruling("iac", Decision.PASS, waived=waived))) if case[2] == "skipped"]

    assert WAIVER.expires == date(2027, 3, 31)
    assert skipped[3] == "10 findings waived by platform until 2027-03-31: One zone will do"


@thorough
@given(verdict=verdicts(TEXT), output=TEXT)
def test_junit_is_always_valid(verdict, output):
    """Whatever the tools say, it is well-formed, the schema accepts it, and each check that did not pass is there."""
    page = junit.render(verdict, outputs=said_by(verdict, output), reproduce=said_by(verdict, output))
    schema().validate(page)
    outcomes = [child.tag for case in ElementTree.fromstring(page).iter("testcase") for child in case]
    decisions = [one.decision for one in verdict.rulings]

    assert outcomes.count("failure") >= decisions.count(Decision.FAIL)
    assert outcomes.count("error") >= decisions.count(Decision.UNKNOWN)
