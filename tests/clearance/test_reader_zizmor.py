"""The reader of zizmor's output."""

from pathlib import Path

import pytest

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers import zizmor

READINGS = Path(__file__).parents[1] / "readings" / "zizmor"
WORKFLOW = ".github/workflows/test.yml"


def of(name: str, files: dict[str, bytes] | None = None) -> Reading:
    report = (READINGS / f"{name}.txt").read_bytes()
    return zizmor.read(report, Materials(root="/tmp/readings/zizmor", files=files or {}))


def test_an_unpinned_action_is_found_where_it_stands():
    """Rule, words, severity, path, line and help come from the report."""
    (finding,) = of("unpinned").findings
    assert (
        Finding(
            rule="unpinned-uses",
            message="unpinned action reference: action is not pinned to a hash (required by blanket policy)",
            severity=Severity.HIGH,
            path=WORKFLOW,
            line=12,
            help_url="https://docs.zizmor.sh/audits/#unpinned-uses",
            fingerprint=finding.fingerprint,
        )
        == finding
    )


def test_the_path_is_found_by_its_older_name():
    """Version 1.25 called `given_path` what is `verbatim_path` now."""
    report = (READINGS / "unpinned.txt").read_bytes().replace(b"verbatim_path", b"given_path")
    (finding,) = zizmor.read(report, Materials()).findings
    assert (WORKFLOW, of("unpinned").findings[0].fingerprint) == (finding.path, finding.fingerprint)


def test_what_a_comment_ignores_is_shown_as_silenced():
    """With --no-ignores it is in the report, with zizmor's word that a comment ignores it."""
    assert [True] == [finding.suppressed for finding in of("ignored-overridden").findings]


def test_an_ignore_comment_that_the_report_is_silent_about_is_a_problem():
    """Without --no-ignores zizmor exits 0 and shows nothing of it."""
    files = {WORKFLOW: b"- uses: a/b@v1 # zizmor: ignore[unpinned-uses]\n", "README.md": b"# zizmor: ignore[x]"}
    (problem,) = of("ignored-obeyed", files).problems
    assert [WORKFLOW in problem, "--no-ignores" in problem] == [True, True]
    assert () == of("ignored-overridden", files).problems


def test_a_workflow_that_cannot_be_parsed_is_a_problem_beside_those_that_can():
    """Zizmor warns of it and exits 0."""
    reading = of("broken")
    assert (".github/workflows/clean.yml",) == reading.covered
    assert ["failed to parse input" in problem for problem in reading.problems] == [True]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken-strict", "invalid YAML syntax"),
        ("broken-alone", "failed to parse input"),
        ("empty-folder", "no inputs collected"),
        ("missing-folder", "invalid input: missing"),
    ],
)
def test_what_zizmor_says_instead_of_a_list_is_repeated(name, words):
    """The person at the terminal sees why there is none."""
    with pytest.raises(UnreadableError, match=words):
        of(name)


def test_the_version_is_the_logs():
    """The JSON does not state it; without a log there is none."""
    assert ("zizmor 1.32.0", "zizmor") == (of("clean").tool, of("quiet").tool)
