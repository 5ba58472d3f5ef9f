"""What changed between two verdicts: found by value, said for people and programs, on the command line."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clearance.model import Decision, Finding, Measure, Severity, Waived
from clearance.render import verdict_json
from clearance.render.changes import compare
from clearance.render.changes_words import FORMS
from tests.clearance.test_render import MIXED, WAIVER, ruling, verdict
from tests.clearance.test_render_hostile import OURS_IN_MARKDOWN, TEXT, Elements, thorough, verdicts

ROOT = Path(__file__).parents[2]


def finding(print_, line=1, **fields):
    return Finding(rule="R", message="m", path="a.py", line=line, fingerprint=print_, **fields)


def code(*findings, decision=Decision.FAIL, **fields):
    return verdict(ruling("code", decision, blocking=findings, **fields))


def prints(placed):
    return [one.finding.fingerprint for one in placed]


@pytest.mark.parametrize(
    ("before", "after", "new", "gone", "same"),
    [
        ("abc", "abc", "", "", 3),
        ("abc", "bcd", "d", "a", 2),
        ("", "ab", "ab", "", 0),
        ("aab", "ab", "", "a", 2),
        ("ab", "aab", "a", "", 2),
    ],
)
def test_findings_are_the_same_by_fingerprint_each_as_often_as_it_occurs(before, after, new, gone, same):
    """Findings are paired by their fingerprints, wherever their lines have gone; what is left over is new or gone."""
    found = compare(
        code(*(finding(one, line=1) for one in before)), code(*(finding(one, line=99) for one in after))
    ).checks[0]

    assert (list(new), list(gone), same) == (prints(found.new), prints(found.gone), found.same)


def test_findings_without_a_fingerprint_are_told_by_rule_place_and_message():
    """Where there is no fingerprint, a finding on another line is the same, and one in another file is not."""
    one = finding("")
    found = compare(code(one), code(replace(one, line=7), replace(one, path="b.py"))).checks[0]

    assert (1, ["b.py"], ()) == (found.same, [new.finding.path for new in found.new], found.gone)


def test_a_finding_that_was_waived_meanwhile_has_moved():
    """A finding of which something else became is neither new nor gone, and the waiver is told."""
    waived = verdict(ruling("code", Decision.PASS, waived=(Waived(finding=finding("a"), waiver=WAIVER),)))
    changes = compare(code(finding("a")), waived)

    assert [("blocks", "waived")] == [(one.before, one.after) for one in changes.checks[0].moved]
    assert ((WAIVER,), ()) == (changes.new_waivers, changes.gone_waivers)


@pytest.mark.parametrize(
    ("low", "high", "apart"), [(1.0, 2.0, False), (2.5, 3.0, False), (3.1, 4.0, True), (0.1, 0.9, True)]
)
def test_measures_are_apart_if_their_intervals_are(low, high, apart):
    """Two intervals that share a value may be of the same truth; two that share none are not."""
    measured = [
        ruling("load", Decision.PASS, measures=(Measure(name="p95", value=value, low=a, high=b),))
        for value, a, b in ((2.0, 1.0, 3.0), (low + 0.05, low, high))
    ]
    (shift,) = compare(verdict(measured[0]), verdict(measured[1])).checks[0].shifts

    assert apart == shift.is_apart


def test_a_verdict_is_no_different_from_itself():
    """Compared with itself, a verdict has no fact, finding, measure or waiver that differs."""
    changes = compare(MIXED, MIXED)

    assert ((), [], (), ()) == (
        changes.facts,
        [one for one in changes.checks if one.is_any],
        changes.new_waivers,
        changes.gone_waivers,
    )
    assert "nothing that the checks found has changed" in FORMS["text"](changes)


def test_what_is_said_on_a_terminal():
    """The whole text: decisions, what differs of the verdict, counts by check, measures, findings, waivers."""
    before = replace(
        verdict(
            ruling("code", Decision.FAIL, blocking=(finding("a", severity=Severity.HIGH), finding("b"))),
            ruling("load", Decision.PASS, measures=(Measure(name="p95", value=2, low=1, high=3, unit="ms"),)),
        ),
        idle_waivers=(WAIVER,),
    )
    after = replace(
        verdict(
            ruling("code", Decision.UNKNOWN, blocking=(finding("b"), finding("c", line=7))),
            ruling("load", Decision.PASS, measures=(Measure(name="p95", value=9, low=8, high=10, unit="ms"),)),
            ruling("unit", Decision.PASS),
        ),
        policy_digest="sha256:" + "d" * 64,
        idle_waivers=(replace(WAIVER, expires=date(2027, 4, 30)),),
    )
    expected = """\
