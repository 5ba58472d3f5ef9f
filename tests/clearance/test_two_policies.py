"""A change under its base's policy and its own: the worse counts until a code owner has accepted the difference."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from clearance.judge import judge
from clearance.judge.two_policies import Base, before, combine
from clearance.model import (
    Check,
    Decision,
    Evidence,
    Finding,
    Inputs,
    Measure,
    Objective,
    Policy,
    Requirement,
    Severity,
    Stage,
    Subject,
)
from clearance.policy.loosening import compare
from tests.clearance.test_judge import FINDINGS, RULES, WAIVERS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUBJECT = Subject(commit="c" * 40, tree="sha256:" + "1" * 64, dirty=False)
DIGEST = "sha256:" + "2" * 64
NAMES = ("bandit", "lint")


def policy(**asked):
    """Make a policy that asks each named check for a reach, and lets no finding pass."""
    return Policy(
        checks={name: Check(name=name, run=(name,), reports=(), inputs=("**",)) for name in asked},
        requirements=tuple(Requirement(check=name, stage=Stage.CHANGE, reach=reach) for name, reach in asked.items()),
        digest=f"sha256:{hash(tuple(asked.items())) % 16**8:064x}",
    )


def evidence(name, reach=10, findings=()):
    return Evidence(
        check=name, subject=SUBJECT, inputs_digest=DIGEST, started=NOW, seconds=1.0, reach=reach, findings=findings
    )


def verdict(asked, *, reach=10, findings=()):
    return judge(
        asked,
        {name: evidence(name, reach, findings) for name in NAMES},
        stage=Stage.CHANGE,
        subject=SUBJECT,
        inputs=dict.fromkeys(NAMES, Inputs(digest=DIGEST, paths=("a",))),
        now=NOW,
        version="0",
    )


def both(base, head, *, accepted_by=(), **seen):
    was = Base(
        name="main",
        verdict=verdict(before(base, head), **seen),
        loosenings=compare(base, head),
        accepted_by=accepted_by,
    )
    return combine(verdict(head, **seen), was)


def test_a_policy_that_asks_for_as_much():
    """A change that leaves the policy alone passes, and the policy's own ruling says why."""
    one = both(policy(bandit=5), policy(bandit=5))
    assert [(r.check, r.decision) for r in one.rulings] == [("policy", Decision.PASS), ("bandit", Decision.PASS)]
    assert one.base_policy_digest == policy(bandit=5).digest


def test_a_loosening_blocks_even_where_both_policies_pass():
    """What asks for less must be accepted, though this change meets either bound."""
    one = both(policy(bandit=5), policy(bandit=4))
    assert one.decision is Decision.FAIL
    assert [finding.rule for finding in one.rulings[0].blocking] == ["policy/reach-lowered"]


def test_the_base_has_its_say():
    """A change that meets only its own bound is held against the one that it came from, and told so."""
    one = both(policy(bandit=20), policy(bandit=4))
    assert one.rulings[1].decision is Decision.UNKNOWN
    assert one.rulings[1].reasons[0] == "under the policy of main: looked at 10 items, at least 20 asked for"


def test_a_check_that_the_change_removes_is_judged_all_the_same():
    """A check that only the base asks for keeps its ruling."""
    one = both(policy(bandit=5, lint=20), policy(bandit=5))
    assert [(r.check, r.decision) for r in one.rulings][1:] == [("bandit", Decision.PASS), ("lint", Decision.UNKNOWN)]


def test_accepted_loosenings_leave_the_decision_to_the_new_policy():
    """Once a code owner accepts, the change's own policy decides, and the loosenings stay in sight."""
    one = both(policy(bandit=20, lint=1), policy(bandit=4), accepted_by=("ann",))
    assert one.decision is Decision.PASS
    assert len(one.rulings[0].tolerated) == 2
    assert "accepted by ann" in one.rulings[0].reasons[0]


def test_an_acceptance_without_a_loosening_changes_nothing():
    """An approval does not take the base's say away where there was nothing to accept."""
    stricter = both(policy(bandit=20), policy(bandit=30), accepted_by=("ann",))
    assert stricter.decision is Decision.UNKNOWN


