"""What a load run's section of the page shows, and that no details, whatever they hold, break it or get out of it."""

import base64
import hashlib
import json
import math
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearance.model import Decision, Json, Measure, Ruling
from clearance.render import html, load_drawing, load_facts, load_page, load_words
from tests.clearance import load_details, load_pages

UPLOT = Path(__file__).with_name("uplot-1.6.32.sha256")  # of what the npm registry has under that version
DASH = "\N{EN DASH}"
RULING = Ruling(check="load", decision=Decision.PASS, reasons=())
ATTACKS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "\" onfocus='alert(1)' autofocus=\"",
    "\u2028alert(1)\u2029",
    "\x00\x1b[2J\r\n\x85",
    "\u202egnp.exe",
    "caf\udce9",
    "{{ 7 * 7 }}",
    "]]>",
]


class Blocks(HTMLParser):
    """The elements of a page with their attributes, and the text of its styles and scripts."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self._open = [], [], None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in {"script", "style"}:
            self._open = (tag, dict(attributes).get("type"))
            self.texts.append([*self._open, ""])

    def handle_endtag(self, tag):
        self._open = None if tag in {"script", "style"} else self._open

    def handle_data(self, data):
        if self._open:
            self.texts[-1][2] += data


def blocks(page, tag, kind=None):
    return [text for name, type_, text in Blocks(page).texts if (name, type_) == (tag, kind)]


def data(page) -> Json:
    return json.loads(blocks(page, "script", "application/json")[0])


def source(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture(scope="module")
def page():
    return load_pages.page()


def test_the_library_is_the_published_one():
    """What is vendored of uPlot equals what the registry has, to the byte, its licence included."""
    folder = files("clearance.render").joinpath("vendor/uplot")
    found = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir()}

    assert {name: digest for digest, name in map(str.split, UPLOT.read_text().splitlines())} == found


def test_the_policy_allows_our_own_blocks_alone(page):
    """The content security policy names the hash of each inline block that is there, and nothing else."""
    styles, scripts = blocks(page, "style"), blocks(page, "script")
    policy = next(
        attributes["content"]
        for tag, attributes in Blocks(page).elements
        if tag == "meta" and "http-equiv" in attributes
    )

    assert (1, 3) == (len(styles), len(scripts))
    assert (
        f"default-src 'none'; style-src {source(styles[0])}; script-src {' '.join(map(source, scripts))}; "
        "base-uri 'none'; form-action 'none'"
    ) == policy


def test_nothing_is_loaded(page):
    """No element has an address of something to fetch, and no attribute holds a style or a handler."""
    attributes = {name for _, found in Blocks(page).elements for name in found}

    assert set() == attributes & {"src", "srcset", "style", "data", "action", "poster", "background"}
    assert [] == [name for name in attributes if name.startswith("on")]
    assert [] == re.findall(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", page)


def test_a_typical_run_is_small(page):
    """A page with a run of more than a minute, in steps of a second, stays below 250 KB."""
    assert len(page.encode()) < 250_000


def test_two_runs_share_styles_and_scripts():
    """Two checks with a load run make two sections, and the library stands in the page once."""
    details = load_details.make()
    verdict = load_pages.verdict()
    both = html.render(verdict, details={"load": details, "unit": details})

    assert (2, 3) == (both.count("data-load aria"), len(blocks(both, "script", "application/json")))
    assert (1, 3) == (len(blocks(both, "style")), len(blocks(both, "script")))


def test_details_of_another_kind_are_not_drawn():
    """What no renderer knows how to draw leaves the page as it is without."""
    verdict = load_pages.verdict()

    assert html.render(verdict) == html.render(verdict, details={"load": {"kind": "unheard of"}})


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (
            Decision.PASS,
            '<b class="pass">PASS</b> 3 objectives: 1 not decided, 2 met, by 9,041 requests in 75 s.</p>',
        ),
        (
            Decision.UNKNOWN,
            (
                '<b class="unknown">UNKNOWN</b> 3 objectives: 1 not decided, 2 met, by 9,041 requests in 75 s. '
                "availability 0.11 % (0.04 to 0.21), at most 0.1 asked for: run about 42 seconds longer</p>"
            ),
        ),
    ],
)
def test_the_answer_stands_first(decision, expected):
    """The section begins with the ruling's word, the objectives counted, and the reason where it isn't a pass."""
    assert expected in load_pages.page(decision=decision)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 0.01, Decision.PASS),
        (0.0, 0.0101, Decision.UNKNOWN),
        (0.0101, 0.02, Decision.FAIL),
        (None, 0.001, Decision.UNKNOWN),
        ("0", float("nan"), Decision.UNKNOWN),
    ],
)
def test_the_whole_interval_decides(low, high, expected):
    """An objective is met if its interval lies within the budget, missed if it lies beyond, else not decided."""
    one = {"name": "reads", "target": 0.99, "low": low, "high": high}

    assert [expected] == [level.decision for level in load_facts.levels({"objectives": [one]}, RULING)]


def test_the_judged_interval_is_shown():
    """Where the ruling has a measure of an objective's name, it is the measure's interval that decides and is shown."""
    measured = Ruling(
        check="load",
        decision=Decision.FAIL,
        reasons=(),
        measures=(Measure(name="reads", value=0.03, low=0.02, high=0.04),),
    )
    one = {"name": "reads", "target": 0.99, "value": 0.0, "low": 0.0, "high": 0.0}
    level = load_facts.levels({"objectives": [one]}, measured)[0]

    assert (Decision.FAIL, 0.03, 0.02, 0.04) == (level.decision, level.value, level.low, level.high)


def test_undecided_objectives_say_how_much_longer(page):
    """An objective that is not decided says for how many seconds to run on, and a decided one doesn't."""
    assert ["run about 42 seconds longer"] == re.findall(r"<small>(run about.*?)</small>", page)


