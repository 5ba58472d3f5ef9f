"""The laws of the judge, on evidence made by hand; properties by Hypothesis."""

import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.judge import judge
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Finding,
    Inputs,
    Measure,
    Objective,
    Policy,
    Report,
    Requirement,
    RuleList,
    Severity,
    Stage,
    Subject,
    Verdict,
    Waiver,
)
from clearance.statistics import clopper_pearson, ratio_interval

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = Subject(commit="c" * 40, tree="t" * 40, dirty=False)
INPUTS = Inputs(digest="sha256:" + "1" * 64, paths=("a.py", "b.py"))


def evidence(**changes) -> Evidence:
    made = Evidence(
        check="bandit",
        subject=SUBJECT,
        inputs_digest=INPUTS.digest,
        reach=2,
        unit="files",
        covered=INPUTS.paths,
        started=NOW - timedelta(minutes=1),
        seconds=1.0,
    )
    return replace(made, **changes)


def finding(rule="B101", **changes) -> Finding:
    return replace(Finding(rule=rule, message="bad", severity=Severity.HIGH, path="a.py", line=3), **changes)


def waiver(**changes) -> Waiver:
    made = Waiver(checks=("bandit",), rule="B101", path="a.py", owner="ann", reason="known", expires=date(2027, 1, 1))
    return replace(made, **changes)


def policy(*waivers: Waiver, severities=None, **requirement) -> Policy:
    return Policy(
        checks={"bandit": Check(name="bandit", run=("bandit",), reports=(Report(file="r", reader="bandit"),))},
        requirements=(replace(Requirement(check="bandit", stage=Stage.CHANGE), **requirement),),
        waivers=waivers,
        severities=severities or {},
    )


def decide(rules: Policy, *made: Evidence, **changes) -> Verdict:
    arguments = {"stage": Stage.CHANGE, "subject": SUBJECT, "inputs": {"bandit": INPUTS}, "now": NOW, "version": "0"}
    return judge(rules, {one.check: one for one in made}, **(arguments | changes))


UNKNOWN_CASES = {
    "no evidence": ({}, None, {}, "there is no evidence"),
    "other inputs": ({}, {"inputs_digest": "sha256:" + "2" * 64}, {}, "made from other inputs"),
    "a problem": ({}, {"problems": ("a.py could not be parsed",)}, {}, "a.py could not be parsed"),
    "too little reach": ({"reach": 3}, {}, {}, "looked at 2 files, at least 3 asked for"),
    "no reach at all": ({}, {"reach": 0}, {}, "looked at 0 files, at least 1 asked for"),
    "an input not covered": (
        {"covers_inputs": True},
        {"covered": ("a.py",)},
        {},
        "1 of 2 inputs were not looked at: b.py",
    ),
    "nothing to cover": (
        {"covers_inputs": True},
        {},
        {"inputs": {"bandit": Inputs(digest=INPUTS.digest)}},
        "no file matches the check's inputs",
    ),
    "too old": ({"max_age": timedelta(seconds=30)}, {}, {}, "old, 0:00:30 is allowed"),
    "from the future": ({}, {"started": NOW + timedelta(hours=1)}, {}, "from now: set the clock right"),
    "another tree, and inputs that do not tell": (
        {},
        {"subject": replace(SUBJECT, tree="u" * 40)},
        {},
        "made from another tree",
    ),
    "not alone": ({"exclusive": True}, {}, {}, "it must run alone"),
    "a measure that is not there": ({"objectives": (Objective(measure="p99", at_most=1),)}, {}, {}, "p99"),
    "a changed tree": ({}, {}, {"subject_after": replace(SUBJECT, tree="u" * 40)}, "the tree changed"),
    "nothing required": ({}, {}, {"stage": Stage.LIVE}, "asks for nothing at stage live"),
}


@pytest.mark.parametrize(("requirement", "made", "changes", "reason"), UNKNOWN_CASES.values(), ids=UNKNOWN_CASES)
def test_what_was_not_seen_clearly_is_unknown(requirement, made, changes, reason):
    """Whatever keeps the gate from seeing makes the verdict UNKNOWN and is said in a reason."""
    verdict = decide(policy(**requirement), *(() if made is None else (evidence(**made),)), **changes)
    assert verdict.decision is Decision.UNKNOWN
    assert reason in " | ".join([*verdict.reasons, *(r for ruling in verdict.rulings for r in ruling.reasons)])


