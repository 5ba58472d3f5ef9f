"""The report page as text: what stands in it with no script, what its data hold, and what never gets into it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clearance.model import Decision, Finding, Override, Ruling, Severity
from clearance.render import html, report_rows
from tests.clearance.test_render import EXPIRED, KINDS, MIXED, NOW, WAIVER, exhibit, known, ruling, verdict
from tests.clearance.test_render_hostile import ATTACKS, CLEAN_TEXT, TEXT, verdicts

INERT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WHOLE = {"pass", "unknown", "fail"}


class Page(HTMLParser):
    """Elements, ids, links and the texts of styles and scripts, as a browser finds them."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.ids, self.links, self.blocks, self.kind = [], [], [], [], None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.elements.append((tag, found))
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.kind = (tag, found.get("type")) if tag in {"style", "script"} else None
        if self.kind:
            self.blocks.append([*self.kind, ""])

    def handle_endtag(self, tag):
        self.kind = None

    def handle_data(self, data):
        if self.kind:
            self.blocks[-1][2] += data

    @property
    def data(self):
        return json.loads(next(text for tag, kind, text in self.blocks[::-1] if kind == "application/json"))


def findings(number, **fields):
    return tuple(
        Finding(
            rule=f"R{n % 7}",
            message=f"number {n}",
            path=f"src/f{n % 9}.py",
            line=n + 1,
            fingerprint=f"{n:064x}"[::-1],
            **fields,
        )
        for n in range(number)
    )


def test_it_needs_nothing_but_itself():
    """The page states its language and answer, allows its own styles and scripts alone, and loads nothing."""
    page = html.render(MIXED)
    found = Page(page)
    own = {
        tag: [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for kept, kind, text in found.blocks
            if kept == tag and kind is None
        ]
        for tag in ("style", "script")
    }

    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "<title>FAIL: commit 3f2a91c07b1e with uncommitted changes, tree c73fb75d0009 · Clearance</title>" in page
    assert (
        f"content=\"default-src 'none'; style-src {own['style'][0]}; script-src {own['script'][0]}; "
        "base-uri 'none'; form-action 'none'\""
    ) in page
    assert re.findall(r"<link|<img|src=|url\(|@import|&lt;t|fetch\(|XMLHttp|WebSocket|import\(", page) == []


def test_the_answer_comes_first_and_the_worst_check_before_the_others():
    """The decision is the first heading, and checks follow from the worst to the best."""
    page = html.render(MIXED)
    order = [page.index(f'id="check-{name}"') for name in ("code", "load", "unit", "iac")]

    assert page.index("<h1") < page.index("<h2")
    assert sorted(order) == order


def test_waivers_stand_together_with_their_days():
    """Each waiver has one row that says whose it is, how long it lasts and what it covers; those with a want first."""
    page = html.render(MIXED)
    section = page[page.index('id="waivers"') :]
    order = [section.index(words) for words in ("1 day ago", "today is its last day", "127 days left")]

    assert sorted(order) == order
    assert "covers 1 finding" in section
    assert [1, 1, 1] == [section.count(one.reason) for one in (WAIVER, EXPIRED, MIXED.idle_waivers[0])]


@pytest.mark.parametrize(
    ("decision", "complete", "answer"),
    [
        (Decision.PASS, True, "This change may go on: 1 check passes."),
        (Decision.PASS, False, "Only a part of what this change needs was judged: 1 check passes."),
        (Decision.UNKNOWN, True, "It is not known whether this change may go on: 1 check is unknown."),
        (Decision.FAIL, False, "This change must not go on: 1 check fails."),
    ],
)
def test_the_answer_is_a_sentence(decision, complete, answer):
    """The decision is said in words, and a part that passes is not said to let the whole go on."""
    page = html.render(verdict(ruling("code", decision), complete=complete))

    assert f'<p class="lead">{answer}</p>' in page


def test_what_there_is_stands_below_the_answer():
    """Findings by what became of them, waivers and the one that ends first stand in a line of their own."""
    page = html.render(MIXED)

    assert ("; 3 waivers, the first of which expired 2026-11-23, 1 day ago.</p>") in page
    assert '<p class="soft">1 finding: 1 blocks.</p>' in html.render(
        verdict(ruling("code", Decision.FAIL, blocking=findings(1)))
    )


@pytest.mark.parametrize(("tools", "said"), [(("tool", "other"), ["tool"]), (("one", "other"), ["one", "other"])])
def test_a_rule_is_explained_beside_its_findings(tools, said):
    """Why a rule is there and what to do stand below the findings; of two tools' rules, that of the one that looked."""
    judged = verdict(ruling("code", Decision.FAIL, blocking=findings(9)), evidence=(exhibit("code", 3, "files"),))
    page = html.render(judged, explain=known("R3", tools=tools))

    assert said == re.findall(r"<dt>R3 <span class=\"soft\">(\w+)</span><dd>as \1 has it<dd><b>Do:</b> mend it", page)
    assert "<dt>" not in html.render(judged)


