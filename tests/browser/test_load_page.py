"""What a real browser makes of a load run's page, from a file, as one opens it."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clearance import load_details, load_pages

ROOT = Path(__file__).parents[2]
SCREENS = ("light", "dark", "phone")
ATTACK = "</script><script>window.taken = 1; alert(1)</script><img src=x onerror='window.taken = 1; alert(2)'>"
TALL = load_details.make(seconds=20)


def with_texts(value):
    """The same details with an attack in every text, and as every name."""
    if isinstance(value, dict):
        return {key: with_texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [with_texts(one) for one in value]
    return ATTACK if isinstance(value, str) else value


def with_numbers(value, number):
    """The same details with one number in the place of each."""
    if isinstance(value, dict):
        return {key: with_numbers(one, number) for key, one in value.items()}
    if isinstance(value, list):
        return [with_numbers(one, number) for one in value]
    return number if isinstance(value, int | float) else value


def timeline(at, **columns):
    return {**TALL, "timeline": {"step_s": at[1], "at": at, **columns}, "warmup_s": 0}


PAGES = {
    "typical": load_details.make(),
    "attacked": {**with_texts(TALL), "kind": "load"},
    "zero": with_numbers(TALL, 0),
    "huge": with_numbers(TALL, 1e300),
    "not-a-number": with_numbers(TALL, math.nan),
    "nothing": {"kind": "load"},
    "tiny-steps": timeline([0.0, 1e-300, 2e-300], p50=[1, 2, 3]),
    "huge-steps": timeline([0.0, 1e15], p50=[1e-12, 1e15], intended=[1e15], achieved=[1e-15]),
    "ragged": timeline([0, 1, 2, 3], p50=[1], p99=[None, "x", 4], errors=[1, 2, 3, 4, 5, 6, 7]),
    "one-value": timeline([0, 1], p50=[5, 5], p99=[5, 5], intended=[0, 0], achieved=[0, 0]),
    "heat": {**TALL, "heatmap": {"step_s": 1e-300, "edges_ms": [0, 1e-12, 1e15], "counts": [[1e15], [1, 2, 3], 4]}},
    "curves": {**TALL, "percentiles": {"at": [0, 99.99999999, 100], "series": [{"name": "a", "ms": [1, 1, 1]}] * 9}},
}


def planted(page):
    """A page that someone has changed: another script in it, one of ours no longer what it was, a picture from afar."""
    begun = page.replace("(function () {", "window.taken = 1; (function () {")
    return begun.replace("</main>", "<script>window.taken = 2</script><img src='http://127.0.0.1:9/x.png'></main>")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """All that the browser saw, by page and view."""
    folder = tmp_path_factory.mktemp("pages")
    for name, details in PAGES.items():
        (folder / f"{name}.html").write_text(load_pages.page(details), "utf-8")
    (folder / "planted.html").write_text(planted(load_pages.page()), "utf-8")
    command = [sys.executable, "-m", "tests.browser.watching", str(folder)]
    watched = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (0, "") == (watched.returncode, watched.stderr)
    return json.loads(watched.stdout)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_complains_asks_or_obeys(seen, name):
    """Whatever the details hold, nothing is logged, nothing requested, and no text of theirs runs."""
    view = seen[name]["light"]

    assert ([], [], 0, "undefined") == (view["messages"], view["requests"], view["dialogs"], view["titles"][1])


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_is_cut_short(seen, name):
    """Whatever the details hold, the page goes on to its end."""
    assert "Where, and how to repeat it" in seen[name]["light"]["text"]
    assert seen[name]["light"]["text"].rstrip().endswith("Clearance 0.1.0")


def test_a_changed_page_is_kept_from_it(seen):
    """A script that isn't ours to the letter does not run, a picture from afar is not loaded, and it is noticed."""
    view = seen["planted"]["light"]

    assert "undefined" == view["titles"][1]
    assert [0, 0, 0, 0] == [number for _, number in view["colours"]]
    assert ["image-alt"] == [one.split(":")[0] for one in view["violations"]]
    assert 4 == sum("Content Security Policy" in message for message in view["messages"])
    assert ["http://127.0.0.1:9/x.png"] == view["requests"]  # asked for, and refused by the policy


@pytest.mark.parametrize("view", SCREENS)
def test_the_typical_page_is_silent(seen, view):
    """On every screen nothing is logged and nothing requested beyond the file itself."""
    assert ([], []) == (seen["typical"][view]["messages"], seen["typical"][view]["requests"])


@pytest.mark.parametrize("view", SCREENS)
def test_every_plot_is_drawn(seen, view):
    """Each plot's canvas holds its axes and its lines: many colours, not one."""
    colours = dict(seen["typical"][view]["colours"])

    assert ["percentiles", "latency", "rates", "heatmap"] == list(colours)
    assert [] == [name for name, number in colours.items() if number < 5]


@pytest.mark.parametrize("view", SCREENS)
def test_nothing_lies_beyond_the_edge(seen, view):
    """The page is never scrolled sideways, not on a phone either."""
    assert 0 == seen["typical"][view]["overflow"]


@pytest.mark.parametrize("view", SCREENS)
def test_everybody_can_read_it(seen, view):
    """axe-core finds no serious and no critical violation."""
    assert [] == seen["typical"][view]["violations"]


def test_a_plot_is_read_with_the_keyboard(seen):
    """The arrow keys, Home and End go along a plot, which says its values; Escape leaves it."""
    first, second, last, before, left = seen["typical"]["light"]["keys"]
    found = load_details.make()["timeline"]

    assert first.startswith("0 s ")
    assert second.startswith("1 s ")
    assert last.startswith(f"{found['at'][-1]:g} s ")
    assert before.startswith(f"{found['at'][-2]:g} s ")
    assert "\N{EN DASH} \N{EN DASH} \N{EN DASH}" == left


@pytest.mark.parametrize("view", SCREENS)
def test_plots_follow_the_colours(seen, view):
    """Once the reader's colour scheme changes, every plot is drawn anew."""
    assert 4 == seen["typical"][view]["changed"]


@pytest.mark.parametrize("view", SCREENS)
def test_paper_shows_all(seen, view):
    """On paper what is folded shows, and the paper is white."""
    assert [True, "#fff"] == seen["typical"][view]["print"]


def test_without_scripts_the_tables_say_it(seen):
    """With scripts off the page says that plots are missing, and has every table."""
    text = seen["typical"]["still"]["text"]
    titles = (
        "Latency by percentile, counted",
        "Faults planted",
        "Requests by route",
        "What the generator says of itself",
    )

    assert [True] * 4 == [title in text for title in titles]
    assert "Scripts are off" in text
    assert "Scripts are off" not in seen["typical"]["light"]["text"]