def test_enough_reach_and_no_finding_pass():
    """Evidence with enough reach and nothing found passes, and the reasons show the arithmetic."""
    verdict = decide(policy(covers_inputs=True), evidence())
    assert verdict.decision is Decision.PASS
    assert verdict.complete
    assert verdict.rulings[0].reasons == (
        "looked at 2 files, at least 1 asked for",
        "each of 2 inputs was looked at",
        "0 findings at or above low, 0 allowed",
    )


def test_unknowns_stand_beside_a_fail():
    """A finding that blocks fails the check even if there are problems, and both are said, the worst first."""
    verdict = decide(policy(), evidence(findings=(finding(),), problems=("b.py could not be parsed",)))
    assert verdict.decision is Decision.FAIL
    assert verdict.rulings[0].reasons[:2] == (
        "1 finding at or above low, 0 allowed",
        "b.py could not be parsed",
    )


@pytest.mark.parametrize(
    ("severity", "mapped", "decision"),
    [
        (Severity.LOW, {}, Decision.PASS),
        (Severity.MEDIUM, {}, Decision.FAIL),
        (None, {}, Decision.FAIL),
        (None, {"B101": Severity.LOW}, Decision.PASS),
        (Severity.LOW, {"B101": Severity.CRITICAL}, Decision.FAIL),
        (Severity.CRITICAL, {"B102": Severity.LOW}, Decision.FAIL),
    ],
)
def test_severity_comes_from_the_policy_then_the_tool_and_counts_as_high_when_unknown(severity, mapped, decision):
    """The policy's severity for a rule stands over the tool's; a finding without either counts as high."""
    rules = policy(block_at=Severity.MEDIUM, severities=mapped)
    assert decide(rules, evidence(findings=(finding(severity=severity),))).decision is decision


WAIVER_CASES = {
    "it names the finding": (waiver(), 1, Decision.PASS),
    "it covers one finding unless it says more": (waiver(), 2, Decision.FAIL),
    "it says two": (waiver(at_most=2), 2, Decision.PASS),
    "its last day still counts": (waiver(expires=NOW.date()), 1, Decision.PASS),
    "it expired yesterday": (waiver(expires=NOW.date() - timedelta(days=1)), 1, Decision.FAIL),
    "another rule": (waiver(rule="B102"), 1, Decision.FAIL),
    "another path": (waiver(path="b.py"), 1, Decision.FAIL),
    "a resource that the finding lacks": (waiver(resource="aws_*"), 1, Decision.FAIL),
    "another check": (waiver(checks=("ruff",)), 1, Decision.FAIL),
    "a pattern": (waiver(path="*.py", rule="B1*"), 1, Decision.PASS),
}


@pytest.mark.parametrize(("one", "number", "decision"), WAIVER_CASES.values(), ids=WAIVER_CASES)
def test_waivers(one, number, decision):
    """A waiver covers what it names, as often as it says, until the end of its last day."""
    verdict = decide(policy(one), evidence(findings=(finding(),) * number))
    ruling = verdict.rulings[0]
    assert verdict.decision is decision
    assert len(ruling.blocking) + len(ruling.waived) == number


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        ("2027-01-01T23:59:59+00:00", Decision.PASS),
        ("2027-01-02T00:00:00+00:00", Decision.FAIL),
        ("2027-01-02T13:59:59+14:00", Decision.PASS),
        ("2027-01-01T12:00:00-12:00", Decision.FAIL),
    ],
)
def test_a_waivers_last_day_ends_in_utc(now, decision):
    """Wherever the clock stands, the last day of a waiver is a day in UTC, and all of it counts."""
    made = evidence(findings=(finding(),))
    assert decide(policy(waiver()), made, now=datetime.fromisoformat(now)).decision is decision


PLACES = [
    ("a.py", "a.py", True),
    ("A.py", "a.py", False),
    ("*.py", "dir/a.py", False),
    ("**", "dir/a.py", True),
    ("**/a.py", "a.py", True),
    ("**/a.py", "x/y/a.py", True),
    ("**/a.py", "x/ya.py", False),
    ("dir/**", "dir", False),
    ("dir/**", "dirs/a.py", False),
    ("dir/**/a.py", "dir/a.py", True),
    ("?.py", "ab.py", False),
    ("a?b", "a/b", False),
    ("[ab].py", "a.py", True),
    ("[!ab].py", "c.py", True),
    ("[!ab]c", "/c", False),
    ("[a.py", "[a.py", True),
    ("a.py\n", "a.py", False),
    ("caf\u00e9.py", "cafe\u0301.py", False),
    ("a.py", None, False),
]


