"""The page that says what holds which attacker names tests that there are."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "explanation" / "how-a-run-is-bound.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests/)?[\w/]*test_\w+(?:\.py)?)`", PAGE)))


@pytest.fixture(scope="module")
def known():
    """Every test's name, and every file of tests by its name and by its path."""
    files = list(TESTS.rglob("test_*.py"))
    names = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}
    return names | {file.name for file in files} | {file.relative_to(TESTS.parent).as_posix() for file in files}


@pytest.mark.parametrize("name", NAMED)
def test_what_the_page_names_is_there(known, name):
    """Each is a test, or a file of tests."""
    assert name in known


def test_the_page_names_what_holds():
    """Some thirty of them are named, so that their names are found at all."""
    assert len(NAMED) > 30
