"""Laws that hold whatever a tool, a path or a waiver says."""

import json
from datetime import UTC
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clearance.model import Decision, Exhibit, Finding, Measure, Ruling, Subject, Verdict, Waived, Waiver
from clearance.render import html, markdown, text, verdict_json

ATTACKS = [
    "<script>alert(1)</script>",
    "</details></table></pre></code><script src=//evil.test>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "https://evil.test/\"onmouseover='alert(1)'",
    "\x1b[2J\x1b[1;1H\x1b]0;title\x07",
    "\nPASS     everything\n",
    "\r\nFAIL\x85UNKNOWN\u2028PASS",
    "\u202egnp.exe\u2066\u200f\ufeff\u00ad",
    "caf\udce9",
    "{{ 7 * 7 }} {% raw %}",
    "| a | b |\n|---|---|\n# heading\n- item\n```\ncode",
    "![x](https://evil.test) [x](javascript:x) <https://evil.test> **b** _i_ ~~s~~",
    "&lt;script&gt; &#60;script&#62; \\<script>",
    "@octocat",
    "::error file=x::planted",
    "##[error]planted",
    "<details><summary>PASS</summary>\n\n### PASS\n</details><!-- ",
    "    indented\n> [!WARNING]\n> quoted\n\n- [x] done\n1. one\n===\n***",
    "[^1] $$x$$ :tada: [a]: https://evil.test 'x' mailto:a@evil.test org/repo#7 GH-7",
    "[" * 40 + "`" * 9 + "~" * 9 + "\\|\\",
]
OURS_IN_HTML = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "nav",
        "main",
        "section",
        "footer",
        "h1",
        "h2",
        "p",
        "details",
    ),
    *(
        "summary",
        "b",
        "strong",
        "span",
        "ul",
        "li",
        "div",
        "table",
        "tr",
        "th",
        "td",
        "br",
        "small",
        "a",
        "code",
        "pre",
        "thead",
        "tbody",
        "label",
        "input",
        "select",
        "option",
        "button",
        "script",
    ),
}
OURS_IN_MARKDOWN = {
    *("h3", "p", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "br", "code", "details", "summary", "b"),
    *("ul", "li", "pre", "sub"),
}
TEXT = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.tuples(st.sampled_from(ATTACKS), st.sampled_from(ATTACKS)).map("".join),
)
CLEAN_TEXT = st.one_of(st.sampled_from([a for a in ATTACKS if "\udce9" not in a]), st.text(max_size=20))


def verdicts(words):
    """Every kind of verdict, with `words` wherever a string may stand."""
    maybe = st.none() | words
    some = st.lists(words, max_size=2).map(tuple)
    number = st.floats(allow_nan=False, allow_infinity=False)
    finding = st.builds(
        Finding, rule=words, message=words, path=maybe, resource=maybe, help_url=maybe, fingerprint=words
    )
    waiver = st.builds(Waiver, checks=some, rule=words, owner=words, reason=words, path=maybe, resource=maybe)
    measure = st.builds(Measure, name=words, unit=words, value=number, low=number, high=number)
    findings = st.lists(finding, max_size=2).map(tuple)
    ruling = st.builds(
        Ruling,
        check=words,
        reasons=some,
        blocking=findings,
        tolerated=findings,
        waived=st.lists(st.builds(Waived, finding=finding, waiver=waiver), max_size=2).map(tuple),
        measures=st.lists(measure, max_size=2).map(tuple),
    )
    exhibit = st.builds(
        Exhibit,
        check=words,
        digest=words,
        inputs_digest=words,
        tool=words,
        unit=words,
        reach=st.integers(0, 2**53),
        seconds=st.floats(0, 1e9),
    )
    return st.builds(
        Verdict,
        reasons=some,
        missing=some,
        subject=st.builds(
            Subject,
            commit=maybe,
            tree=maybe,
            config_digest=maybe,
            plan_digest=maybe,
            run_id=maybe,
            workspace=maybe,
        ),
        rulings=st.lists(ruling, max_size=3).map(tuple),
        idle_waivers=st.lists(waiver, max_size=1).map(tuple),
        expired_waivers=st.lists(waiver, max_size=1).map(tuple),
        policy_digest=words,
        evidence=st.lists(exhibit, max_size=2).map(tuple),
        judged_at=st.datetimes(timezones=st.just(UTC)),
        version=words,
    )


thorough = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Elements(HTMLParser):
    """The elements that a browser would make of a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def said_by(verdict, output):
    return {ruling.check: output for ruling in verdict.rulings}


@thorough
@given(verdict=verdicts(TEXT), output=TEXT)
def test_text_is_inert(verdict, output):
    """Text holds nothing but printable characters and line breaks, and no line pretends to be an answer."""
    shown = text.render(verdict, outputs=said_by(verdict, output), reproduce=said_by(verdict, output))
    answers = [line for line in shown.split("\n") if line.startswith(tuple(decision.name for decision in Decision))]

    assert shown.encode().decode() == shown
    assert [character for character in shown if not (character.isprintable() or character == "\n")] == []
    assert len(answers) - len(verdict.rulings) in (1, 2)
    assert [line for line in shown.split("\n") if "##[" in line or line.lstrip().startswith("::")] == []


@thorough
@given(verdict=verdicts(TEXT), output=TEXT)
def test_html_is_inert(verdict, output):
    """A page has the template's elements alone, no handler, and links to web pages only."""
    page = html.render(verdict, outputs=said_by(verdict, output), reproduce=said_by(verdict, output))
    elements = Elements(page).found

    assert page.encode().decode() == page
    assert set() == {tag for tag, _ in elements} - OURS_IN_HTML
    assert set() == {name for _, attributes in elements for name in attributes if name.startswith("on")}
    assert [a["href"] for tag, a in elements if tag == "a" and not a["href"].lower().startswith(("http", "#"))] == []
    assert [c for c in page if not (c.isprintable() or c == "\n")] == []


@thorough
@given(verdict=verdicts(TEXT), output=TEXT)
def test_markdown_is_inert(verdict, output):
    """A summary, once it is rendered, has our own elements alone, each closed, and not one link."""
    page = markdown.render(verdict, outputs=said_by(verdict, output), reproduce=said_by(verdict, output))
    shown = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(page)

    assert page.encode().decode() == page
    assert set() == {tag for tag, _ in Elements(shown).found} - OURS_IN_MARKDOWN
    assert shown.count("<h3>") == 1
    assert shown.count("<details>") == shown.count("</details>")


@thorough
@given(verdict=verdicts(CLEAN_TEXT))
def test_json_loses_nothing(verdict):
    """What is decoded from verdict.json equals the verdict."""
    assert verdict == verdict_json.loads(verdict_json.render_bytes(verdict))


@thorough
@given(verdict=verdicts(TEXT))
def test_json_always_encodes(verdict):
    """No text keeps a verdict from being written as JSON in UTF-8, with every ruling in it."""
    document = json.loads(verdict_json.render_bytes(verdict).decode())

    assert (document["schema"], len(document["rulings"])) == (1, len(verdict.rulings))


@thorough
@given(verdict=verdicts(TEXT), output=TEXT.map(lambda text: text * 500), limit=st.integers(16, 64))
def test_a_comment_always_fits(verdict, output, limit):
    """However short a page must be and whatever the tools say, it ends in time, whole, with the answer first."""
    page = markdown.render(verdict, outputs=said_by(verdict, output), limit=limit * 1024)

    assert len(page.encode()) <= limit * 1024
    assert page.startswith("### ")
    assert page.count("<details>") == page.count("</details>")