def test_digests_are_whole():
    """Commit, tree, policy and the base's policy stand in the page with every digit."""
    page = html.render(replace(MIXED, base_policy_digest="sha256:" + "b" * 64))

    for digest in (MIXED.subject.commit, MIXED.subject.tree, MIXED.policy_digest, "sha256:" + "b" * 64):
        assert f"<code>{digest}</code>" in page


def test_an_override_is_a_banner_beside_the_decision():
    """The decision stays what it is, and a banner names the people, the end and the reason."""
    by = Override(
        commit="3f2a",
        people=("Ann", "Bob"),
        reason="the region is down",
        begins=NOW,
        expires=datetime(2026, 11, 24, 13, tzinfo=UTC),
    )
    page = html.render(replace(MIXED, override=by))

    assert '<h1 class="fail">FAIL</h1>' in page
    assert ('<p class="override" role="note"><strong>Overridden.</strong> Ann and Bob let it go on until') in page
    assert page.count("the region is down") == 1


@pytest.mark.parametrize(("number", "shown", "hidden"), [(3, 3, ""), (200, 200, ""), (230, 200, "and 30 more in ")])
def test_the_page_holds_two_hundred_rows_a_check_and_counts_the_rest(number, shown, hidden):
    """Without a script, two hundred findings of each check are listed and the others counted."""
    page = html.render(verdict(ruling("code", Decision.FAIL, blocking=findings(number))))

    assert shown == page.count('<tr id="finding-')
    assert hidden in page
    assert bool(hidden) == ('class="more"' in page)


def test_the_data_hold_ten_thousand_findings_of_all_checks_worst_first():
    """Beyond ten thousand findings the last checks are cut to what stands in the page; how many there are is said."""
    many = Ruling(check="a", decision=Decision.FAIL, reasons=(), blocking=findings(9_900))
    more = Ruling(check="b", decision=Decision.FAIL, reasons=(), blocking=findings(500))
    data = Page(html.render(verdict(many, more))).data

    assert [("a", 9_900, 9_900), ("b", 500, 200)] == [
        (c["check"], c["findings"], len(c["rows"])) for c in data["checks"]
    ]


def test_rows_begin_with_what_is_worst():
    """Of a check's findings those that block come first, and of these the severest."""
    blocking = tuple(Finding(rule=str(severity), message="m", severity=severity) for severity in Severity)
    data = Page(html.render(verdict(ruling("c", Decision.FAIL, blocking=blocking, tolerated=KINDS[:1])))).data

    assert ["critical", "high", "medium", "low", "info", "K0"] == [row[3] for row in data["checks"][0]["rows"]]


def test_addresses_of_findings_stay_when_others_come():
    """A finding is found at its fingerprint, which is there as well when it is another row."""
    one = findings(5)[3]
    few = html.render(verdict(ruling("c", Decision.FAIL, blocking=(one,))))
    many = html.render(verdict(ruling("c", Decision.FAIL, blocking=findings(5))))
    anchor = f'id="finding-{one.fingerprint[:12]}"'

    assert (1, 1) == (few.count(anchor), many.count(anchor))


def test_source_lines_stand_below_a_finding():
    """The flagged line is marked among its neighbours, without their common indentation, and escaped."""
    sources = {"a/b.py": {n: f"        line {n} <b>" for n in range(1, 20)}}
    page = html.render(verdict(ruling("c", Decision.FAIL, blocking=KINDS[7:8])), sources=sources)

    assert '<span class="at">    7  line 7 &lt;b&gt;\n</span>' in page
    assert [5, 6, 7, 8, 9] == [int(n) for n in re.findall(r"line (\d+) &lt;", page)]


def test_no_two_things_share_an_address():
    """Checks with odd names and findings with the same fingerprint get ids of their own."""
    same = findings(2)[0]
    page = html.render(
        verdict(
            ruling("a b", Decision.FAIL, blocking=(same, same)),
            ruling("a-b", Decision.FAIL, blocking=(same, Finding(rule="x", message=""), Finding(rule="y", message=""))),
        )
    )
    ids = Page(page).ids

    assert len(set(ids)) == len(ids)
    assert {"check-a-b", "check-a-b.2"} <= set(ids)


