"""The documentation as a reader meets it: every page can be found, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[^)\s]*)?\)")


def plain(page):
    """A page without its examples, where brackets are not links."""
    return re.sub(r"```.*?```|^    .*?$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    """The names that GitHub gives to headings: lower case, without punctuation, with - for each space."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets(page):
    for path, anchor in LINK.findall(plain(page)):
        yield (page.parent / path if path else page).resolve(), anchor.removeprefix("#")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page):
    """Each link within the repository leads to a file that is there, and to a heading that it has."""
    for target, anchor in targets(page):
        assert target.exists(), target
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), f"{target}#{anchor}"


def test_every_page_can_be_found():
    """From the front page, by links alone, a reader reaches every page of the documentation."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [target for target, _ in targets(page) if target.suffix == ".md" and target.is_file()]
    assert sorted(page for page in PAGES if page not in reached) == []
