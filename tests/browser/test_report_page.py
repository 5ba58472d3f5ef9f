"""What a real browser makes of the report page: what is seen, found, linked to, read out, printed and kept out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import report_pages

ROOT = Path(__file__).parents[2]
SCREENS = ("light", "dark", "phone")
ALL = [f"check-{name}" for name in ("bandit", "integration", "load", "unit", "checkov", "secrets")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """All that a reader of the pages saw."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in report_pages.PAGES.items():
        (folder / f"{name}.html").write_text(make(), "utf-8")
    command = [sys.executable, "-m", "tests.browser.reading", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout) | {"size": (folder / "whole.html").stat().st_size}


@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_read_it(seen, screen):
    """On every screen axe finds nothing, nothing is logged or requested, nothing lies beyond the edge."""
    found = seen["screens"][screen]

    assert ([], [], 0, "FAIL") == (found["noise"], found["violations"], found["overflow"], found["first"])


def test_paper_shows_all_of_it(seen):
    """On paper what is folded shows, it is white, nothing is there to search with, and it says if it is a part."""
    assert ["#fff", True, False, "Shown: 1 of 4 findings, in 1 of 6 checks, and 0 of 71 scenarios."] == (
        seen["screens"]["print"]
    )


def test_it_is_small(seen):
    """A whole gate's page, with a load run and all scenarios, stays far below a megabyte."""
    assert seen["size"] < 500_000


@pytest.mark.parametrize(
    "words",
    [
        "This change must not go on: 2 checks fail, 1 is unknown, 3 pass.",
        "Possible SQL injection vector",
        "select * from flights where",
        "expires 2027-03-31 127 days left",
        "Failed at",
        "What these rules are for, and what to do",
        "GET /v1/flights/2031-05-01/UA/one/JFK was answered 404 Not Found",
        "declared, and did not run",
        "sha256:" + "c4" * 32,
        report_pages.COMMIT,
    ],
)
def test_without_scripts_it_is_complete(seen, words):
    """With scripts off the verdict, findings with their source, failures and digests are there to be read."""
    assert words in " ".join(seen["still"]["text"].split())


@pytest.mark.parametrize(
    ("done", "checks", "rows", "scenarios", "address"),
    [
        ("text", ["check-bandit"], 1, 0, "#q=sql+injection"),
        ("reloaded", ["check-bandit"], 1, 0, "#q=sql+injection"),
        ("passed", ["check-unit", "check-checkov", "check-secrets"], 1, 69, "#decision=pass"),
        ("low", ["check-bandit"], 1, 0, "#severity=low"),
        ("secrets", ["check-secrets"], 0, 0, "#check=secrets"),
        ("scenario", ["check-integration"], 1, 1, "#q=not+how+a+flight+is+named"),
        ("linked", ["check-load"], 0, 1, "#decision=unknown&q=a"),
        ("nothing", [], 0, 0, "#q=nothing+has+this"),
        ("cleared", ALL, 3, 7, ""),
        ("odd", ALL, 3, 7, "#%E0%A4%A"),
    ],
)
def test_what_is_looked_for_is_shown_and_stands_in_the_address(seen, done, checks, rows, scenarios, address):
    """Text and filters narrow checks, findings and scenarios; the address keeps them, and gives them back."""
    found = seen["search"][done]

    assert (checks, rows, scenarios, address) == tuple(found[key] for key in ("checks", "rows", "scenarios", "hash"))


def test_what_is_found_is_read_out(seen):
    """A status that screen readers follow says how much is shown, and a reload fills the box again."""
    assert "4 findings in 6 checks." == seen["search"]["begin"]["status"]
    assert "Shown: 1 of 4 findings, in 1 of 6 checks, and 0 of 71 scenarios." == seen["search"]["text"]["status"]
    assert "sql injection" == seen["search"]["reloaded"]["box"]


@pytest.mark.parametrize(
    ("done", "status"),
    [
        ("scenario", "Shown: 1 of 4 findings, in 1 of 6 checks, and 1 of 71 scenarios."),
        ("nothing", "Nothing here matches. Shown: 0 of 4 findings, in 0 of 6 checks, and 0 of 71 scenarios."),
    ],
)
def test_the_status_counts_scenarios_and_says_that_nothing_matches(seen, done, status):
    """Scenarios are counted beside findings, and an empty page says why it is."""
    assert status == seen["search"][done]["status"]