STORY = {
    "kind": "scenarios",
    "tool": "pytest 9.2.0",
    "features": [
        {
            "path": "features/lookup.feature",
            "name": "Looking up",
            "narrative": "As an analyst\nI want to look up",
            "tags": ["@local"],
            "background": [{"keyword": "Given", "text": "an airline"}],
            "scenarios": [
                {
                    "name": "Found",
                    "decision": "pass",
                    "steps": [{"keyword": "When", "text": "asked", "table": [["a", "b"], ["1", "2"]]}],
                },
                {
                    "name": "Of <key>",
                    "decision": "fail",
                    "rule": "Keys are keys",
                    "steps": [{"keyword": "When", "text": "asked for <key>", "doc": "as it\n  stands"}],
                    "examples": [
                        {
                            "header": ["key"],
                            "rows": [
                                {"cells": ["A"], "decision": "pass"},
                                {
                                    "cells": ["B"],
                                    "decision": "fail",
                                    "failures": [
                                        {
                                            "step": "When asked for B",
                                            "message": "no",
                                            "exchanges": [
                                                {"request": "GET /b", "answer": "404 Not Found", "body": "{}"}
                                            ],
                                        }
                                    ],
                                },
                                {"cells": ["C"], "decision": "unknown", "why": "declared, and did not run"},
                            ],
                        }
                    ],
                },
            ],
        }
    ],
}


def drawn(details, decision=Decision.FAIL):
    page = html.render(verdict(ruling("integration", decision)), details={"integration": details})
    start = page.index('<section class="scenarios"')
    return page[start : page.index("</section>", start)]


def test_scenarios_are_a_living_document():
    """The section has narrative, background, rule, steps, a verdict for each row, and a failure with its exchange."""
    section = drawn(STORY)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section))

    for words in (
        "1 feature, 2 scenarios: of 4 rows 1 fails, 1 is unknown.",
        "As an analyst I want to look up",
        "Background, before each scenario Given an airline",
        "Rule Keys are keys",
        "When asked for &lt;key&gt;",
        "PASS A",
        "FAIL B Failed at When asked for B no GET /b was answered 404 Not Found {}",
        "UNKNOWN C declared, and did not run",
    ):
        assert words in text


def test_each_scenario_has_an_address_of_its_own():
    """Features and scenarios are found by their names, twice the same one by its turn."""
    twice = {**STORY, "features": [STORY["features"][0], STORY["features"][0]]}
    ids = [one for one in Page(drawn(twice)).ids if one.startswith("details-integration-")]

    assert [
        *("details-integration-title", "details-integration-lookup", "details-integration-lookup-found"),
        *("details-integration-lookup-of-key", "details-integration-lookup-2", "details-integration-lookup-2-found"),
        "details-integration-lookup-2-of-key",
    ] == ids


JSON_TEXT = st.sampled_from([*ATTACKS, *WHOLE]) | st.text(max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | JSON_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "features",
                    "scenarios",
                    "name",
                    "path",
                    "rows",
                    "cells",
                    "examples",
                    "steps",
                    "text",
                    "failures",
                    "decision",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@INERT
@given(details=st.dictionaries(st.sampled_from(["features", "tool", "left_out", "totals"]), VALUES, max_size=4))
def test_no_details_break_the_section(details):
    """Whatever details hold, the section comes with text alone: no element, handler or address that isn't ours."""
    page = html.render(verdict(ruling("c", Decision.FAIL)), details={"c": {**details, "kind": "scenarios"}})
    found = Page(page)

    assert '<section class="scenarios"' in page
    assert [] == [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    assert [] == [link for link in found.links if not link.startswith("#")]
    assert 2 == sum(tag == "script" for tag, _ in found.elements)


@INERT
@given(
    verdict=verdicts(TEXT),
    source=st.dictionaries(TEXT, st.dictionaries(st.integers(1, 9), TEXT, max_size=3), max_size=2),
)
def test_whatever_is_found_the_page_stays_ours(verdict, source):
    """Attacks in findings, names, waivers and source lines leave one style, one script, one piece of data."""
    assume(len({one.check for one in verdict.rulings}) == len(verdict.rulings))
    page = html.render(verdict, sources=source)
    found = Page(page)

    assert [("style", None), ("script", "application/json"), ("script", None)] == [
        tuple(one[:2]) for one in found.blocks
    ]
    assert len(set(found.ids)) == len(found.ids)
    assert {one["check"] for one in found.data["checks"]} == {
        report_rows.clean(one.check, 200) for one in verdict.rulings
    }


@INERT
@given(verdict=verdicts(CLEAN_TEXT))
def test_the_data_are_cleaned_as_the_page_is(verdict):
    """What a script would put in the page holds nothing that hides, reverses or moves text."""
    rows = [cell for check in Page(html.render(verdict)).data["checks"] for row in check["rows"] for cell in row[1:]]

    assert [] == [cell for cell in rows if isinstance(cell, str) and not cell.replace("\n", "").isprintable()]