@pytest.mark.parametrize(
    ("ms", "expected"),
    [(None, DASH), (0.0, "0 ms"), (0.4234, "0.42 ms"), (8.06, "8.1 ms"), (212.4, "212 ms"), (12400.0, "12,400 ms")],
)
def test_milliseconds_have_the_digits_that_count(ms, expected):
    """Two digits below a hundred, whole milliseconds above."""
    assert expected == load_facts.milliseconds(ms)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (None, DASH),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.0012, "0.12 %"),
        (0.999, "99.9 %"),
        (0.9997, "99.97 %"),
        (3e-8, "under 0.0001 %"),
        (0.5, "50 %"),
    ],
)
def test_shares_show_how_near_they_are(share, expected):
    """A share near nothing or near all keeps the digits that tell it from that."""
    assert expected == load_facts.percent(share)


def test_an_interval_beyond_the_scale_has_an_arrow():
    """A bar ends at the edge of its drawing, and says where the interval goes on."""
    one = {"name": "reads", "target": 0.99, "value": 0.5, "low": 0.005, "high": 0.9}
    drawn = load_drawing.interval(load_facts.levels({"objectives": [one]}, RULING)[0])

    assert (40.0, 200.0, 240.0, True) == (drawn.x, drawn.width, drawn.at, drawn.beyond)


def test_parts_fill_their_bar():
    """The segments of a bar follow one another, in proportion, each known part in its own colour."""
    found = load_facts.parts(
        [{"name": "handler", "ms": 30}, {"name": "database read", "ms": 10}, {"name": "odd", "ms": 40}]
    )
    drawn = load_drawing.bar("read", found, 160, [], 640)

    assert [(0.0, 120.0, 4), (120.0, 40.0, 5), (160.0, 160.0, 7)] == [(s.x, s.width, s.colour) for s in drawn.segments]
    assert "read: 80 ms, of it handler 30 ms, database read 10 ms, odd 40 ms" == drawn.says


def test_plots_get_numbers_and_nines(page):
    """The script is handed each column at full length, and percentiles by their nines, the hundredth left out."""
    run = data(page)

    assert {75} == {len(run["timeline"][name]) for name in ("at", "intended", "achieved", "p50", "p99", "errors")}
    assert (75, 24) == (len(run["heatmap"]["counts"]), len(run["heatmap"]["counts"][0]))
    assert [4.0, 99.99] == [run["percentiles"]["x"][-1], run["percentiles"]["at"][-1]]
    assert [("read latency", 300.0, 2.0), ("write latency", 800.0, 2.0)] == [
        (one["name"], one["ms"], one["x"]) for one in run["budgets"]
    ]
    assert [{"name": "database restart", "at": 43.0, "until": 45.6}] == run["faults"]


