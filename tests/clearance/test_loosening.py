"""A change that edits its own gate: whatever the policy asks less for than before is found, and nothing else is."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.cli.explaining import find
from clearance.model import RunTask, Severity
from clearance.policy import parse
from clearance.policy.loosening import compare

ROOT = Path(__file__).parents[2]
CHECK = """
[check.bandit]
run = ["bandit", "-r", "service", "-o", "{report}"]
report = "bandit.json"
reader = "bandit"
inputs = ["service/**"]
config = ["pyproject.toml"]
covers = "inputs"
reach = 10
block_at = "medium"
at_most = 2
max_age = "7d"
exclusive = true
cache = false
timeout_s = 60
objectives = [{ measure = "coverage", at_least = 90, min_samples = 5 }, { measure = "slow", at_most = 0.5 }]

[severity]
B101 = "critical"

[[waiver]]
checks = ["bandit"]
rule = "B101"
path = "a.py"
owner = "ann"
reason = "known"
expires = 2027-03-31
at_most = 2
"""


def policy(text=CHECK, pyproject=b"[tool.bandit]"):
    return parse(
        text.encode(),
        readers=["bandit", "sarif"],
        read={
            "pyproject.toml": pyproject,
            "slo.yaml": (ROOT / "load/slo.yaml").read_bytes(),
            "rules.txt": b"tool: bandit 1.9.4\nB101\nB102\n",
            "fewer.txt": b"tool: bandit 1.9.4\nB101\n",
            "older.txt": b"tool: bandit 1.0.0\nB101\nB102\n",
        }.__getitem__,
    )


def loosened(head, base=None):
    return [finding.rule for finding in compare(base or policy(), head)]


LOOSENED = [
    ("reach = 10", "reach = 9", "policy/reach-lowered"),
    ('covers = "inputs"', "", "policy/coverage-dropped"),
    ('block_at = "medium"', 'block_at = "high"', "policy/severity-raised"),
    ("at_most = 2\nmax_age", "at_most = 3\nmax_age", "policy/count-raised"),
    ('max_age = "7d"', 'max_age = "8d"', "policy/age-raised"),
    ('max_age = "7d"', "", "policy/age-raised"),
    ("exclusive = true", "", "policy/alone-dropped"),
    ("cache = false", "", "policy/check-changed"),
    ("timeout_s = 60", "timeout_s = 61", "policy/timeout-raised"),
    ("timeout_s = 60", "", "policy/timeout-raised"),
    ('reader = "bandit"', 'reader = "sarif"', "policy/check-changed"),
    ('config = ["pyproject.toml"]', "", "policy/check-changed"),
    ("cache = false", 'cache = false\nenv_from = ["HOME"]', "policy/check-changed"),
    ("cache = false", 'cache = false\nenv = { PATH = "/tmp" }', "policy/check-changed"),
    ("cache = false", "cache = false\nproject = true", "policy/check-changed"),
    ("cache = false", 'cache = false\ngroup = "other"', "policy/check-changed"),
    ("cache = false", 'cache = false\nstdout = "bandit.json"', "policy/check-changed"),
    ("reach = 10", 'reach = 10\nslo = "slo.yaml"', "policy/check-changed"),
    ("at_least = 90", "at_least = 89.9", "policy/objective-loosened"),
    ("min_samples = 5", "min_samples = 4", "policy/objective-loosened"),
    ("at_most = 0.5", "at_most = 0.51", "policy/objective-loosened"),
    (', { measure = "slow", at_most = 0.5 }', "", "policy/objective-loosened"),
    ('"service", "-o"', '"service/app.py", "-o"', "policy/check-changed"),
    ('inputs = ["service/**"]', 'inputs = ["service/*"]', "policy/check-changed"),
    ('B101 = "critical"', 'B101 = "high"', "policy/severity-lowered"),
    ('B101 = "critical"', "", "policy/severity-lowered"),
    ('B101 = "critical"', 'B101 = "critical"\nB102 = "low"', "policy/severity-lowered"),
    ("2027-03-31", "2027-04-01", "policy/waiver-added"),
    ("31\nat_most = 2", "31\nat_most = 3", "policy/waiver-added"),
    ('path = "a.py"', 'path = "**"', "policy/waiver-added"),
    ('rule = "B101"', 'rule = "B*"', "policy/waiver-added"),
]


@pytest.mark.parametrize(("was", "now", "rule"), LOOSENED)
def test_each_loosening_is_a_finding_of_its_own(was, now, rule):
    """Whatever a policy asks less for is found, by one rule that says what it is."""
    assert CHECK.count(was) == 1
    assert loosened(policy(CHECK.replace(was, now))) == [rule]


STRICTER = [
    ("reach = 10", "reach = 11"),
    ('block_at = "medium"', 'block_at = "low"'),
    ("at_most = 2\nmax_age", "at_most = 1\nmax_age"),
    ('max_age = "7d"', 'max_age = "6d"'),
    ("at_least = 90", "at_least = 91"),
    ("min_samples = 5", "min_samples = 6"),
    ("timeout_s = 60", "timeout_s = 59"),
    ('B101 = "critical"', 'B101 = "critical"\nB102 = "critical"'),
    ("reach = 10", 'reach = 10\nstage = ["change", "live"]'),
    ("at_most = 0.5", "at_most = 0.4"),
    ("2027-03-31", "2027-03-30"),
    ("31\nat_most = 2", "31\nat_most = 1"),
    ('owner = "ann"', 'owner = "bob"'),
    ('reason = "known"', 'reason = "known, and looked at"'),
    ("[severity]", "[check.more]\nrun = ['x']\nreport = 'a'\nreader = 'sarif'\n[severity]"),
]


@pytest.mark.parametrize(("was", "now"), STRICTER)
def test_what_asks_for_as_much_or_more_is_no_loosening(was, now):
    """A stricter bound, a further check, other words about a waiver: nobody has to accept those."""
    assert CHECK.count(was) == 1
    assert loosened(policy(CHECK.replace(was, now))) == []


def test_a_check_that_is_gone():
    """A required check that the change takes out of the policy is named with its stage."""
    gone = replace(policy(), checks={}, requirements=(), waivers=())
    assert [(f.rule, f.resource) for f in compare(policy(), gone)] == [
        ("policy/check-removed", "check bandit at stage change")
    ]


def test_a_check_that_moves_to_another_stage():
    """What was required of a change and is required later only is no longer required of a change."""
    assert loosened(policy(CHECK.replace("reach = 10", 'reach = 10\nstage = "live"'))) == ["policy/check-removed"]


def test_a_waiver_that_is_written_twice():
    """Two equal waivers cover twice as much as the one that was there."""
    head = policy()
    assert loosened(replace(head, waivers=head.waivers * 2)) == ["policy/waiver-added"]


def test_a_check_under_another_name():
    """To rename a check is to require another one, and the waivers that go with it are new."""
    renamed = policy(
        CHECK.replace("check.bandit", "check.bandits").replace('checks = ["bandit"]', 'checks = ["bandits"]')
    )
    assert loosened(renamed) == ["policy/check-removed", "policy/waiver-added"]


def test_waivers_in_another_order():
    """The waivers that were there are no loosening in whatever order, beside one that became narrower."""
    head = policy()
    wide, other = head.waivers[0], replace(head.waivers[0], at_most=1)
    narrow = replace(other, expires=other.expires - timedelta(days=1))
    assert loosened(replace(head, waivers=(narrow, wide)), replace(head, waivers=(wide, other))) == []
    assert loosened(replace(head, waivers=(narrow, wide, other)), replace(head, waivers=(wide, other))) == [
        "policy/waiver-added"
    ]


@pytest.mark.parametrize("file", ["slo.yaml", "rules.txt"])
def test_a_threshold_in_a_file_that_the_policy_names(file):
    """A budget that moves within the SLO file, or a list of rules, is seen by the file's content."""
    named = CHECK.replace("reach = 10", f'reach = 10\n{"slo" if file == "slo.yaml" else "rules"} = "{file}"')
    base = policy(named)
    head = replace(base, files=base.files | {file: "sha256:" + "0" * 64})
    assert [(f.rule, f.resource) for f in compare(base, head)] == [("policy/file-changed", file)]


