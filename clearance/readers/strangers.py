"""Reports that nothing here reads, known by the names at their top, each with what its tool can write instead.

It serves those who named the wrong reader, or have only such a report: a refusal says what was given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clearance.readers.recognise import guess, head, keys_of, root_of

_SARIF = "let the tool write SARIF ({}), and name the reader sarif"
_JUNIT = "let the tool write JUnit XML ({}), and name the reader junit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A format: its name with its article, what to do instead, and the keys of its object or of its list's items."""

    name: str
    remedy: str
    keys: frozenset[str] = frozenset()


def _known(keys: str, name: str, remedy: str) -> Stranger:
    return Stranger(name=name, remedy=remedy, keys=frozenset(keys.split()))


# The more keys tell, the earlier; from each tool's own documentation of its output.
OBJECTS = (
    _known("Issues Stats", "the JSON of gosec", _SARIF.format("-fmt sarif")),
    _known("SchemaVersion ArtifactName", "the JSON of Trivy", _SARIF.format("--format sarif")),
    _known("results errors paths", "the JSON of Semgrep", _SARIF.format("--sarif")),
    _known("matches source descriptor", "the JSON of Grype", _SARIF.format("-o sarif")),
    _known("vulnerabilities packageManager", "the JSON of Snyk", _SARIF.format("--sarif")),
    _known("auditReportVersion", "the JSON of npm audit", "let a scanner that writes SARIF look at the lock file"),
    _known("issues errors", "the JSON of TFLint", _SARIF.format("--format sarif")),
    _known("spdxVersion SPDXID", "a bill of materials in SPDX", "let the tool write CycloneDX JSON; reader cyclonedx"),
    _known("numTotalTests testResults", "the JSON of Jest", _JUNIT.format("the reporter jest-junit")),
    _known("stats tests passes failures", "the JSON of Mocha", _JUNIT.format("the reporter mocha-junit-reporter")),
    _known("config suites stats", "the JSON of Playwright", _JUNIT.format("--reporter junit")),
    _known("exitcode root summary", "the JSON of pytest-json-report", _JUNIT.format("--junitxml")),
    _known("Action Package", "the event log of `go test -json`", _JUNIT.format("with go-junit-report")),
    _known(
        "@level @message",
        "the event log of Terraform's -json",
        "for `terraform test` write -junit-xml and name the reader junit; for a plan, `terraform show -json`",
    ),
    _known(
        "lineage serial",
        "a Terraform state",
        "give a plan: `terraform show -json PLANFILE`; reader terraform-plan",
    ),
    _known(
        "format_version terraform_version values",
        "a Terraform state, as `terraform show -json` prints it",
        "give it the plan's file: `terraform show -json PLANFILE`; reader terraform-plan",
    ),
)
ITEMS = (
    _known(
        "elements keyword name",
        "the JSON of Cucumber",
        "let the tool write JUnit XML (cucumber --format junit, behave --junit, pytest --junitxml); reader junit, or "
        "scenarios for pytest-bdd",
    ),
    _known(
        "filePath messages errorCount", "the JSON of ESLint", _SARIF.format("with @microsoft/eslint-formatter-sarif")
    ),
    _known("code filename noqa_row", "the JSON of ruff", _SARIF.format("--output-format sarif")),
    _known("RuleID StartLine", "the JSON of gitleaks", _SARIF.format("--report-format sarif")),
    _known("symbol message-id", "the JSON of Pylint", "let the tool write SARIF, or count its messages otherwise"),
    _known("code column file level line", "the JSON of hadolint or ShellCheck", _SARIF.format("hadolint -f sarif")),
)
ROOTS = {
    "coverage": (
        "an XML coverage report (Cobertura, Clover)",
        "write coverage.py's JSON (`coverage json`); reader coverage",
    ),
    "report": ("an XML coverage report (JaCoCo)", "there is no reader of it; coverage.py's JSON is read"),
    "checkstyle": ("a Checkstyle report", _SARIF.format("where it can")),
    "BugCollection": ("SpotBugs' XML", _SARIF.format("-sarif")),
    "pmd": ("PMD's XML", _SARIF.format("-f sarif")),
    "results": ("Cppcheck's XML", _SARIF.format("--output-format=sarif")),
    "test-run": ("NUnit's XML", _JUNIT.format("the logger JunitXml.TestLogger")),
    "test-results": ("NUnit's XML, version 2", _JUNIT.format("by a newer NUnit")),
    "assemblies": ("xUnit.net's XML", _JUNIT.format("-junit")),
    "assembly": ("xUnit.net's XML", _JUNIT.format("-junit")),
    "TestRun": ("a TRX report of Visual Studio", _JUNIT.format("the logger JunitXml.TestLogger")),
    "testng-results": ("TestNG's XML", _JUNIT.format("its JUnitReportReporter")),
    "testExecutions": ("SonarQube's test executions", _JUNIT.format("the test tool's own")),
    "Catch2TestRun": ("Catch2's XML", _JUNIT.format("--reporter junit")),
    "robot": ("Robot Framework's XML", _JUNIT.format("--xunit")),
    "bom": ("a CycloneDX bill in XML", "let the tool write JSON; reader cyclonedx"),
    "html": ("a page for people (HTML)", "let the tool write the format that the reader wants"),
}
MAGIC = (
    (b"\x1f\x8b", "a gzip archive", "unpack it, and give the report that is in it"),
    (b"PK\x03\x04", "a zip archive", "unpack it, and give the report that is in it"),
)
TEXTS = (
    (re.compile(r"\A\s*(?:TAP version \d+|1\.\.\d+)\s"), "TAP", _JUNIT.format("with tap-junit")),
    (
        re.compile(r"\A\s*(?:TN:.*\n)?SF:"),
        "LCOV coverage",
        "write coverage.py's JSON (`coverage json`); reader coverage",
    ),
    (
        re.compile(r"--- OUTPUT DELIMITER ---"),
        "several outputs of Checkov in one",
        "let it write each to a file of its own (--output-file-path FOLDER)",
    ),
    (re.compile(r"\A=== RUN "), "the words of `go test`", _JUNIT.format("with go-junit-report")),
)


def known_as(report: bytes) -> tuple[str, str] | None:
    """Return what a report that nothing here reads is, and what to do instead; None for one that nobody knows."""
    packed = next(((name, remedy) for magic, name, remedy in MAGIC if report.startswith(magic)), None)
    if packed is not None:
        return packed
    text = head(report)
    beginning = text.lstrip()[:1]
    if beginning == "<":
        return ROOTS.get(root_of(text))
    if beginning and beginning in "{[":
        keys = keys_of(report, text)
        for stranger in OBJECTS if beginning == "{" else ITEMS:
            if stranger.keys <= keys:
                return stranger.name, stranger.remedy
    return next(((name, remedy) for sign, name, remedy in TEXTS if sign.search(text)), None)


def instead(report: bytes, reader: str) -> tuple[str, str] | None:
    """Return what a report that `reader` refused looks like, and the next step; None where it may well be its own."""
    other = guess(report)
    if other is None:
        return known_as(report)
    if other == reader or {other, reader} == {"junit", "scenarios"}:
        return None
    return f"a report for the reader {other}", f"name that reader, or give {reader} its own report"
