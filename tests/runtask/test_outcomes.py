"""A verdict as Terraform Cloud shows it: within every published limit, whatever a plan or a waiver says."""

import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clearance.model import Decision, Finding, Override, Ruling, Severity, Stage, Subject, Verdict, Waived, Waiver
from clearance.render import outcomes
from clearance.render.outcomes import Label, Outcome

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![x](https://evil.test/beacon) <https://evil.test>",
    "| a |\n|---|\n# heading\n- item\n```\ncode",
    'aws_db_instance.a["**b**"] &lt;b&gt; \\<b> @octocat',
    "\x1b[2J\u202egnp.exe \ud800 \udce9",
    "\U0001f6a8" * 700,
    "_" * 20_000,
]
texts = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=2000), st.text("_*<&#\U0001f600", max_size=4000))
findings = st.builds(
    Finding,
    rule=texts,
    message=texts,
    severity=st.sampled_from([None, *Severity]),
    resource=st.none() | texts,
    path=st.none() | texts,
    help_url=st.none() | st.sampled_from(["https://example.com/a", "javascript:x", "https://e.test/" + "a" * 600]),
)
waivers = st.builds(
    Waiver, checks=st.just(("a",)), rule=texts, owner=texts, reason=texts, expires=st.just(date(2027, 1, 1)),
    resource=st.just("*"),
)  # fmt: skip
rulings = st.builds(
    Ruling,
    check=texts,
    decision=st.sampled_from(Decision),
    reasons=st.lists(texts, max_size=4).map(tuple),
    blocking=st.lists(findings, max_size=4).map(tuple),
    tolerated=st.lists(findings, max_size=2).map(tuple),
    waived=st.lists(st.builds(Waived, finding=findings, waiver=waivers), max_size=2).map(tuple),
)


def verdict(*given_rulings, **fields):
    known = {
        "decision": max((r.decision for r in given_rulings), default=Decision.UNKNOWN),
        "complete": True,
        "missing": (),
        "stage": Stage.PLAN,
        "subject": Subject(),
        "rulings": tuple(given_rulings),
        "idle_waivers": (),
        "expired_waivers": (),
        "policy_digest": "sha256:" + "0" * 64,
        "evidence": (),
        "judged_at": NOW,
        "now_overridden": False,
        "subject_overridden": False,
        "version": "0.1.0",
    }
    return Verdict(**(known | fields))


def finding(number, severity=Severity.HIGH):
    return Finding(rule=f"R{number}", message=f"message {number}", severity=severity, resource=f"a.b[{number}]")


def length(text):
    return len(text.encode("utf-16-le")) // 2


def beyond_a_limit(document):
    """Name whatever of a callback's body exceeds a limit of HashiCorp's schemas."""
    attributes = document["data"]["attributes"]
    rows = [
        row["attributes"]
        for row in document["data"].get("relationships", {"outcomes": {"data": []}})["outcomes"]["data"]
    ]
    labels = [label for row in rows for group in row.get("tags", {}).values() for label in group]
    urls = [holder["url"] for holder in (attributes, *rows) if "url" in holder]
    laws = {
        "message": 1 <= length(attributes["message"]) <= 1000,
        "outcomes": len(rows) <= 250 and ("relationships" not in document["data"] or rows),
        "id": all(1 <= length(row["outcome-id"]) <= 64 for row in rows),
        "description": all(1 <= length(row["description"]) <= 1000 for row in rows),
        "one line": all(len(row["description"].splitlines()) == 1 for row in rows),
        "body": all(1 <= length(row.get("body", "x")) <= 10_000 for row in rows),
        "url": all(len(url) <= 500 and url.startswith(("https://", "http://")) for url in urls),
        "tags": all(1 <= len(row.get("tags", "x")) <= 10 for row in rows),
        "tag": all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) for row in rows for name in row.get("tags", {})),
        "label": all(1 <= length(label["label"]) <= 32 for label in labels),
        "level": all(label["level"] in {"none", "info", "warning", "error"} for label in labels),
        "bytes": len(json.dumps(document).encode()) <= outcomes.BYTES,
    }
    return [name for name, holds in laws.items() if not holds]


@settings(deadline=None, max_examples=60)
@given(st.lists(rulings, max_size=4))
def test_no_verdict_exceeds_a_published_limit(given_rulings):
    """Whatever checks, findings, waivers and reasons say."""
    one = verdict(*given_rulings)
    document = outcomes.document("failed", "held", outcomes.render(one), url="https://example.com/")
    assert [] == beyond_a_limit(document)