@given(
    base=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20)),
    head=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20)),
    reach=st.integers(0, 20),
    bad=st.booleans(),
)
def test_never_better_than_either(base, head, reach, bad):
    """Without an acceptance, no answer is better than the worse of the two, and no loosening passes."""
    findings = (Finding(rule="B101", message="", severity=Severity.HIGH),) if bad else ()
    base, head = policy(**base), policy(**head)
    one = both(base, head, reach=reach, findings=findings)
    mine = verdict(head, reach=reach, findings=findings)
    assert one.decision >= mine.decision
    if base.requirements:
        assert one.decision >= verdict(before(base, head), reach=reach, findings=findings).decision
    assert one.decision is Decision.FAIL or not compare(base, head)


SEVERITIES = st.dictionaries(st.sampled_from(["B1", "B2", "a/b"]), st.sampled_from(Severity), max_size=2)
OBJECTIVES = st.lists(
    st.builds(
        Objective,
        measure=st.sampled_from(["p", "p/x"]),
        at_most=st.sampled_from([1.0, 2.0]),
        min_samples=st.integers(1, 3),
        each=st.booleans(),
    ),
    max_size=2,
).map(tuple)
MEASURES = st.lists(
    st.builds(
        lambda name, low, width, samples: Measure(name=name, value=low, low=low, high=low + width, samples=samples),
        st.sampled_from(["p", "p/x", "p/y"]),
        st.sampled_from([0.5, 1.5, 2.5]),
        st.sampled_from([0.0, 1.0]),
        st.integers(1, 4),
    ),
    max_size=3,
).map(tuple)
BOUNDS = {
    "reach": st.integers(0, 3),
    "covers_inputs": st.booleans(),
    "block_at": st.sampled_from(Severity),
    "at_most": st.integers(0, 2),
    "rules": st.none() | RULES,
    "show_new": st.booleans(),
    "objectives": OBJECTIVES,
    "max_age": st.none() | st.sampled_from([timedelta(days=1), timedelta(days=9)]),
    "exclusive": st.booleans(),
}


@st.composite
def successions(draw):
    """A policy, and another that differs from it in a few places."""
    check = Check(name="bandit", run=("bandit",), reports=(), inputs=("**",))
    asked = Requirement(check="bandit", stage=Stage.CHANGE, **{key: draw(bound) for key, bound in BOUNDS.items()})
    waivers = tuple(draw(st.lists(WAIVERS, max_size=3)))
    base = Policy(checks={"bandit": check}, requirements=(asked,), waivers=waivers, severities=draw(SEVERITIES))
    fields = draw(st.sets(st.sampled_from(sorted(BOUNDS)), max_size=2))
    head = replace(base, requirements=(replace(asked, **{key: draw(BOUNDS[key]) for key in fields}),))
    for one in (base, head):
        assume(not one.requirements[0].show_new or (one.requirements[0].rules and one.requirements[0].rules.tool))
    if draw(st.booleans()):
        head = replace(head, severities=draw(SEVERITIES))
    if draw(st.booleans()):
        head = replace(head, waivers=tuple(draw(st.permutations(waivers)))[: draw(st.integers(0, 3))])
    return base, head


@given(
    successions(),
    st.lists(FINDINGS, max_size=5).map(tuple),
    MEASURES,
    st.sampled_from(["t 1", "t 2", ""]),
    st.integers(0, 4),
    st.booleans(),
    st.integers(0, 10),
)
def test_what_is_no_loosening_lets_nothing_more_through(policies, findings, measures, tool, reach, alone, days):
    """Of whatever is seen, a policy that was not found to be looser says the same as the one before it, or worse."""
    base, head = policies
    seen = replace(
        evidence("bandit", reach, findings),
        measures=measures,
        tool=tool,
        alone=alone,
        covered=("a",) * (reach > 1),
        started=NOW - timedelta(days=days),
    )
    was, now = (
        judge(
            one,
            {"bandit": seen},
            stage=Stage.CHANGE,
            subject=SUBJECT,
            inputs={"bandit": Inputs(digest=DIGEST, paths=("a",))},
            now=NOW,
            version="0",
        ).decision
        for one in (before(base, head), head)
    )
    assert compare(base, head) or now >= was


def test_evidence_of_a_changed_command_is_not_held_against_it_twice():
    """The base's bounds are put to what the change's own command saw; the changed command is the loosening."""
    base = policy(bandit=5)
    head = replace(base, checks={"bandit": replace(base.checks["bandit"], run=("bandit", "-q"))})
    one = both(base, head)
    assert [r.decision for r in one.rulings] == [Decision.FAIL, Decision.PASS]