@pytest.mark.parametrize(("pattern", "path", "covered"), PLACES)
def test_where_a_waiver_holds(pattern, path, covered):
    """`*` and `?` stop at a slash, `**` does not; letters are those that stand there, whatever they look like."""
    made = evidence(findings=(finding(path=path),))
    assert decide(policy(waiver(path=pattern)), made).decision is (Decision.PASS if covered else Decision.FAIL)


def test_a_waived_finding_stays_beside_its_waiver():
    """Nothing is deleted: the finding is there with the waiver that covers it."""
    one = waiver()
    ruling = decide(policy(one), evidence(findings=(finding(),))).rulings[0]
    assert [(w.finding, w.waiver) for w in ruling.waived] == [(finding(), one)]


def test_idle_and_expired_waivers_are_named():
    """A waiver that covers nothing is named as idle, one past its day as expired, and neither decides."""
    idle, expired = waiver(rule="B999"), waiver(rule="B998", expires=date(2026, 11, 23))
    verdict = decide(policy(idle, expired), evidence())
    assert verdict.decision is Decision.PASS
    assert verdict.idle_waivers == (idle,)
    assert verdict.expired_waivers == (expired,)


def test_a_waiver_is_not_called_idle_by_a_run_that_could_not_see():
    """Where a check has problems or did not run, nobody can say that a waiver for it covers nothing."""
    assert decide(policy(waiver()), evidence(problems=("broken",))).idle_waivers == ()
    assert decide(policy(waiver())).idle_waivers == ()
    assert decide(policy(waiver(checks=("bandit", "ruff"))), evidence()).idle_waivers == ()


def test_a_narrow_waiver_is_spent_before_a_wide_one():
    """Two findings under two waivers of one each are both covered, in whatever order the waivers stand."""
    wide, narrow = waiver(rule="*", path="**"), waiver()
    made = evidence(findings=(finding(), finding(rule="B999", path="b.py")))
    for waivers in ((wide, narrow), (narrow, wide)):
        assert decide(policy(*waivers), made).decision is Decision.PASS


def test_a_waiver_is_spent_on_what_blocks():
    """With one waiver for two findings, the worse one is covered."""
    low, high = finding(severity=Severity.LOW, line=1), finding(severity=Severity.HIGH, line=9)
    rules = policy(waiver(), block_at=Severity.MEDIUM)
    assert decide(rules, evidence(findings=(low, high))).decision is Decision.PASS


@pytest.mark.parametrize(
    ("low", "high", "samples", "decision"),
    [
        (0.1, 0.9, 100, Decision.PASS),
        (0.1, 1.0, 100, Decision.PASS),
        (0.9, 1.1, 100, Decision.UNKNOWN),
        (1.1, 1.2, 100, Decision.FAIL),
        (0.1, 0.9, 99, Decision.UNKNOWN),
    ],
)
def test_an_objective_is_decided_by_its_whole_interval(low, high, samples, decision):
    """Inside the budget passes, outside fails, between or too few samples is UNKNOWN."""
    rules = policy(objectives=(Objective(measure="p99", at_most=1.0, min_samples=100),))
    measure = Measure(name="p99", value=(low + high) / 2, low=low, high=high, unit="s", samples=samples)
    assert decide(rules, evidence(measures=(measure,))).decision is decision


EACH = Objective(measure="reads", at_most=0.01, min_samples=368, each=True)


