"""What each reader of a verdict is shown, from verdicts built by hand."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from markdown_it import MarkdownIt

from clearance.cli.publishing import wants_colour
from clearance.model import (
    Decision,
    Exhibit,
    Finding,
    Measure,
    Ruling,
    Severity,
    Stage,
    Subject,
    UnreadableError,
    Verdict,
    Waived,
    Waiver,
)
from clearance.render import RENDERERS, html, markdown, text, verdict_json, words

NOW = datetime(2026, 11, 24, 10, 5, tzinfo=UTC)
SUBJECT = Subject(commit="3f2a91c07b1e" + "0" * 28, tree="c73fb75d0009" + "0" * 28, dirty=True)
WAIVER = Waiver(
    checks=("iac",),
    rule="CKV_1",
    resource="db.*",
    owner="platform",
    reason="One zone will do",
    expires=date(2027, 3, 31),
)
EXPIRED = Waiver(checks=("code",), rule="B101", owner="data", reason="Importer", expires=date(2026, 11, 23))
IDLE = Waiver(checks=("code",), rule="B999", path="a/*", owner="qa", reason="Wide", expires=date(2026, 11, 24))
KINDS = (
    Finding(rule="K0", message="no severity"),
    *(Finding(rule=f"K{n}", message=f"of severity {s}", severity=s) for n, s in enumerate(Severity, 1)),
    Finding(rule="K6", message="with a path", path="a/b.py"),
    Finding(rule="K7", message="with a line", path="a/b.py", line=7),
    Finding(rule="K8", message="with a resource", resource="aws_db.main", help_url="https://example.org/k8"),
    Finding(rule="K9", message="silenced", path="a/b.py", suppressed=True, fingerprint="f" * 64),
)


def ruling(check, decision, *reasons, **fields):
    return Ruling(check=check, decision=decision, reasons=reasons, **fields)


def exhibit(check, reach, unit, **fields):
    known = {"digest": "sha256:e", "inputs_digest": "sha256:1", "tool": "tool 1.0", "reused": False, "seconds": 8.41}
    return Exhibit(check=check, reach=reach, unit=unit, **{**known, **fields})


def verdict(*rulings, **fields):
    known = {
        "decision": max((one.decision for one in rulings), default=Decision.UNKNOWN),
        "complete": True,
        "missing": (),
        "stage": Stage.CHANGE,
        "subject": SUBJECT,
        "idle_waivers": (),
        "expired_waivers": (),
        "policy_digest": "sha256:" + "c" * 64,
        "evidence": (),
        "judged_at": NOW,
        "now_overridden": False,
        "subject_overridden": False,
        "version": "0.1.0",
    }
    return Verdict(rulings=rulings, **{**known, **fields})


MIXED = verdict(
    ruling(
        "unit",
        Decision.PASS,
        "looked at 312 tests",
        measures=(Measure(name="lines", value=97, low=97, high=97, unit="%"),),
    ),
    ruling(
        "iac",
        Decision.PASS,
        waived=(Waived(finding=Finding(rule="CKV_1", message="One zone", resource="db.main"), waiver=WAIVER),),
    ),
    ruling("load", Decision.UNKNOWN, "p95 291 ms, at most 300 asked for: run longer"),
    ruling("code", Decision.FAIL, "2 findings at or above low, 0 allowed", blocking=KINDS[6:8], tolerated=KINDS[:1]),
    evidence=(
        exhibit("unit", 312, "tests"),
        exhibit("iac", 1, "resources", reused=True),
        exhibit("code", 14, "files", seconds=75.2),
        exhibit("load", 2300, "requests"),
    ),
    idle_waivers=(IDLE,),
    expired_waivers=(EXPIRED,),
)


def test_text_is_one_screen_with_the_worst_first():
    """The whole text of a mixed verdict: answer, subject, then each check with its reach, time and reasons."""
    expected = """\
FAIL     commit 3f2a91c07b1e with uncommitted changes, tree c73fb75d0009
         stage change: 1 check fails, 1 is unknown, 2 pass; policy cccccccccccc; judged 2026-11-24 10:05 UTC

FAIL     code  14 files, 1 min 15 s
         - 2 findings at or above low, 0 allowed
         a/b.py    K6  unrated  with a path
         a/b.py:7  K7  unrated  with a line
         1 finding below the line that blocks: see verdict.json
         run it again: clearance run --only code

UNKNOWN  load  2,300 requests, 8.4 s
         - p95 291 ms, at most 300 asked for: run longer
         its own last words:
         | started
         |     indented
         run it again: nox -s load

PASS     unit  312 tests, 8.4 s
         measured: lines 97 %
PASS     iac   1 resource, reused
         1 finding waived: CKV_1 on db.*; owner platform, expires 2027-03-31, 127 days left: One zone will do