@settings(deadline=None, max_examples=60)
@given(
    texts,
    st.lists(
        st.builds(
            Outcome,
            id=texts,
            description=texts,
            body=texts,
            url=st.none() | texts,
            tags=st.dictionaries(texts, st.lists(st.builds(Label, label=texts), max_size=40).map(tuple), max_size=12),
        ),
        max_size=4,
    ),
)
def test_no_document_exceeds_a_published_limit(said, rows):
    """Whoever made its parts."""
    assert [] == beyond_a_limit(outcomes.document("passed", said, rows, url=said))


@settings(deadline=None, max_examples=60)
@given(st.lists(rulings, min_size=1, max_size=3))
def test_nothing_that_a_plan_says_becomes_markup(given_rulings):
    """What is escaped and what is a body hold paragraphs, lists of ours and text, and nothing else."""
    one = verdict(*given_rulings)
    pages = [*(row.body for row in outcomes.render(one)), *(outcomes.escaped(r.check, 1000) for r in given_rulings)]
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    kinds = {t.type for page in pages for token in parser.parse(page) for t in (token, *(token.children or ()))}
    ours = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}
    assert set() == kinds - ours - {
        f"{name}_{end}" for name in ("bullet_list", "list_item") for end in ("open", "close")
    }


def test_the_worst_comes_first():
    """Answers that hold the run, then what blocks by severity, then what is well and what was let go."""
    waiver = Waiver(checks=("b",), rule="R5", owner="me", reason="for now", expires=date(2027, 1, 1), resource="*")
    passing = Ruling(
        check="b", decision=Decision.PASS, reasons=("fine",), waived=(Waived(finding=finding(5), waiver=waiver),)
    )
    failing = Ruling(
        check="c",
        decision=Decision.FAIL,
        reasons=("two",),
        blocking=(finding(1, Severity.LOW), finding(2, Severity.CRITICAL)),
    )
    unknown = Ruling(check="a", decision=Decision.UNKNOWN, reasons=("could not see",))
    made = outcomes.render(verdict(passing, unknown, failing))
    said = [(row.id, row.tags["Status"][0].label, row.tags["Status"][0].level) for row in made]
    assert [
        ("c", "Failed", "error"),
        ("a", "Unknown", "warning"),
        ("R2", "Failed", "error"),
        ("R1", "Failed", "error"),
        ("b", "Passed", "none"),
        ("R5", "Waived", "info"),
    ] == said
    assert "until 2027-01-01" in made[4].body


@pytest.mark.parametrize(("number", "shown", "left"), [(249, 250, None), (250, 250, "2 more"), (1000, 250, "752 more")])
def test_what_is_left_out_is_counted(number, shown, left):
    """Of more than 250 the worst are shown, and the last one says how many there are beyond."""
    many = Ruling(check="c", decision=Decision.FAIL, reasons=("many",), blocking=tuple(map(finding, range(number))))
    made = outcomes.render(verdict(many))
    last = made[-1].description if made[-1].id == "left-out" else None
    assert (shown, left) == (len(made), last and last[: len(left)])


def test_a_document_that_grows_too_large_loses_its_end_and_says_so():
    """Bodies at their limit would make it two and a half megabytes."""
    rows = [Outcome(id=f"o{number}", description="d", body="b" * 10_000) for number in range(250)]
    made = outcomes.document("failed", "m", rows)
    data = made["data"]["relationships"]["outcomes"]["data"]
    assert ([], "o0", "left-out") == (
        beyond_a_limit(made),
        data[0]["attributes"]["outcome-id"],
        data[-1]["attributes"]["outcome-id"],
    )
    assert data[-1]["attributes"]["description"].startswith(f"{250 - len(data) + 1} more")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a?b=c#d", True),
        ("http://127.0.0.1:8080/x", True),
        ("javascript:alert(1)", False),
        ("ftp://example.com/", False),
        ("https://user@example.com/", False),
        ("https://example.com/ and more", False),
        ("//example.com", False),
        ("https://example.com/" + "a" * 500, False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_sent(url, expected):
    """Terraform Cloud shows others as broken links, or worse."""
    assert expected == ("url" in outcomes.document("passed", "m", url=url)["data"]["attributes"])


def test_an_override_stands_before_everything():
    """It is shown, with who and until when, and what it overrides is shown all the same."""
    by = Override(commit="1" * 40, people=("ann", "bob"), reason="incident", begins=NOW, expires=NOW)
    failing = Ruling(check="c", decision=Decision.FAIL, reasons=("one",), blocking=(finding(1),))
    one = verdict(failing, override=by)
    first, *rest = outcomes.render(one)
    assert ("override", ["c", "R1"], True) == (
        first.id,
        [row.id for row in rest],
        "ann and bob" in first.description,
    )