def share(bad, total, name="reads", seconds=30.0, blocks=30):
    """A share of bad requests, spread over blocks of time as evenly as they go."""
    spread = [[number // blocks + (block < number % blocks) for block in range(blocks)] for number in (bad, total)]
    interval = ratio_interval(*spread)
    return Measure(
        name=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        samples=interval.samples,
        seconds=seconds,
    )


def part(name, value, low, high, samples=1000):
    return Measure(name=name, value=value, low=low, high=high, samples=samples)


SURE, FEW = part("reads/GET /a", 0, 0, 0.004), part("reads/GET /b", 1, 0.9, 1, samples=20)
OUTSIDE = part("reads/GET /b", 0.1, 0.08, 0.125)
NEARLY, HARDLY = part("reads/GET /b", 0.002, 0.00005, 0.0145), part("reads/GET /b", 0.012, 0.006, 0.02)
EACH_CASES = {
    "there are none": ((), Decision.PASS, ""),
    "all are inside": ((SURE, SURE), Decision.PASS, "reads: 2 of 2 parts, at most 0.01 asked for"),
    "one is outside": (
        (SURE, OUTSIDE),
        Decision.FAIL,
        (
            "reads/GET /b 0.1 (95 % interval 0.08 to 0.125, 1,000 samples), at most 0.01 asked for\n"
            "reads: 1 of 2 parts, at most 0.01 asked for"
        ),
    ),
    "one is inside, and not for certain": (
        (SURE, NEARLY),
        Decision.PASS,
        (
            "reads: 1 of 2 parts, at most 0.01 asked for; 1 within that, and not for certain: reads/GET /b 0.002 (95 % "
            "interval 5e-05 to 0.0145, 1,000 samples), run longer"
        ),
    ),
    "one is outside, and not for certain": (
        (SURE, HARDLY),
        Decision.UNKNOWN,
        (
            "reads/GET /b 0.012 (95 % interval 0.006 to 0.02, 1,000 samples), at most 0.01 asked for: the interval "
            "straddles the budget, run longer\n"
            "reads: 1 of 2 parts, at most 0.01 asked for"
        ),
    ),
    "one has few samples": (
        (SURE, FEW),
        Decision.PASS,
        "reads: 1 of 2 parts, at most 0.01 asked for; 1 shown and not judged, with fewer than 368 samples",
    ),
    "all have few samples": (
        (FEW,),
        Decision.PASS,
        "reads: 0 of 1 parts, at most 0.01 asked for; 1 shown and not judged, with fewer than 368 samples",
    ),
    "others are no parts": ((part("reads", 1, 1, 1), part("reads2/GET /a", 1, 1, 1)), Decision.PASS, ""),
}


@pytest.mark.parametrize(("measures", "decision", "said"), EACH_CASES.values(), ids=EACH_CASES)
def test_an_objective_for_each_part(measures, decision, said):
    """Each part with samples enough to tell is held to the budget; the others are counted and shown."""
    ruling = decide(policy(objectives=(EACH,)), evidence(measures=measures)).rulings[0]
    assert ruling.decision is decision
    assert "\n".join(reason for reason in ruling.reasons if "at most" in reason) == said
    assert ruling.measures == measures


LONGER = {
    "too few samples": (share(0, 100), "100 samples, 368 needed: run about 81 seconds longer (3.7 times the 30 s"),
    "an interval that straddles": (share(1, 600), "straddles the budget, run about"),
    "a measure that does not say how long": (share(0, 100, seconds=0.0), "368 needed: run longer"),
    "a share at the budget": (share(10, 1000), "so near to the budget that no run of a reasonable length would tell"),
    "no share": (
        Measure(name="reads", value=0.008, low=0.006, high=0.014, unit="ms", samples=500, seconds=10),
        "run about 80 seconds longer (9.0 times the 10 s that it ran)",
    ),
    "no share, at the budget": (
        Measure(name="reads", value=0.01, low=0.006, high=0.014, unit="ms", samples=500, seconds=10),
        "no run of a reasonable length",
    ),
}


@pytest.mark.parametrize(("measure", "said"), LONGER.values(), ids=LONGER)
def test_what_is_not_decided_says_how_much_longer_to_run(measure, said):
    """The step to take comes with its arithmetic."""
    ruling = decide(policy(objectives=(replace(EACH, each=False),)), evidence(measures=(measure,))).rulings[0]
    assert ruling.decision is Decision.UNKNOWN
    assert said in ruling.reasons[0]


def test_a_share_that_is_outside_fails_however_few_its_samples():
    """Where the whole interval lies outside the budget, more samples are not waited for."""
    made = evidence(measures=(share(40, 40),))
    assert decide(policy(objectives=(replace(EACH, each=False),)), made).decision is Decision.FAIL


def test_only_makes_a_verdict_incomplete():
    """A verdict on some checks names the others as missing, and those do not change its decision."""
    rules = policy()
    rules = replace(rules, requirements=(*rules.requirements, Requirement(check="ruff", stage=Stage.CHANGE)))
    verdict = decide(rules, evidence(), only={"bandit"})
    assert (verdict.decision, verdict.complete, verdict.missing) == (Decision.PASS, False, ("ruff",))


def test_a_narrowed_run_needs_some_reach_and_is_incomplete():
    """A check that ran with further arguments passes once it looked at something, but the verdict is not complete."""
    some, nothing = decide(policy(reach=100), evidence(), narrowed=True), evidence(reach=0)
    assert (some.decision, some.complete) == (Decision.PASS, False)
    assert decide(policy(reach=100), nothing, narrowed=True).decision is Decision.UNKNOWN


PRINTS = tuple(f"{number:032x}" for number in range(4))
OLD = RuleList(file="rules.txt", rules=frozenset({"B101"}), tool="bandit 1.8")
NEW_CASES = {
    "a rule that only the newer tool has is shown": ({"show_new": True}, "bandit 1.9", Decision.PASS),
    "unless the policy lets it block": ({}, "bandit 1.9", Decision.FAIL),
    "a rule that the same tool never reported is not new": ({"show_new": True}, "bandit 1.8", Decision.FAIL),
    "nor is one of a tool that does not say its version": ({"show_new": True}, "bandit", Decision.FAIL),
    "nor is one of another tool": ({"show_new": True}, "ruff 1.9", Decision.FAIL),
    "nor is one of no tool": ({"show_new": True}, "", Decision.FAIL),
    "nor is one that the policy rates": (
        {"show_new": True, "severities": {"B999": Severity.HIGH}},
        "bandit 1.9",
        Decision.FAIL,
    ),
}


@pytest.mark.parametrize(("requirement", "tool", "decision"), NEW_CASES.values(), ids=NEW_CASES)
def test_what_a_newer_tool_finds_by_new_rules(requirement, tool, decision):
    """Only what a newer version of the very tool finds by a rule outside the list may stand without blocking."""
    rules = policy(rules=OLD, **requirement)
    assert decide(rules, evidence(tool=tool, findings=(finding("B999"),))).decision is decision


def test_new_findings_are_shown_beside_the_step_to_take():
    """New findings have a place of their own, their rules are named, and a reason says how to take them in."""
    rules = policy(rules=OLD, show_new=True)
    made = evidence(tool="bandit 1.9", findings=(finding("B999"), finding("B101")))
    ruling = decide(rules, made).rulings[0]
    assert (ruling.blocking, ruling.new, ruling.new_rules) == ((finding("B101"),), (finding("B999"),), ("B999",))
    assert (
        "1 finding of 1 rule that bandit 1.8 did not have (B999), made by bandit 1.9: shown, not counted; "
        "look at them, then `clearance rules bandit --accept`"
    ) in ruling.reasons


def test_a_new_rule_that_blocks_is_still_called_new():
    """Where new rules block, their findings are among the blocking ones, and their rules are named."""
    ruling = decide(policy(rules=OLD), evidence(tool="bandit 1.9", findings=(finding("B999"),))).rulings[0]
    assert (ruling.blocking, ruling.new, ruling.new_rules) == ((finding("B999"),), (), ("B999",))


def baseline(*prints, **changes):
    return waiver(rule="**", path=None, fingerprints=prints, at_most=len(prints), **changes)


BASELINES = {
    "each finding that it names": (PRINTS[:2], PRINTS[:2], Decision.PASS),
    "no other finding": (PRINTS[:2], PRINTS[1:3], Decision.FAIL),
    "none of them twice": (PRINTS[:2], (PRINTS[0], PRINTS[0]), Decision.FAIL),
    "no finding without a fingerprint": (PRINTS[:2], ("",), Decision.FAIL),
}


@pytest.mark.parametrize(("accepted", "there", "decision"), BASELINES.values(), ids=BASELINES)
def test_a_waiver_by_fingerprint_covers(accepted, there, decision):
    """A waiver by fingerprint covers each finding that it names once, wherever it moved, and nothing else."""
    findings = tuple(finding(f"B{n}", fingerprint=each, line=n + 1) for n, each in enumerate(there))
    assert decide(policy(baseline(*accepted)), evidence(findings=findings)).decision is decision


def test_what_no_longer_occurs_of_a_baseline_is_named():
    """Fingerprints that no longer occur are idle and counted in a reason, unless nobody could see."""
    rules, there = policy(baseline(*PRINTS)), finding(fingerprint=PRINTS[0])
    verdict = decide(rules, evidence(findings=(there,)))
    assert verdict.decision is Decision.PASS
    assert [one.fingerprints for one in verdict.idle_waivers] == [PRINTS[1:]]
    assert (
        "3 of 4 findings that ann has accepted no longer occur; run `clearance baseline bandit` again to drop them"
        in (verdict.rulings[0].reasons)
    )
    assert decide(rules, evidence(findings=(there,), problems=("broken",))).idle_waivers == ()


def test_a_large_baseline_is_not_repeated_beside_each_finding():
    """Beside a finding stands its waiver without the other fingerprints, so that a verdict grows with its findings."""
    one = baseline(*PRINTS)
    waived = decide(policy(one), evidence(findings=(finding(fingerprint=PRINTS[1]),))).rulings[0].waived
    assert [(w.finding.fingerprint, w.waiver) for w in waived] == [(PRINTS[1], replace(one, fingerprints=()))]


FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["B1", "B2", "a/b"]),
    message=st.just("m"),
    severity=st.none() | st.sampled_from(Severity),
    path=st.none() | st.sampled_from(["a.py", "x/a.py", "x/y/b.py"]),
    resource=st.none() | st.sampled_from(["aws_db.this[0]", "aws_db.other"]),
    fingerprint=st.sampled_from(["", *PRINTS]),
)
BY_PATTERN = st.builds(
    Waiver,
    checks=st.just(("bandit",)),
    rule=st.sampled_from(["B1", "B*", "a/b", "*"]),
    path=st.none() | st.sampled_from(["**", "*.py", "x/**/b.py"]),
    resource=st.none() | st.sampled_from(["aws_db.this[0]", "*"]),
    at_most=st.integers(1, 3),
    owner=st.just("ann"),
    reason=st.just("r"),
    expires=st.sampled_from([date(2026, 11, 23), date(2026, 11, 24), date(2027, 1, 1)]),
)
BY_FINGERPRINT = st.lists(st.sampled_from(PRINTS), min_size=1, unique=True).map(lambda prints: baseline(*prints))
WAIVERS = BY_PATTERN | BY_FINGERPRINT
RULES = st.builds(
    RuleList, file=st.just("r"), rules=st.frozensets(st.sampled_from(["B1", "B2"])), tool=st.sampled_from(["", "t 1"])
)
REQUIREMENTS = st.fixed_dictionaries(
    {
        "block_at": st.sampled_from(Severity),
        "at_most": st.integers(0, 2),
        "rules": st.none() | RULES,
        "show_new": st.booleans(),
    }
)
WORSE = {Decision.PASS: 0, Decision.UNKNOWN: 1, Decision.FAIL: 2}