FAIL -> UNKNOWN
  policy              cccccccccccc -> dddddddddddd
  code  FAIL -> UNKNOWN      1 new, 1 gone or not seen, 1 same
  load  PASS
  unit  not judged -> PASS
  = load  p95: 2 ms (1 to 3) -> 9 ms (8 to 10); apart
  + new   code  a.py:7  R  unrated, blocks  m
  - gone  code  a.py:1  R  high, blocks  m
  + waiver CKV_1 on db.*, for iac, until 2027-04-30, platform
  - waiver CKV_1 on db.*, for iac, until 2027-03-31, platform
"""

    assert expected == FORMS["text"](compare(before, after))


def test_what_nobody_looked_for_is_not_gone():
    """Findings of a check that the later verdict did not judge have nothing to be compared with, and are not gone."""
    found = compare(code(finding("a"), finding("b")), verdict(ruling("unit", Decision.PASS)))

    assert "  code  FAIL -> not judged   2 findings, nothing to compare with\n" in FORMS["text"](found)
    assert "gone" not in FORMS["text"](found)
    assert "| <code>code</code> | FAIL → not judged |  |  |  |  |\n" in FORMS["markdown"](found)
    assert ["a", "b"] == [
        one["finding"]["fingerprint"] for one in json.loads(FORMS["json"](found))["checks"][1]["gone"]
    ]


def test_what_an_unknown_check_lacks_may_only_not_have_been_seen():
    """A check that could not see everything does not make findings go."""
    found = compare(code(finding("a"), finding("b")), code(finding("a"), decision=Decision.UNKNOWN))

    assert "1 gone or not seen, 1 same\n" in FORMS["text"](found)


def test_the_same_verdict_has_no_table_of_facts():
    """Where nothing is said before and after, there is no empty table for it."""
    assert FORMS["markdown"](compare(MIXED, MIXED)).startswith("### FAIL → FAIL\n\n| Check | Decision |")


def test_a_long_list_is_cut_for_people_and_whole_for_programs():
    """People get fifty findings and the number of the rest; JSON has all."""
    changes = compare(code(), code(*(finding(f"{n}") for n in range(70))))

    assert "+ and 20 more: see --format json" in FORMS["text"](changes)
    assert "- and 20 more" in FORMS["markdown"](changes)
    assert 70 == len(json.loads(FORMS["json"](changes))["checks"][0]["new"])


@given(before=st.text("abc", max_size=6), after=st.text("abc", max_size=6))
def test_nothing_is_lost_between_two_verdicts(before, after):
    """Every finding of either is counted once: as gone or new, or in both as the same."""
    found = compare(code(*map(finding, before)), code(*map(finding, after))).checks[0]

    assert (len(before), len(after)) == (len(found.gone) + found.same, len(found.new) + found.same)


@thorough
@given(before=verdicts(TEXT), after=verdicts(TEXT))
def test_whatever_they_hold_what_is_said_is_harmless(before, after):
    """Text is printable lines, Markdown renders to our own elements without a link, JSON decodes."""
    changes = compare(before, after)
    said = {form: write(changes) for form, write in FORMS.items()}
    elements = {tag for tag, _ in Elements(MarkdownIt("commonmark").enable("table").render(said["markdown"])).found}

    assert [] == [c for c in said["text"] if not (c.isprintable() or c == "\n")]
    assert set() == elements - OURS_IN_MARKDOWN
    assert "comparison" == json.loads(said["json"])["kind"]


def clearance(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "clearance", *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_takes_files_and_folders(tmp_path):
    """A file and a folder with verdict.json are compared, and it ends with 0 though one failed."""
    (tmp_path / "was").mkdir()
    (tmp_path / "was/verdict.json").write_bytes(verdict_json.render_bytes(MIXED))
    (tmp_path / "now.json").write_bytes(verdict_json.render_bytes(code(finding("a"))))
    done = clearance(tmp_path, "compare", "was", "now.json", "--format", "json")

    assert (0, "") == (done.returncode, done.stderr)
    assert ["fail", "fail"] == [json.loads(done.stdout)[key] for key in ("before", "after")]


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"schema":1,"decision":"pass"', b'{"schema":2}'])
def test_what_is_no_verdict_is_refused(tmp_path, content):
    """What is absent, cut short or of another schema ends with 2, names the file and prints no comparison."""
    (tmp_path / "good.json").write_bytes(verdict_json.render_bytes(MIXED))
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    done = clearance(tmp_path, "compare", "good.json", "bad.json")

    assert (2, "") == (done.returncode, done.stdout)
    assert "bad.json" in done.stderr
