"""What GitHub Actions is told: workflow commands that become annotations, and nothing that a tool could slip in."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from clearance.model import Decision, Finding, Severity
from clearance.render import RENDERERS, words
from tests.clearance.test_render import EXPIRED, KINDS, MIXED, ruling, verdict
from tests.clearance.test_render_hostile import TEXT, said_by, thorough, verdicts

render = RENDERERS["annotations"]
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::([^\n]*)")


def commands(page):
    """What the runner makes of a page: for each command its kind, its properties and its message."""
    made = []
    for line in page.splitlines():
        kind, properties, message = COMMAND.fullmatch(line).groups()
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        made.append((kind, {key: unescaped(value) for key, value in pairs.items()}, unescaped(message)))
    return made


def unescaped(text):
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_the_whole_page_of_a_mixed_verdict():
    """What blocks or is unknown is an error, what only wants to be seen a warning, the answer a notice."""
    assert commands(render(MIXED, reproduce={"load": "nox -s load"})) == [
        (
            "error",
            {"title": "load is unknown"},
            "p95 291 ms, at most 300 asked for: run longer; run it again: nox -s load",
        ),
        ("error", {"file": "a/b.py", "title": "code: K6 (unrated)"}, "with a path"),
        ("error", {"file": "a/b.py", "line": "7", "title": "code: K7 (unrated)"}, "with a line"),
        (
            "warning",
            {"title": "a waiver has expired"},
            f"B101, for code; owner {EXPIRED.owner}, expired 2026-11-23, 1 day ago",
        ),
        ("warning", {"title": "code: K0 (unrated)"}, "below the line that blocks: (no place): no severity"),
        (
            "notice",
            {"title": "Clearance"},
            (
                f"FAIL: {words.subject(MIXED.subject)}; 1 check fails, 1 is unknown, 2 pass; "
                "failed: code; unknown: load; 1 finding waived"
            ),
        ),
    ]


def test_the_tenth_says_how_many_there_are_besides():
    """Of each kind there are ten at most, the worst first, and the last one counts those that GitHub would drop."""
    found = [Finding(rule=f"R{n}", message="m", path="a.py", severity=list(Severity)[n % 5]) for n in range(100)]
    made = commands(render(verdict(ruling("code", Decision.FAIL, blocking=found[:50], tolerated=found[50:]))))
    kinds = [kind for kind, _, _ in made]

    assert {kind: kinds.count(kind) for kind in kinds} == {"error": 10, "warning": 10, "notice": 1}
    assert [properties["title"] for _, properties, _ in made[:9]] == [f"code: R{n} (critical)" for n in range(4, 49, 5)]
    assert made[9] == (
        "error",
        {"title": "Clearance"},
        "and 41 more, which GitHub would drop: see the summary, or verdict.json",
    )
    assert made[19][2] == "and 41 more, which GitHub would drop: see the summary, or verdict.json"


def test_exactly_ten_need_no_remark():
    """Ten errors are ten errors."""
    made = commands(render(verdict(ruling("code", Decision.FAIL, "why", blocking=KINDS))))

    assert sum(kind == "error" for kind, _, _ in made) == 10
    assert not any("more, which" in message for _, _, message in made)


@pytest.mark.parametrize("path", ["a,b.py", "a:b.py", "100%.py", "a%2Cb.py", "line\nbreak.py"])
def test_paths_are_escaped_as_the_runner_unescapes_them(path):
    """What separates properties in a command is no separator in a path."""
    one = Finding(rule="R,R::R", message="50 %, a: b\r\nc%0A", path=path, line=3)
    (_, properties, message) = commands(render(verdict(ruling("c", Decision.FAIL, blocking=(one,)))))[0]

    assert properties == {"file": path.replace("\n", " ⏎ "), "line": "3", "title": "c: R,R::R (unrated)"}
    assert message == "50 %, a: b ⏎ c%0A"


def test_what_concerns_the_whole_comes_first():
    """A tree that changed is the first error, a partial verdict the first warning."""
    made = commands(render(replace(MIXED, reasons=("the tree changed",), complete=False)))

    assert made[0] == ("error", {"title": "Clearance"}, "the tree changed")
    assert next(message for kind, _, message in made if kind == "warning").startswith("this is a partial verdict")


@thorough
@given(verdict=verdicts(TEXT), output=TEXT)
def test_no_tool_gives_a_command(verdict, output):
    """Whatever the tools say, each line is one command of ours, with our properties alone, within the limits."""
    page = render(verdict, outputs=said_by(verdict, output), reproduce=said_by(verdict, output))
    made = commands(page)
    kinds = [kind for kind, _, _ in made]

    assert page.encode().decode() == page
    assert "##[" not in page
    assert {name for _, properties, _ in made for name in properties} <= {"file", "line", "title"}
    assert max(kinds.count(kind) for kind in kinds) <= 10
    assert kinds.count("notice") == 1