@given(st.lists(FINDINGS, max_size=8), FINDINGS, st.integers(0, 8), st.lists(WAIVERS, max_size=4), REQUIREMENTS)
def test_adding_a_finding_never_improves_a_decision(findings, extra, position, waivers, requirement):
    """However the waivers fall, one more finding leaves the decision as it was or makes it worse."""
    more = [*findings[:position], extra, *findings[position:]]
    rules = policy(*waivers, **requirement)
    before = decide(rules, evidence(findings=tuple(findings), tool="t 2")).decision
    after = decide(rules, evidence(findings=tuple(more), tool="t 2")).decision
    assert WORSE[after] >= WORSE[before]


@given(st.lists(FINDINGS, max_size=8), st.lists(WAIVERS, max_size=4), REQUIREMENTS)
def test_every_finding_is_in_exactly_one_place(findings, waivers, requirement):
    """Blocking, tolerated, new and waived findings together are all that the evidence holds."""
    ruling = decide(policy(*waivers, **requirement), evidence(findings=tuple(findings), tool="t 2")).rulings[0]
    placed = [*ruling.blocking, *ruling.tolerated, *ruling.new, *(w.finding for w in ruling.waived)]
    key = repr
    assert sorted((replace(f, severity=f.severity or Severity.HIGH) for f in findings), key=key) == sorted(
        placed, key=key
    )


