"""Make the reports of this folder anew: `python tests/readings/scenarios/make.py`, with pytest-bdd installed."""

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent

STEPS = """
import pytest
from pytest_bdd import given, parsers, then, when


@given("an empty log", target_fixture="log")
def _():
    return []


@when(parsers.re(r"(?P<who>.*) takes off"))
@when(parsers.re(r"(?P<who>.*) startet"))
def _(log, who):
    log.append(who)


@when("the tower is closed")
def _():
    pytest.skip("no tower here")


@when("these take off:")
def _(log, datatable):
    log.extend(row[0] for row in datatable)


@when("this is noted:")
def _(log, docstring):
    log.append(docstring)


@then(parsers.parse("the log holds {count:d}"))
def _(log, count):
    assert count == len(log)
"""
PLAIN = """Feature: Departures
  Background:
    Given an empty log

  Scenario: One flight
    When AA1 takes off
    Then the log holds 1

  @quick
  Scenario: Two flights
    When AA1 takes off
    And AA2 takes off
    Then the log holds 2
"""
RICH = """Feature: Arrivals
  Background:
    Given an empty log

  Scenario Outline: Many <who>
    When <who> takes off
    Then the log holds <count>

    Examples: some
      | who | count |
      | AA1 | 1     |
      | BB2 | 1     |

    @late
    Examples: others
      | who | count |
      | CC3 | 1     |

  Rule: Tables are welcome
    Background:
      When ZZ9 takes off

    Example: One flight
      When these take off:
        | AA1 |
        | AA2 |
      Then the log holds 3

    Scenario: Ça va « bien » ?
      When this is noted:
        '''
        well
        '''
      Then the log holds 2
""".replace("'''", '"""')
GERMAN = """# language: de
Funktionalität: Abflüge
  Grundlage:
    Angenommen an empty log

  Szenariogrundriss: Viele Flüge
    Wenn <wer> startet
    Dann the log holds 1

    Beispiele:
      | wer    |
      | Jürgen |
      | Zoë    |
"""
ODD_ROWS = """Feature: Odd rows
  Background:
    Given an empty log

  Scenario Outline: Row by row
    When <who> takes off
    Then the log holds <count>

    Examples:
      | who  | count |
      | same | 1     |
      | same | 1     |
      | a-b  | 1     |
      |      | 1     |
      | a\\\\b | 1     |
      | a.b  | 1     |
"""
BIND_ALL = "from pytest_bdd import scenarios\n\nfrom steps import *\n\nscenarios('.')\n"
BY_NAME = """from functools import partial

import pytest_bdd
from pytest_bdd import scenario

from steps import *

bind = scenario = partial(pytest_bdd.scenario, "plain.feature")


@scenario("One flight")
def test_departing():
    pass


@pytest_bdd.scenario("plain.feature", "Two flights")
def test_departing_twice():
    pass
"""
ONE_OF_TWO = """from pytest_bdd import scenario

from steps import *


@scenario("plain.feature", "One flight")
def test_one():
    pass
"""
RECORDS = """def pytest_bdd_before_scenario(request, feature, scenario):
    request.node.user_properties += [
        ("feature", feature.rel_filename),
        ("scenario", scenario.name),
        ("line", scenario.line_number),
    ]
"""
BESIDE = """from pytest_bdd import scenario

from steps import *


@scenario("plain.feature", "One flight")
def test_bound():
    pass


def test_two_flights():
    assert True


def test_of_another_kind():
    assert 1 == 2
"""
BROWSERS = """import pytest
from pytest_bdd import scenario

from steps import *


@pytest.mark.parametrize("browser", ["chrome", "firefox"])
@scenario("rich.feature", "Many <who>")
def test_many(browser):
    pass


@scenario("rich.feature", "One flight")
def test_one():
    pass


@scenario("rich.feature", "Ça va « bien » ?")
def test_well():
    pass
"""
SKIP_ALL = "\nimport pytest\n\npytestmark = pytest.mark.skip(reason='environment down')\n"


def with_tag(tag: str) -> str:
    return PLAIN.replace("@quick", tag)