expired waiver, renew or delete it: B101, for code; owner data, expired 2026-11-23, 1 day ago: Importer
idle waiver, covers nothing, delete it: B999 in a/*, for code; owner qa, expires 2026-11-24, today is its last day: Wide
"""
    outputs = {"load": "\x1b[31mstarted\x1b[0m\n\n\tindented\n", "unit": "not shown, it passed"}

    assert expected == text.render(MIXED, outputs=outputs, reproduce={"load": "nox -s load"})


def test_colour_only_when_asked_for():
    """With colour the answers are coloured and nothing else differs."""
    coloured = text.render(MIXED, colour=True)

    assert text.render(MIXED) == re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert coloured.startswith("\x1b[1;31mFAIL\x1b[0m ")


def test_text_counts_what_it_leaves_out():
    """Ten findings a check are shown, the rest is counted by rule and where it is; the answer is repeated."""
    failed = ruling("code", Decision.FAIL, *["why"] * 20, blocking=KINDS * 4, new=KINDS)
    shown = text.render(verdict(failed), outputs={"code": "last words\n" * 5}, file="out/v.json")

    assert "         and 30 more (K0 3, K1 3, K2 3, …): see out/v.json\n" in shown
    assert "last words" not in shown
    assert "         - and 8 reasons more: see out/v.json\n" in shown
    assert shown.splitlines()[-1] == "FAIL     failed: code"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            1,
            [
                "and 90 more (K0 9, K1 9, K2 9, …): see verdict.json",
                "1 finding waived: W0; owner platform, expires 2027-03-01, 97 days left: One zone will do",
                "1 finding waived: W1; owner platform, expires 2027-03-02, 98 days left: One zone will do",
                "18 findings waived by 18 further waivers, none of which expires before 2027-03-03: see verdict.json",
                "run it again: clearance run --only c0",
            ],
        ),
        (
            6,
            [
                "and 97 more (K3 10, K4 10, K5 10, …): see verdict.json",
                "20 findings waived by 20 waivers, none of which expires before 2027-03-01: see verdict.json",
                "run it again: clearance run --only c0",
            ],
        ),
    ],
)
def test_however_many_checks_fail_it_is_little_more_than_a_screen(number, said):
    """The more checks fail, the fewer findings and waivers of each are shown; the rest is counted."""
    known = {"checks": ("c0",), "resource": None}
    waivers = [replace(WAIVER, rule=f"W{n}", expires=date(2027, 3, 1 + n), **known) for n in range(20)]
    waived = tuple(Waived(finding=KINDS[0], waiver=waiver) for waiver in reversed(waivers))
    checks = [ruling(f"c{n}", Decision.FAIL, "why", blocking=KINDS * 10, waived=waived) for n in range(number)]
    shown = [line.strip() for line in text.render(verdict(*checks)).splitlines()]
    at = next(at for at, line in enumerate(shown) if line.startswith("and "))

    assert shown[at : at + len(said)] == said
    assert shown.count("- why") == number
    assert len(shown) < 60


def test_one_finding_more_is_shown_and_not_counted():
    """A line that says that there is one more takes as much room as the finding itself."""
    shown = text.render(verdict(ruling("code", Decision.FAIL, blocking=(*KINDS, KINDS[0]))))

    assert shown.count("no severity") == 2
    assert "more" not in shown


def test_findings_are_cut_to_the_terminal():
    """On a terminal, a finding stays on its line; elsewhere its message is whole."""
    one = Finding(rule="R", message="word " * 30, path="a/b.py", line=7)
    of = verdict(ruling("code", Decision.FAIL, blocking=(one,)))

    (cut,) = [line for line in text.render(of, width=80).splitlines() if "a/b.py:7" in line]
    assert cut == "         a/b.py:7  R  unrated  word word word word word word word word word wor…"
    assert ("word " * 30).strip() in text.render(of)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_is_coloured_unless_it_cannot_or_must_not(environment, wanted):
    """A dumb terminal and one whose user has set NO_COLOR get plain text."""
    assert wanted is wants_colour(environment)


def test_a_wide_character_takes_two_columns():
    """Columns stay in line and lines within the terminal where characters are wide, as in Chinese, or combine."""
    said = ("number 1", "長いメッセージ" * 20, "e\u0301" * 90)
    found = [
        Finding(rule="R", message=one, path=path) for one, path in zip(said, ("a.py", "長い.py", "b.py"), strict=True)
    ]
    rows = text.render(verdict(ruling("code", Decision.FAIL, blocking=found)), width=80).splitlines()[4:7]

    assert "         a.py     R  unrated  number 1" == rows[0]
    assert ("         長い.py  R  unrated  " + "長いメッセージ" * 3 + "長いメ…") == rows[1]
    assert ("         b.py     R  unrated  " + "e\u0301" * 49 + "…") == rows[2]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a rule."""

    tool: str
    why: str = "it leaks"
    remedy: str = "mend it"


def known(*rules, tools=("tool",)):
    """Explain these rules alone, once for each tool."""
    return lambda rule: [Known(tool=tool, why=f"as {tool} has it") for tool in tools] if rule in rules else []


def test_a_rule_that_is_explained_says_where():
    """Where a rule that blocks is explained, the command that explains it is there, safe to be pasted."""
    found = [Finding(rule=rule, message="m", path="a.py") for rule in ("Z1", "A key; $(x)")]
    of = verdict(ruling("code", Decision.FAIL, blocking=found))

    assert "what a rule is for, and what to do: clearance explain Z1\n" in text.render(of, explain=known("Z1"))
    assert "clearance explain 'A key; $(x)'\n" in text.render(of, explain=known("A key; $(x)"))
    assert "clearance explain" not in text.render(of)


@pytest.mark.parametrize("audience", ["text", "markdown", "html"])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"complete": False}, "partial verdict"),
        ({"complete": False, "missing": ("secrets",)}, "not judged here, though the stage requires it: secrets"),
        ({"now_overridden": True, "subject_overridden": True}, "made with --now and --subject"),
        ({"reasons": ("the tree changed while it was judged",)}, "the tree changed while it was judged"),
        ({"subject": Subject(tree="sha256:" + "d" * 64)}, "no commit, tree dddddddddddd"),
        (
            {"subject": replace(SUBJECT, dirty=False, run_id="run-7")},
            "commit 3f2a91c07b1e, tree c73fb75d0009, run run-7",
        ),
    ],
)
def test_what_concerns_the_whole_is_said(audience, fields, said):
    """What keeps a verdict from being used, and what exactly was judged, is in every format that people read."""
    page = RENDERERS[audience](replace(MIXED, **fields))

    assert said in unescaped(page)


def unescaped(page):
    page = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), page)
    return page.replace("\u200b", "")


@pytest.mark.parametrize("audience", ["text", "markdown", "html"])
def test_no_check_at_all_is_said(audience):
    """A verdict without a ruling does not look like a pass."""
    page = RENDERERS[audience](verdict())

    assert "UNKNOWN" in page
    assert "no check was judged" in page


@pytest.mark.parametrize("audience", ["json", "markdown", "html"])
@pytest.mark.parametrize("kept", ["blocking", "tolerated", "new", "waived"])
def test_every_finding_appears(audience, kept):
    """Whatever kind a finding is of, and whatever became of it, it is shown."""
    findings = tuple(Waived(finding=one, waiver=WAIVER) for one in KINDS) if kept == "waived" else KINDS
    page = unescaped(RENDERERS[audience](verdict(ruling("code", Decision.PASS, **{kept: findings}))))

    assert [finding for finding in KINDS if finding.rule not in page or finding.message not in page] == []


def test_json_has_the_documented_shape():
    """verdict.json is an object of schema 1 with every documented key, lower-case values and moments in UTC."""
    tokyo = MIXED.judged_at.astimezone(timezone(timedelta(hours=9)))
    document = json.loads(RENDERERS["json"](replace(MIXED, judged_at=tokyo)))

    assert list(document)[:8] == ["schema", "decision", "reasons", "complete", "missing", "stage", "subject", "rulings"]
    assert [document[key] for key in ("schema", "decision", "stage", "judged_at")] == [
        1,
        "fail",
        "change",
        "2026-11-24T10:05:00Z",
    ]
    assert document["rulings"][1]["waived"][0] == {
        "finding": {
            "rule": "CKV_1",
            "message": "One zone",
            "severity": None,
            "path": None,
            "line": None,
            "resource": "db.main",
            "help_url": None,
            "fingerprint": "",
            "suppressed": False,
        },
        "waiver": {
            "checks": ["iac"],
            "rule": "CKV_1",
            "owner": "platform",
            "reason": "One zone will do",
            "expires": "2027-03-31",
            "path": None,
            "resource": "db.*",
            "at_most": 1,
            "fingerprints": [],
        },
    }
    assert {"check", "digest", "inputs_digest", "tool", "reach", "unit", "reused", "seconds"} == set(
        document["evidence"][0]
    )


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b'{"schema":2,"decision":"pass"}', b'{"schema":1,"decision":"maybe"}', b"\xff"]
)
def test_what_is_no_verdict_is_refused(damage):
    """Bytes that `render_bytes` did not make are unreadable, not a verdict."""
    with pytest.raises(UnreadableError, match="verdict"):
        verdict_json.loads(damage)
    with pytest.raises(UnreadableError, match="damaged"):
        verdict_json.loads(verdict_json.render_bytes(MIXED)[:-1])


def test_a_file_name_in_unknown_bytes_is_still_json():
    """Half a surrogate pair, which stands for a byte that is no UTF-8, is written as its escape."""
    one = Finding(rule="R", message="m", path="caf\udce9.py")
    document = json.loads(verdict_json.render_bytes(verdict(ruling("code", Decision.FAIL, blocking=(one,)))))

    assert document["rulings"][0]["blocking"][0]["path"] == "caf\\udce9.py"


def test_markdown_begins_with_the_answer_in_a_heading():
    """The summary's first line is the answer, as a heading of the third level; checks follow, the worst first."""
    page = markdown.render(MIXED)

    assert page.startswith("### ❌ FAIL: commit 3f2a91c07b1e with uncommitted changes, tree c73fb75d0009\n")
    assert re.findall(r"^\| \S+ [A-Z]+ \| <code>(\w+)</code>", page, re.MULTILINE) == ["code", "load", "unit", "iac"]
    assert page.count("<details>") == page.count("</details>") == 4


@pytest.mark.parametrize("limit", [markdown.LIMIT, 20_000])
def test_markdown_stays_below_githubs_limit_and_counts_the_rest(limit):
    """However much there is to say, the page ends in time, stays well-formed and counts what it left out."""
    long = [Finding(rule="R" * 500, message="|<é" * 500, path="p/" * 500) for _ in range(1000)]
    many = [ruling(f"check {n}", Decision.FAIL, *["why `" * 300] * 40, blocking=tuple(long)) for n in range(300)]
    page = markdown.render(verdict(*many), outputs={"check 0": "<&\n" * 1000}, limit=limit)

    assert len(page.encode()) <= limit
    assert page.count("<details>") == page.count("</details>")
    assert re.search(r"The details of \d+ checks did not fit here: see <code>verdict.json</code>", page)


def test_a_comment_fits_a_pull_request():
    """The same page for a comment has fewer than 65,536 characters, and counts what it left out."""
    long = [Finding(rule=f"R{n}", message="<é🛫" * 90, path=f"p/{n}") for n in range(1000)]
    page = RENDERERS["comment"](verdict(ruling("code", Decision.FAIL, "why", blocking=tuple(long))))

    assert 60_000 < len(page.encode()) <= 65_536
    assert re.search(r"and \d+ findings more in <code>verdict.json</code>", page)


def test_markdown_counts_findings_beyond_its_number():
    """Two hundred findings a check are listed and the rest is counted."""
    page = markdown.render(verdict(ruling("code", Decision.FAIL, blocking=KINDS * 30)))

    assert "and 100 findings more in <code>verdict.json</code>" in page


def test_markdown_links_and_notifies_nobody():
    """A tool's text makes no mention, reference, link, image or markup of GitHub's."""
    said = "@octocat #12 GH-3 www.evil.test https://evil.test [a](b) ![c](d) **e** <img src=x> `f` | g"
    page = markdown.render(verdict(ruling("code", Decision.FAIL, said, blocking=(Finding(rule="R", message=said),))))
    shown = MarkdownIt("commonmark").enable("table").render(page)

    assert re.findall(r"@octocat|#12|GH-3|www\.evil|https://evil|<a |<img|<strong|<em", shown) == []
    assert "| blocks | <code>(no place)</code> | <code>R</code> | unrated |" in page


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("javascript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org", None),
        ('https://example.org/"onclick="x', None),
        ("https://example.org/\u202e", None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url, expected):
    """A help address is a link only if it opens a web page."""
    assert expected == html.link(url)


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (1, "files", "1 file"),
        (0, "files", "0 files"),
        (1, "queries", "1 query"),
        (2, "check", "2 checks"),
        (12345, "tests", "12,345 tests"),
    ],
)
def test_numbers_agree_with_their_nouns(number, noun, expected):
    """One file, two files."""
    assert expected == words.count(number, noun)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.004, "0 s"),
        (0.42, "0.42 s"),
        (8.41, "8.4 s"),
        (59.4, "59 s"),
        (59.7, "1 min 0 s"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations_say_what_matters(seconds, expected):
    """Seconds below a minute, minutes below an hour."""
    assert expected == words.duration(seconds)


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_the_command_names_a_stage_that_is_not_the_usual_one(name):
    """Whoever copies the command to run a check of another stage again, runs that check."""
    failed = Ruling(check="audit", decision=Decision.UNKNOWN, reasons=("not seen",))
    shown = RENDERERS[name](verdict(failed, stage=Stage.LIVE))
    assert "clearance run --stage live --only audit" in shown