@given(st.lists(FINDINGS, max_size=6), st.lists(WAIVERS, max_size=4))
def test_a_waiver_changes_only_the_checks_that_it_names(findings, waivers):
    """Waivers of another check leave a ruling as it is."""
    others = tuple(replace(w, checks=("ruff",)) for w in waivers)
    made = evidence(findings=tuple(findings))
    assert decide(policy(*others), made).rulings == decide(policy(), made).rulings


@given(st.lists(FINDINGS, max_size=6), st.lists(WAIVERS, max_size=4), REQUIREMENTS)
def test_time_alone_never_improves_a_decision(findings, waivers, requirement):
    """The same evidence judged later is judged the same or worse: waivers only expire."""
    rules, made = policy(*waivers, **requirement), evidence(findings=tuple(findings))
    assert WORSE[decide(rules, made, now=NOW + timedelta(days=90)).decision] >= WORSE[decide(rules, made).decision]


@given(st.lists(FINDINGS, max_size=6), st.lists(WAIVERS, max_size=4), REQUIREMENTS)
def test_waivers_cover_no_more_than_they_say(findings, waivers, requirement):
    """A waiver that holds covers as many findings as it may at most, and names each of them; an expired one none."""
    ruling = decide(policy(*waivers, **requirement), evidence(findings=tuple(findings), tool="t 2")).rulings[0]
    shown = [(one.waiver, one.finding) for one in ruling.waived]
    for accepted in {replace(w, fingerprints=()) for w in waivers}:
        same = [w for w in waivers if replace(w, fingerprints=()) == accepted]
        covered = [found for by, found in shown if replace(by, fingerprints=()) == accepted]
        assert len(covered) <= sum(w.at_most for w in same if not w.expired(NOW))
        assert all(any(w.matches("bandit", found) for w in same) for found in covered)