def test_a_file_that_the_policy_names():
    """Another content of a configuration file may loosen anything, so it is named."""
    assert [(f.rule, f.resource) for f in compare(policy(), policy(pyproject=b"[tool.bandit]\nskips = []"))] == [
        ("policy/file-changed", "pyproject.toml")
    ]


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("rules.txt", []),
        ("fewer.txt", ["policy/rules-forgotten"]),
        ("older.txt", ["policy/rules-of-another-tool"]),
    ],
)
def test_a_list_of_accepted_rules_that_counts_more_as_new(file, rules):
    """Where new rules are shown and not counted, a rule that leaves the list, or another tool, lets more through."""
    shown = CHECK.replace("reach = 10", 'reach = 10\nnew_rules = "show"\nrules = "{}"')
    base, head = policy(shown.replace("{}", "rules.txt")), policy(shown.replace("{}", file))
    assert loosened(head, base) == rules


def test_new_rules_that_are_only_shown():
    """To show what a newer tool finds, where it blocked before, is to ask for less."""
    shown = CHECK.replace("reach = 10", 'reach = 10\nnew_rules = "show"\nrules = "rules.txt"')
    assert loosened(policy(shown)) == ["policy/new-rules-shown"]


@given(
    reach=st.integers(0, 30),
    at_most=st.integers(0, 5),
    block_at=st.sampled_from(Severity),
    days=st.none() | st.integers(1, 20),
)
def test_a_policy_and_its_return(reach, at_most, block_at, days):
    """No policy is looser than itself, and of two that differ at least one way round is a loosening."""
    base = policy()
    requirement = replace(
        base.requirements[0],
        reach=reach,
        at_most=at_most,
        block_at=block_at,
        max_age=None if days is None else timedelta(days=days),
    )
    head = replace(base, requirements=(requirement,))
    assert compare(head, head) == ()
    assert (head == base) == (not compare(base, head) and not compare(head, base))


