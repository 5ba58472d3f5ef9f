"""Reports of older versions of the tools, as the tools themselves wrote them: tests/readings/older."""

from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import READERS
from clearance.readers.recognise import guess

READINGS = Path(__file__).parents[1] / "readings" / "older"
WORKFLOW = ".github/workflows/test.yml"
SHELL = [("B404", "app/run.py", 1), ("B602", "app/run.py", 5)]


@pytest.mark.parametrize(
    ("file", "reader", "tool", "covered", "findings", "problems"),
    [
        (
            "bandit-1.6.json",
            "bandit",
            "bandit",
            ["app/run.py", "app/settings.py"],
            SHELL,
            ["could not read app/broken"],
        ),
        (
            "bandit-1.7.json",
            "bandit",
            "bandit",
            ["app/run.py", "app/settings.py"],
            SHELL,
            ["could not read app/broken"],
        ),
        (
            "detect-secrets-1.0.json",
            "detect-secrets",
            "detect-secrets 1.0.3",
            ["app/settings.py"],
            [("Secret Keyword", "app/settings.py", 1)],
            ["which files were searched", "8 of 27 detectors", "allowlist", "shown to the services"],
        ),
        (
            "squawk-1.0.txt",
            "squawk",
            "squawk-cli",
            ["0001.sql"],
            [("prefer-robust-stmts", "0001.sql", 2), ("require-concurrent-index-creation", "0001.sql", 2)],
            ["could not parse 0002.sql, line 1"],
        ),
        ("zizmor-1.0.txt", "zizmor", "zizmor", [WORKFLOW], [("artipacked", WORKFLOW, 6)], []),
        (
            "zizmor-1.12.txt",
            "zizmor",
            "zizmor",
            [WORKFLOW],
            [("artipacked", WORKFLOW, 6), ("excessive-permissions", WORKFLOW, 3)],
            [],
        ),
        (
            "zizmor-1.20.txt",
            "zizmor",
            "zizmor 1.20.0",
            [WORKFLOW],
            [("artipacked", WORKFLOW, 6), ("excessive-permissions", WORKFLOW, 3), ("unpinned-uses", WORKFLOW, 6)],
            [],
        ),
    ],
)
def test_a_report_of_an_older_version_says_as_much(file, reader, tool, covered, findings, problems):
    """What was looked at, what was found and where, and what kept the tool from seeing, as with today's version."""
    report = (READINGS / file).read_bytes()
    reading = READERS[reader](report, Materials(root="/tmp/readings/older"))
    assert (reader, tool) == (guess(report), reading.tool)
    assert covered == list(reading.covered)
    assert findings == [(finding.rule, finding.path, finding.line) for finding in reading.findings]
    assert len(problems) == len(reading.problems)
    assert all(words in problem for words, problem in zip(problems, reading.problems, strict=True))
