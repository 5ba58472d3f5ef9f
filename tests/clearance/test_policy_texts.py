"""What Clearance writes into the policy's files: baselines and rule lists, read back as they were meant."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Finding, PolicyError, RuleList, Waiver
from clearance.policy import baseline, rule_list

PRINTS = tuple(f"{number:032x}" for number in range(6))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
WAIVERS = st.builds(
    Waiver,
    checks=st.just(("scan",)),
    rule=st.just("*"),
    owner=WORDS.filter(str.strip),
    reason=WORDS.filter(str.strip),
    expires=st.dates(date(2026, 1, 1)),
    fingerprints=st.lists(st.sampled_from(PRINTS), min_size=1, unique=True).map(tuple),
)
FINDINGS = st.lists(st.builds(Finding, rule=WORDS, message=WORDS, path=WORDS, fingerprint=st.sampled_from(PRINTS)))
POLICIES = st.sampled_from(
    [
        "",
        "# a policy\n",
        "[severity]\nR1 = 'low'",
        "# in two\r\n[severity]\r\nR1 = 'low'\r\n",
        "# >>> baseline of scanner: of another check\n# <<< baseline of scanner\n",
    ]
)


@given(POLICIES, WAIVERS, FINDINGS)
def test_a_baseline_says_what_was_meant(text, waiver, findings):
    """Whatever owner, reason and findings are called, the text is TOML and its waiver is the one that was meant."""
    written = baseline.put(text, "scan", waiver, findings)
    found = baseline.find(written, "scan")
    table = tomllib.loads(written)["waiver"][0]

    assert written.startswith(text)
    assert found is not None
    assert (table["owner"], table["reason"], table["expires"]) == (waiver.owner, waiver.reason, waiver.expires)
    assert found.table.prints == waiver.fingerprints
    assert table["fingerprints"] == [f"fp:{each}" for each in waiver.fingerprints]


@given(POLICIES, WAIVERS, WAIVERS, st.sampled_from(["", "# after it\n"]))
def test_a_baseline_changes_nothing_else(text, first, second, after):
    """Written twice it is as written once; taken out again it leaves what was there, its last line ended."""
    one = baseline.put(text, "scan", first, ()) + after
    two = baseline.put(one, "scan", second, ())
    gone = baseline.put(two, "scan", None, ())

    assert two == baseline.put(text, "scan", second, ()) + after
    assert gone == text + ("\n" if text and not text.endswith("\n") else "") + after


@given(st.frozensets(st.from_regex(r"[A-Za-z][\w/ .-]{0,20}[\w]", fullmatch=True)), st.sampled_from(["", "tool 1.0"]))
def test_a_rule_list_is_read_as_it_was_written(rules, tool):
    """A list that was written is read back whole."""
    listed = RuleList(file="r.txt", rules=rules, tool=tool)
    assert rule_list.loads("r.txt", rule_list.dumps(listed)) == listed


@pytest.mark.parametrize("rule", ["", " R1", "R1\nR2", "# R1", "tool: other 9", "R1\x1b[2J"])
def test_a_rule_that_would_read_as_another_is_refused(rule):
    """A hostile report cannot slip further rules, or another tool, into the list."""
    with pytest.raises(PolicyError):
        rule_list.dumps(RuleList(file="r.txt", rules=frozenset({rule}), tool="tool 1.0"))