def test_every_loosening_is_explained():
    """Each rule by which a loosening is found is known to `clearance explain`."""
    source = (ROOT / "clearance/policy/loosening.py").read_text()
    rules = {f"policy/{name}" for name in re.findall(r'yield \(?\s*"([a-z-]+)"', source)}

    assert {rule for _, _, rule in LOOSENED} < rules
    assert [] == [rule for rule in sorted(rules) if not find(rule)]


def test_a_further_loosening_has_another_fingerprint():
    """Who has accepted a reach of 9 has not accepted one of 8."""
    nine, eight = (compare(policy(), policy(CHECK.replace("reach = 10", f"reach = {n}")))[0] for n in (9, 8))
    assert nine.fingerprint != eight.fingerprint


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (RunTask(plan="plan"), RunTask(plan="plan", wait=timedelta(minutes=5)), []),
        (RunTask(), RunTask(plan="plan", checkov="checkov-plan", stateful=("a_*",)), []),
        (RunTask(plan="plan"), RunTask(plan="other"), ["policy/runtask-changed"]),
        (RunTask(checkov="checkov-plan"), RunTask(), ["policy/runtask-changed"]),
        (RunTask(stateful=("a_*", "b")), RunTask(stateful=("b", "c")), ["policy/runtask-changed"]),
    ],
)
def test_a_run_that_is_judged_as_something_else_is_a_loosening(was, now, expected):
    """Its plan must go on being judged as the same checks; how long it waits makes nothing looser."""
    assert expected == loosened(replace(policy(), runtask=now), replace(policy(), runtask=was))