@given(st.lists(FINDINGS, max_size=6), st.lists(WAIVERS, max_size=4), REQUIREMENTS, st.data())
def test_the_order_of_waivers_decides_nothing(findings, waivers, requirement, data):
    """Or a change could let more through by moving a waiver that was there already."""
    made = evidence(findings=tuple(findings), tool="t 2")
    one, other = (
        decide(policy(*order, **requirement), made).rulings[0]
        for order in (waivers, data.draw(st.permutations(waivers)))
    )
    assert (one.decision, one.blocking, len(one.waived)) == (other.decision, other.blocking, len(other.waived))


BLIND = st.sampled_from(
    [
        {"inputs_digest": "sha256:" + "2" * 64},
        {"problems": ("a.py could not be parsed",)},
        {"reach": 1},
        {"covered": ("a.py",)},
        {"started": NOW - timedelta(days=3)},
        {"started": NOW + timedelta(hours=1)},
        {"alone": False},
        {"check": "other"},
        {"subject": replace(SUBJECT, tree="u" * 40)},
    ]
)
STRICT = {"reach": 2, "covers_inputs": True, "exclusive": True, "max_age": timedelta(days=2)}


@given(
    st.lists(FINDINGS, max_size=4), st.lists(WAIVERS, max_size=3), REQUIREMENTS, st.lists(BLIND, min_size=1, max_size=3)
)
def test_what_was_not_seen_clearly_never_passes(findings, waivers, requirement, faults):
    """Whatever is found or waived, evidence of something else, too old, in company or with a problem never passes."""
    rules, made = policy(*waivers, **requirement, **STRICT), evidence(findings=tuple(findings), tool="t 2", alone=True)
    blind = made
    for fault in faults:
        blind = replace(blind, **fault)
    options = {"stage": Stage.CHANGE, "subject": SUBJECT, "inputs": {"bandit": INPUTS}, "now": NOW, "version": "0"}
    seen, unseen = (judge(rules, {"bandit": one}, **options).decision for one in (made, blind))

    assert unseen is not Decision.PASS
    assert WORSE[unseen] >= WORSE[seen]


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans())),
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.data(),
)
def test_the_worst_ruling_is_the_verdicts(asked, there, data):
    """A verdict is its worst ruling, every ruling stays beside it, and with less evidence it never begins to pass."""
    rules = Policy(
        checks={},
        requirements=tuple(
            Requirement(check=name, stage=Stage.CHANGE, reach=reach) for name, (reach, _, _) in asked.items()
        ),
    )
    seen = {
        name: evidence(check=name, reach=reach, findings=(finding(),) if bad else ())
        for name, (_, reach, bad) in asked.items()
        if name in there
    }
    inputs = dict.fromkeys(asked, INPUTS)
    whole = decide(rules, *seen.values(), inputs=inputs)
    less = [one for name, one in seen.items() if name != data.draw(st.sampled_from(sorted(seen) or [""]))]

    assert whole.decision is max((r.decision for r in whole.rulings), default=Decision.UNKNOWN)
    assert [r.check for r in whole.rulings] == list(asked)
    assert all(r.reasons for r in whole.rulings)
    assert whole.complete is (set(asked) <= set(seen))
    assert decide(rules, *less, inputs=inputs).decision is not Decision.PASS or whole.decision is Decision.PASS