CASES = {
    "all-well": (
        {"plain.feature": PLAIN, "sub/rich.feature": RICH, "de.feature": GERMAN, "checks.py": BIND_ALL},
        (),
    ),
    "by-name": ({"plain.feature": PLAIN, "checks.py": BY_NAME}, ()),
    "by-property": ({"plain.feature": PLAIN, "rich.feature": RICH, "checks.py": BIND_ALL, "conftest.py": RECORDS}, ()),
    "unbound": ({"plain.feature": PLAIN, "checks.py": ONE_OF_TWO}, ()),
    "all-skipped": ({"plain.feature": PLAIN, "checks.py": BIND_ALL + SKIP_ALL}, ()),
    "skip-tag": ({"plain.feature": with_tag("@skip"), "checks.py": BIND_ALL}, ()),
    "xfail-tag": ({"plain.feature": with_tag("@xfail").replace("holds 2", "holds 7"), "checks.py": BIND_ALL}, ()),
    "step-skips": ({"plain.feature": PLAIN.replace("AA2 takes off", "the tower is closed"), "checks.py": BIND_ALL}, ()),
    "undefined-step": ({"plain.feature": PLAIN.replace("AA2 takes off", "pigs fly"), "checks.py": BIND_ALL}, ()),
    "outline-without-rows": (
        {
            "plain.feature": PLAIN
            + "\n  Scenario Outline: Empty\n    When <who> takes off\n\n    Examples:\n      | who |\n"
            + "\n  Scenario Outline: Bare\n    When <who> takes off\n",
            "checks.py": BIND_ALL,
        },
        (),
    ),
    "without-steps": ({"plain.feature": PLAIN + "\n  Scenario: Later\n", "checks.py": BIND_ALL}, ()),
    "failing-row": ({"rich.feature": RICH.replace("| CC3 | 1 ", "| CC3 | 2 "), "checks.py": BIND_ALL}, ()),
    "namesakes-in-a-file": ({"plain.feature": PLAIN.replace("Two flights", "One flight"), "checks.py": BIND_ALL}, ()),
    "namesakes-across-files": (
        {"a.feature": PLAIN, "b.feature": PLAIN.replace("Departures", "Others"), "checks.py": BIND_ALL},
        (),
    ),
    "odd-rows": ({"odd.feature": ODD_ROWS, "checks.py": BIND_ALL}, ()),
    "other-parameters": ({"rich.feature": RICH, "checks.py": BROWSERS}, ()),
    "tests-beside": ({"plain.feature": PLAIN, "checks.py": BESIDE}, ()),
    "rows-left-out": ({"rich.feature": RICH, "checks.py": BIND_ALL}, ("-m", "not late")),
    "narrowed": ({"plain.feature": PLAIN, "rich.feature": RICH, "checks.py": BIND_ALL}, ("-m", "quick")),
    "nothing-collected": ({"plain.feature": PLAIN, "checks.py": BIND_ALL}, ("-k", "no_such_test")),
    "broken-feature": ({"plain.feature": PLAIN + "\n  Given a stray\n  Feature: again\n", "checks.py": BIND_ALL}, ()),
}


def make(name: str, files: dict[str, str], arguments: tuple[str, ...]) -> int:
    """Write a case's sources, run pytest over them in a place of its own, and keep its report."""
    kept = HERE / name
    shutil.rmtree(kept, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        for path, text in {**files, "steps.py": STEPS}.items():
            # Kept under a name that neither pytest nor a linter takes for a part of this project.
            for target in (Path(place) / path, kept / (f"{path}.txt" if path.endswith(".py") else path)):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        Path(place, "pytest.ini").write_text("[pytest]\nmarkers = quick\n    late\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
        run = subprocess.run(
            [*command, "--junitxml=report.xml", *arguments, "checks.py"],
            cwd=place,
            check=False,
            capture_output=True,
        )
        report = Path(place, "report.xml").read_text(encoding="utf-8").replace(place, "/tmp/readings/scenarios")
    report = re.sub(r"[\w./-]*site-packages/", "site-packages/", report)
    (kept / "report.xml").write_text(re.sub(r'hostname="[^"]*"', 'hostname="host"', report) + "\n", encoding="utf-8")
    (kept / "steps.py.txt").unlink()
    return run.returncode


def main() -> None:
    lines = [
        "# Reports of pytest-bdd, with the features that they are of",
        "",
        f"Made by `make.py` with pytest {version('pytest')} and pytest-bdd {version('pytest-bdd')}.",
        "Exit code 0 is no proof that anything ran. Sources are kept as `*.py.txt`.",
        "",
        "| folder | command | exit code |",
        "|---|---|---|",
    ]
    for name, (files, arguments) in CASES.items():
        code = make(name, files, arguments)
        said = "".join(f" '{word}'" if " " in word else f" {word}" for word in arguments)
        lines.append(f"| `{name}` | `pytest --junitxml=report.xml{said} checks.py` | {code} |")
    (HERE / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