@pytest.mark.parametrize(
    ("done", "parts"),
    [
        ("begin", ["details-integration", "details-load", "waivers"]),
        ("linked", ["details-integration", "details-load"]),
        ("low", []),
        ("secrets", []),
        ("multi-az", ["waivers"]),
        ("nothing", []),
    ],
)
def test_a_filter_narrows_the_whole_page(seen, done, parts):
    """Load runs, scenarios and waivers that are not looked for go, with those of other checks."""
    assert parts == seen["search"][done]["parts"]


def test_what_is_looked_for_is_marked_where_it_stands(seen):
    """Each place of a word that is looked for is marked, in what is shown alone, and no mark stays behind."""
    found = seen["search"]

    assert (0, 0, 0) == tuple(found[done]["marked"] for done in ("begin", "cleared", "nothing"))
    assert 2 <= found["text"]["marked"] <= 20


def test_the_back_button_takes_a_filter_back(seen):
    """Letters typed one after another are one step back, each filter is another."""
    assert ["#q=sql", "", "#q=sql"] == seen["search"]["history"]


def test_a_findings_own_link_keeps_what_is_looked_for(seen):
    """Following the link of a finding shows it, and the search stays as it is."""
    assert ["#finding-5f0c5f0c5f0c&q=sql", "sql", 1] == seen["search"]["kept"]


def test_a_table_that_fits_is_no_stop_for_the_keyboard(seen):
    """On a wide screen none of the tables needs scrolling, and so none takes the focus."""
    assert 0 == seen["search"]["stops"]


def test_rows_stay_the_worst_first_whatever_was_looked_for_before(seen):
    """Rows that a search made do not stay where it put them: more of them come in the order of the report."""
    assert [True, 700] == seen["long"]["ordered"]


def test_the_keyboard_is_enough(seen):
    """The first stop skips to the checks, a slash goes to the search box."""
    assert ("Skip to the checks", "q") == (seen["search"]["tab"], seen["search"]["slash"])


@pytest.mark.parametrize(
    ("done", "place"),
    [
        ("finding", "finding-5f0c5f0c5f0c"),
        ("check", "check-secrets"),
        ("place", "details-integration-lookup-a-reported-flight-is-found"),
    ],
)
def test_an_address_leads_to_its_place(seen, done, place):
    """A link to a finding, a check or a scenario opens what it is folded in, and shows it on the screen."""
    assert [place, True, True] == seen["search"][done][0]


def test_findings_beyond_the_rows_of_the_page_are_listed_when_asked_for(seen):
    """Two hundred rows are there at first, five hundred come with each wish, and a search goes through all of them."""
    found = seen["long"]

    assert (200, 700, 25) == tuple(found[name]["rows"] for name in ("begin", "clicked", "searched"))
    assert "Show 500 more of 2,300 that are not shown." == found["more"]


def test_an_address_leads_to_a_finding_that_had_no_row(seen):
    """A link to the two thousand four hundredth finding makes its row, shows it, and goes with a filter too."""
    found = seen["long"]

    assert [["finding-002401aaaaaa", True, True]] == found["linked"]
    assert [[["finding-002401aaaaaa", True, True]], "info"] == found["both"]


def test_attacks_stay_text(seen):
    """Whatever findings, waivers, outputs, source and scenarios hold, none of it runs, loads, links or is too wide."""
    silent = {"noise": [], "dialogs": 0, "taken": ["undefined", 0, 2], "links": ["file:"], "overflow": 0}

    assert silent == seen["attack"]


def test_a_filtered_page_can_be_read_by_everybody_too(seen):
    """Axe finds nothing on a page of which a filter has left a part."""
    assert [] == seen["search"]["violations"]


def test_nothing_was_logged_or_requested_meanwhile(seen):
    """Searching, following links and listing more is silent and stays within the file."""
    assert ([], [], []) == (seen["still"]["noise"], seen["search"]["noise"], seen["long"]["noise"])