COUNTS = st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
BUDGETS = st.sampled_from([0.001, 0.01, 0.1])


def independent(bad, total, name="reads"):
    """A share of independent samples with its exact interval."""
    low, high = clopper_pearson(bad, total)
    return Measure(name=name, value=bad / total, low=low, high=high, samples=total, seconds=10)


def held(budget, *measures, min_samples=1):
    levels = tuple(
        Objective(measure="reads", at_most=budget, min_samples=min_samples, each=each) for each in (False, True)
    )
    return decide(policy(objectives=levels), evidence(measures=measures)).decision


@given(COUNTS, BUDGETS, st.integers(1, 4000), st.data())
def test_adding_bad_requests_never_improves_a_decision(counts, budget, min_samples, data):
    """More bad requests out of as many, or bad ones on top, leave the decision as it was or make it worse."""
    bad, total = counts
    before = held(budget, independent(bad, total), min_samples=min_samples)
    worse = data.draw(st.integers(bad, total))
    more = data.draw(st.integers(1, 500))
    assert WORSE[held(budget, independent(worse, total), min_samples=min_samples)] >= WORSE[before]
    # what had too few samples may be decided by more of them, but never for the better
    if before is not Decision.UNKNOWN or total >= min_samples:
        on_top = independent(bad + more, total + more)
        assert WORSE[held(budget, on_top, min_samples=min_samples)] >= WORSE[before]


@given(COUNTS, COUNTS, BUDGETS, st.integers(1, 4000))
def test_one_more_part_never_improves_a_decision(whole, part, budget, min_samples):
    """However a route does, its measure beside the others leaves the decision as it was or makes it worse."""
    alone = held(budget, independent(*whole), min_samples=min_samples)
    beside = held(budget, independent(*whole), independent(*part, "reads/GET /a"), min_samples=min_samples)
    assert WORSE[beside] >= WORSE[alone]


@given(COUNTS, BUDGETS, st.integers(1, 4000), st.integers(1, 4000))
def test_asking_for_more_samples_never_improves_a_decision(counts, budget, fewer, more):
    """A higher minimum of samples leaves the decision as it was or makes it worse."""
    measure = independent(*counts)
    low, high = sorted((fewer, more))
    assert WORSE[held(budget, measure, min_samples=high)] >= WORSE[held(budget, measure, min_samples=low)]


@given(COUNTS, BUDGETS)
def test_a_measure_that_is_not_there_never_passes(counts, budget):
    """A level whose requests never came is UNKNOWN, whatever its routes say."""
    assert held(budget, independent(*counts, "reads/GET /a")) is not Decision.PASS


@given(COUNTS, BUDGETS, st.integers(1, 4000))
def test_a_run_longer_by_what_the_reason_says_is_decided(counts, budget, min_samples):
    """As many seconds more, at the same rate and with the same share of bad requests, and the answer is there."""
    objective = Objective(measure="reads", at_most=budget, min_samples=min_samples)
    before = independent(*counts)
    ruling = decide(policy(objectives=(objective,)), evidence(measures=(before,))).rulings[0]
    longer = re.search(r"run about ([\d,]+) seconds longer", ruling.reasons[0])
    assert longer or ruling.decision is not Decision.UNKNOWN or "no run of a reasonable length" in ruling.reasons[0]
    if longer:
        times = 1 + int(longer[1].replace(",", "")) / before.seconds
        low, high = clopper_pearson(counts[0] * times, counts[1] * times)
        after = replace(before, low=low, high=high, samples=math.ceil(counts[1] * times))
        assert decide(policy(objectives=(objective,)), evidence(measures=(after,))).decision is not Decision.UNKNOWN