def test_each_plot_has_its_words(page):
    """Every plot is named in words that hold its main numbers, for whoever cannot see it or has no script."""
    labels = [found["aria-label"] for _, found in Blocks(page).elements if "data-plot" in found]

    assert len(labels) == 4
    assert labels[0].startswith("Latency by percentile. read: p50 6.5 ms")
    assert labels[1].endswith("longest at 43 s; 10 errors.")
    assert "the widest gap" in labels[2]
    assert "most of them within" in labels[3]


def test_a_timeline_is_summed_up_in_a_dozen_rows():
    """The table beside the timeline loses no error and no peak, however long the run."""
    found = load_facts.timeline(load_details.make())
    rows = list(load_words.spans(found))

    assert len(rows) == 11
    assert 10 == sum(int(row[-1]) for row in rows)
    assert load_facts.milliseconds(max(found.p99)) in [row[4] for row in rows]


@pytest.mark.parametrize(
    "details", [{"kind": "load"}, {"kind": "load", "objectives": 5, "timeline": [], "heatmap": "x"}]
)
def test_a_run_of_nothing_says_so(details):
    """Details that hold nothing make a section that says what is not known."""
    section = load_page.draw(RULING, details, anchor="a", again="clearance run").html

    assert f"No objective was measured, by {DASH} requests in {DASH}." in section
    assert "Nothing is known of the course of the run." in section


def anything():
    numbers = st.one_of(
        st.floats(), st.integers(), st.sampled_from([10**400, -(10**400), 1e308, math.nan, -0.0, True, 1e-300, 5e-324])
    )
    leaf = st.one_of(st.none(), numbers, st.sampled_from(ATTACKS), st.text(max_size=8))
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
    )


TEXT = st.sampled_from(ATTACKS) | st.text(max_size=8)
REAL = load_details.make(seconds=4)
SCRIPTS = blocks(load_pages.page(REAL), "script")


def places(value, path=()):
    """Every place in details, as the keys and numbers that lead there."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, inner in members:
        yield from places(inner, (*path, key))


def planted(value, path, other):
    """The same details with something else at one place."""
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = planted(copy[path[0]], path[1:], other)
    return copy


@st.composite
def hostile(draw):
    details = REAL
    for path in draw(st.lists(st.sampled_from(list(places(REAL))[1:]), min_size=1, max_size=4)):
        try:
            details = planted(details, path, draw(anything()))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier plant took that place away
    return {**details, "kind": "load"}


def shape(page):
    """The elements and attribute names of a page, without what a run has more or less of."""
    return {(tag, frozenset(found)) for tag, found in Blocks(page).elements}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(details=hostile(), decision=st.sampled_from(Decision))
def test_no_details_break_the_page(details, decision):
    """Whatever details hold, the page has our elements alone, the same scripts, and data that a browser can parse."""
    page = load_pages.page(details, decision)
    run = data(page)

    assert page.encode().decode() == page
    assert set() == {tag for tag, _ in shape(page)} - OURS
    assert SCRIPTS == blocks(page, "script")
    assert [] == [n for _, names in shape(page) for n in names if n.startswith("on") or n in {"src", "style", "srcdoc"}]
    assert page.replace("\n", "").isprintable()
    assert {"budgets", "warmup", "faults", "timeline", "percentiles", "heatmap"} == set(run)


@settings(max_examples=200, deadline=None)
@given(
    value=st.recursive(st.none() | TEXT | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))
)
def test_embedded_json_stays_inside_its_element(value):
    """What is embedded decodes to what it was, in characters that end no element and begin no comment."""
    said = load_page.embed(value)

    assert value == json.loads(said)
    assert [] == re.findall(r"[<>&\u2028\u2029]|[^\x20-\x7e]", said)


OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "script", "noscript"),
    *("h1", "h2", "h3", "p", "details", "summary", "b", "strong", "span", "ul", "li", "div", "figure", "figcaption"),
    *("table", "caption", "thead", "tr", "th", "td", "br", "small", "a", "code", "pre"),
    *("nav", "tbody", "label", "input", "select", "option", "button"),
    *("svg", "rect", "line", "circle", "path"),
}
