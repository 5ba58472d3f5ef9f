"""The SARIF reader, over real logs of three tools and over the corners of the standard."""

import codecs
import itertools
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.model import Finding, Materials, Reading, Severity, UnreadableError
from clearance.readers import decoding, sarif

READINGS = Path(__file__).parent.parent / "readings" / "sarif"
INPUTS = Materials(root="/srv/project", files={"src/app.py": b"import os\nx = eval(y)\n", "src/b.py": b""})


STARVED = """
import resource
from clearance.model import Materials, UnreadableError
from clearance.readers import sarif
report = b'{"version": "2.1.0", "runs": [{"results": [' + b"{}," * 900_000 + b"{}]}]}"
with open("/proc/self/statm") as pages:
    taken = int(pages.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 30_000_000,) * 2)
try:
    sarif.read(report, Materials())
except UnreadableError as error:
    print(error)
"""


def log(*runs: object) -> bytes:
    return msgspec.json.encode({"version": "2.1.0", "runs": runs})


def run_of(*results: object, rules: object = (), **others: object) -> dict[str, object]:
    return {"tool": {"driver": {"name": "Tool", "rules": rules}}, "results": results} | others


def read(*runs: object, materials: Materials = INPUTS) -> Reading:
    return sarif.read(log(*runs), materials)


def only(*results: object, **run: object) -> Finding:
    (finding,) = read(run_of(*results, **run)).findings
    return finding


def at(uri: str | None = "src/app.py", line: int | None = 2, **others: object) -> dict[str, object]:
    location = {"physicalLocation": {"artifactLocation": {"uri": uri} | others, "region": {"startLine": line}}}
    return {"ruleId": "R", "message": {"text": "no"}, "locations": [location]}


class TestRealLogs:
    """Logs of ruff, bandit and zizmor, made by tests/readings/sarif/make.sh."""

    @pytest.mark.parametrize(
        ("name", "findings", "problems"),
        [
            ("ruff-clean", 0, 0),
            ("ruff-issue", 3, 0),
            ("ruff-syntax-error", 3, 0),
            ("ruff-empty-folder", 0, 0),
            ("ruff-missing-folder", 1, 0),
            ("bandit-issue", 3, 0),
            ("bandit-syntax-error", 0, 2),
            ("bandit-missing-folder", 0, 1),
            ("zizmor-issue", 4, 0),
        ],
    )
    def test_findings_and_problems_are_all_there(self, name, findings, problems):
        """What a tool reports as a result is a finding, what it reports as an error of its own a problem."""
        reading = sarif.read((READINGS / f"{name}.sarif").read_bytes(), Materials())
        assert (findings, problems) == (len(reading.findings), len(reading.problems))

    def test_file_uris_are_made_relative_and_unescaped(self):
        """Ruff writes absolute, percent-encoded file URIs; bandit relative ones; both mean the same files."""
        root = Materials(root="/tmp/readings/sarif")
        names = ("ruff-issue", "bandit-issue")
        ruff, bandit = (sarif.read((READINGS / f"{name}.sarif").read_bytes(), root) for name in names)
        expected = {"issue/a folder/run#1.py", "issue/shell.py"}
        assert [expected, expected] == [{finding.path for finding in tool.findings} for tool in (ruff, bandit)]
        assert [ruff.tool, bandit.tool] == ["ruff 0.17.6", "Bandit 1.9.4"]

    def test_a_file_that_the_tool_could_not_parse_is_named(self):
        """The problem says which file, and what was wrong with it."""
        reading = sarif.read((READINGS / "bandit-syntax-error.sarif").read_bytes(), Materials())
        expected = "run 1 (Bandit 1.9.4): the tool reports an error at broken/broken.py: syntax error while parsing AST"
        assert reading.problems[0].startswith(expected)


class TestVersionsAndEncodings:
    """What is read at all."""

    @pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "2.1.0-rtm.5", "2.2.0"])
    def test_other_versions_are_refused_by_name(self, version):
        """Their shapes differ, so nothing of them is guessed at."""
        with pytest.raises(UnreadableError, match=f"version '{version}'; only SARIF 2.1.0 is read"):
            sarif.read(msgspec.json.encode({"version": version, "runs": {"not": "a list"}}), INPUTS)

    @pytest.mark.parametrize(
        ("mark", "encoding"),
        [
            (b"", "utf-8"),
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
        ],
    )
    def test_a_byte_order_mark_names_the_encoding(self, mark, encoding):
        """PowerShell's redirection writes UTF-16, and many tools of Windows UTF-8 with a mark."""
        report = log(run_of(at() | {"message": {"text": "naïve ✈"}})).decode()
        (finding,) = sarif.read(mark + report.encode(encoding), INPUTS).findings
        assert finding.message == "naïve ✈"

    @pytest.mark.parametrize(
        ("report", "cause"),
        [
            (b"", "empty"),
            (b"\n\n", "empty"),
            (log(run_of(at()))[:-9], "not well-formed"),
            (b"<?xml version='1.0'?><testsuites/>", "not well-formed"),
            (b"[]", "Expected `object`, got `array`"),
            (b"null", "Expected `object`"),
            (b"{}", "states no version"),
            (b'{"version": 2.1, "runs": []}', "states no version"),
            (b'{"version": "2.1.0", "runs": [{"results": {}}]}', "at `$.runs[0].results`"),
            (b'{"version": "2.1.0", "runs": [{"results": [null]}]}', "at `$.runs[0].results[0]`"),
            (b"[" * 100_000, "got `array`"),
            (b'{"version": "2.1.0", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
            (b'{"version": ' + b"[" * 900 + b"]" * 900 + b"}", "states no version"),
            (b'{"version": "2.1.0", "x": "na\xefve"}', "not text in UTF-8"),
            (codecs.BOM_UTF16_LE + b"{", "not text in UTF-8"),
            (log(run_of()).decode().encode("utf-16-le"), "not well-formed"),
            (b'{"version": "2.1.0", "runs": [{"results": [{"ruleId": "\\udcff"}]}]}', "surrogate"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_its_cause_and_a_next_step(self, report, cause):
        """No report, however broken or hostile, gets past the reader, nor anything but this error out of it."""
        with pytest.raises(UnreadableError) as caught:
            sarif.read(report, INPUTS)
        assert cause in str(caught.value)
        assert caught.value.hint

    @pytest.mark.parametrize(("value", "times"), [(b"0,", decoding.MAX_VALUES), (b"{},", decoding.MAX_VALUES // 2)])
    def test_a_dense_report_is_refused_before_it_is_decoded(self, value, times):
        """It would unfold into many times its size."""
        with pytest.raises(UnreadableError, match="too large: more than 8,000,000 values"):
            sarif.read(b'{"version": "2.1.0", "x": [' + value * times + b"0]}", INPUTS)

    def test_a_very_large_report_is_refused_before_anything_else(self):
        """Its size is named, and the size that would be read."""
        with pytest.raises(UnreadableError, match="too large: 134,217,729 bytes, of which 134,217,728 would be read"):
            sarif.read(bytes(decoding.MAX_BYTES + 1), INPUTS)

    def test_more_results_than_anybody_reads_are_refused(self):
        """A list of nothing but empty results would cost more than a hundred times its size."""
        with pytest.raises(UnreadableError, match="lists 1,000,001 results"):
            sarif.read(b'{"version": "2.1.0", "runs": [{"results": [' + b"{}," * sarif.MAX_RESULTS + b"{}]}]}", INPUTS)

    def test_a_report_that_outgrows_the_memory_is_refused(self):
        """Where the machine gives less than the limits assume, the reader still says so in words."""
        done = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, check=False, timeout=60)
        assert done.stdout.strip() == "There is not enough memory to read the report as a SARIF 2.1.0 log."


class TestSeverity:
    """Which level a result has, and what is made of it."""

    @pytest.mark.parametrize(
        ("level", "expected"),
        [
            ("error", Severity.HIGH),
            ("warning", Severity.MEDIUM),
            ("note", Severity.LOW),
            ("none", Severity.INFO),
            (None, Severity.MEDIUM),
            ("fatal", None),
        ],
    )
    def test_a_level_has_a_severity(self, level, expected):
        """No level means warning; a level that the standard does not know is left to the policy."""
        assert only(at() | {"level": level}).severity is expected

    @pytest.mark.parametrize(
        ("score", "expected"),
        [
            ("9.8", Severity.CRITICAL),
            (9, Severity.CRITICAL),
            ("8.9", Severity.HIGH),
            (7.0, Severity.HIGH),
            ("4.0", Severity.MEDIUM),
            ("0.1", Severity.LOW),
            ("0.0", Severity.INFO),
            ("", Severity.INFO),
            ("nan", Severity.INFO),
            ("high", Severity.INFO),
            (True, Severity.INFO),
            ([9.8], Severity.INFO),
            (None, Severity.INFO),
        ],
    )
    def test_security_severity_goes_over_the_level(self, score, expected):
        """A number, as such or as text, decides as on GitHub; anything else leaves the level standing."""
        rules = [{"id": "R", "properties": {"security-severity": score, "tags": ["security"]}}]
        assert only(at() | {"level": "none"}, rules=rules).severity is expected

    def test_the_rules_default_level_stands_in(self):
        """A result without a level has its rule's."""
        rules = [{"id": "R", "defaultConfiguration": {"level": "error"}}]
        assert only(at(), rules=rules).severity is Severity.HIGH

    def test_an_invocations_override_goes_over_the_rules_default(self):
        """Only for results that name the invocation, as the standard says."""
        rules = [{"id": "R", "defaultConfiguration": {"level": "note"}}]
        overrides = [{"descriptor": {"index": 0}, "configuration": {"level": "error"}}]
        invocations = [{"executionSuccessful": True, "ruleConfigurationOverrides": overrides}]
        named = at() | {"provenance": {"invocationIndex": 0}}
        reading = read(run_of(named, at(), rules=rules, invocations=invocations))
        assert [finding.severity for finding in reading.findings] == [Severity.HIGH, Severity.LOW]


RULES = [{"id": "A", "helpUri": "https://a"}, {"id": "A"}, {"id": "B", "guid": "6B29FC40-CA47-1067-B31D-00DD010662DA"}]
EXTENSIONS = [
    {"name": "X", "guid": "1111", "rules": [{"id": "C"}, {"id": "A", "helpUri": "https://x/a"}]},
    {"name": "Y", "rules": [{"id": "D/e"}]},
]


class TestRules:
    """Which rule a result belongs to."""

    @pytest.mark.parametrize(
        ("reference", "rule", "help_url"),
        [
            ({"ruleId": "A"}, "A", "https://a"),
            ({"ruleIndex": 0}, "A", "https://a"),
            ({"ruleId": "A", "ruleIndex": 0}, "A", "https://a"),
            ({"ruleId": "A", "ruleIndex": -1}, "A", "https://a"),
            ({"ruleId": "A", "ruleIndex": 99}, "A", "https://a"),
            ({"ruleId": "A", "ruleIndex": 2}, "A", "https://a"),
            ({"ruleId": "A/deeper/still"}, "A/deeper/still", "https://a"),
            ({"rule": {"id": "A/deeper"}}, "A/deeper", "https://a"),
            ({"rule": {"index": 0}}, "A", "https://a"),
            ({"rule": {"guid": "6b29fc40-ca47-1067-b31d-00dd010662da"}}, "B", None),
            ({"ruleId": "C"}, "C", None),
            ({"rule": {"index": 1, "toolComponent": {"index": 0}}}, "A", "https://x/a"),
            ({"rule": {"id": "A", "toolComponent": {"name": "X"}}}, "A", "https://x/a"),
            ({"rule": {"id": "A", "toolComponent": {"guid": "1111"}}}, "A", "https://x/a"),
            ({"rule": {"id": "A", "toolComponent": {"index": 7}}}, "A", "https://a"),
            ({"rule": {"id": "A", "toolComponent": {"index": 1}}}, "A", "https://a"),
            ({"rule": {"id": "A", "toolComponent": {"name": "Z"}}}, "A", "https://a"),
            ({"ruleId": "unheard-of"}, "unheard-of", None),
            ({"ruleIndex": 12}, "unnamed", None),
            ({}, "unnamed", None),
        ],
    )
    def test_a_rule_is_found_by_index_guid_or_id(self, reference, rule, help_url):
        """In the driver or in an extension; a hierarchical id falls back on its parents."""
        tool = {"driver": {"name": "T", "rules": RULES}, "extensions": EXTENSIONS}
        (finding,) = read({"tool": tool, "results": [{"message": {"text": "no"}} | reference]}).findings
        assert (rule, help_url) == (finding.rule, finding.help_url)

    def test_an_identifier_of_endless_levels_costs_no_time(self):
        """Beyond a depth that anyone uses, its parents are not looked for."""
        endless = "A" + "/b" * 200_000
        finding = only({"ruleId": endless}, rules=RULES)
        assert (finding.rule, finding.help_url) == (endless, None)


class TestWords:
    """What a finding says."""

    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            ({"text": "plain"}, "plain"),
            ({"text": "a {0} is kept"}, "a {0} is kept"),
            ({"text": "{1} after {0}", "arguments": ["one", "two"]}, "two after one"),
            ({"text": "{{0}} {0} {9}", "arguments": ["one"]}, "{0} one {9}"),
            ({"id": "own", "arguments": ["x"]}, "own x"),
            ({"id": "shared"}, "shared text"),
            ({"id": "absent"}, "in short"),
            ({"markdown": "**bold**"}, "**bold**"),
            ({"text": "see [the source](1) and [docs](https://d)"}, "see the source and [docs](https://d)"),
            ({}, "in short"),
            (None, "in short"),
        ],
    )
    def test_a_message_becomes_plain_text(self, message, expected):
        """Looked up by id where it has no text, with its arguments filled in and its inner links made words."""
        rule = {"id": "R", "messageStrings": {"own": {"text": "own {0}"}}, "shortDescription": {"text": "in short"}}
        driver = {"name": "T", "rules": [rule], "globalMessageStrings": {"shared": {"text": "shared text"}}}
        (finding,) = read({"tool": {"driver": driver}, "results": [{"ruleId": "R", "message": message}]}).findings
        assert finding.message == expected

    def test_a_result_of_an_unknown_rule_without_words_says_its_rule(self):
        """A finding is never wordless."""
        assert only({"ruleId": "R"}).message == "R"


class TestWhatCounts:
    """Which results are findings, and which of them someone silenced."""

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (None, 1),
            ("fail", 1),
            ("pass", 0),
            ("open", 0),
            ("informational", 0),
            ("notApplicable", 0),
            ("review", 0),
            ("Fail", 1),
        ],
    )
    def test_only_a_kind_that_says_so_is_no_failure(self, kind, expected):
        """A kind that the standard does not know stays a finding."""
        assert len(read(run_of(at() | {"kind": kind})).findings) == expected

    @pytest.mark.parametrize(
        ("state", "expected"), [(None, 1), ("new", 1), ("unchanged", 1), ("updated", 1), ("absent", 0)]
    )
    def test_what_a_baseline_calls_absent_is_gone(self, state, expected):
        """All other states are findings of today."""
        assert len(read(run_of(at() | {"baselineState": state})).findings) == expected

    @pytest.mark.parametrize(
        ("statuses", "expected"),
        [
            (None, False),
            ([], False),
            ([None], True),
            (["accepted"], True),
            (["accepted", None], True),
            (["underReview"], False),
            (["rejected"], False),
            (["accepted", "rejected"], False),
            (["Accepted"], False),
        ],
    )
    def test_suppressed_means_that_every_suppression_holds(self, statuses, expected):
        """A suppression holds when it is accepted or states nothing; the result is a finding in any case."""
        listed = None if statuses is None else [{"kind": "external", "status": status} for status in statuses]
        assert only(at() | {"suppressions": listed}).suppressed is expected


BASES = {
    "%SRCROOT%": {"uri": "file:///home/runner/build/project/"},
    "HERE": {"uri": "file:///srv/project/"},
    "ROOTPATH": {"uri": "file:///github/workspace/"},
    "BELOW": {"uri": "src", "uriBaseId": "ROOTPATH"},
    "SRC": {"uri": "src/", "uriBaseId": "HERE"},
    "SPACED": {"uri": " src/", "uriBaseId": "HERE"},
    "DEEP": {"uri": "deep", "uriBaseId": "SRC"},
    "NOWHERE": {"description": {"text": "set by the viewer"}},
    "LOOP": {"uri": "a/", "uriBaseId": "POOL"},
    "POOL": {"uri": "b/", "uriBaseId": "LOOP"},
}


class TestPlaces:
    """Where a finding lies."""

    @pytest.mark.parametrize(
        ("uri", "base", "expected"),
        [
            ("src/app.py", None, "src/app.py"),
            ("./src/../src//app.py", None, "src/app.py"),
            ("../other/app.py", None, "../other/app.py"),
            (" src/app.py\n", None, "src/app.py"),
            ("app.py", "SPACED", "src/app.py"),
            ("src\\app.py", None, "src/app.py"),
            ("a%20b/na%C3%AFve%231.py", None, "a b/naïve#1.py"),
            ("100%.py", None, "100%.py"),
            ("file:///srv/project/src/app.py", None, "src/app.py"),
            ("file://localhost/srv/project/src/app.py", None, "src/app.py"),
            ("file:/srv/project/src/app.py", None, "src/app.py"),
            ("FILE:///srv/project/a%20b.py", None, "a b.py"),
            ("/srv/project/src/app.py", None, "src/app.py"),
            ("/srv/projects/app.py", None, "/srv/projects/app.py"),
            ("file:///etc/passwd", None, "/etc/passwd"),
            ("file:///srv/project/../../etc/passwd", None, "/etc/passwd"),
            ("file://server/share/a.py", None, "//server/share/a.py"),
            ("C:\\code\\app.py", None, "C:/code/app.py"),
            ("file:///C:/code/app.py", None, "C:/code/app.py"),
            ("file://C:/code/app.py", None, "C:/code/app.py"),
            ("app.py", "HERE", "app.py"),
            ("app.py", "SRC", "src/app.py"),
            ("app.py", "DEEP", "src/deep/app.py"),
            ("src/app.py", "%SRCROOT%", "src/app.py"),
            ("src/app.py", "SRCROOT", "src/app.py"),
            ("src/app.py", "ROOTPATH", "src/app.py"),
            ("app.py", "BELOW", "src/app.py"),
            ("src/app.py", "NOWHERE", "src/app.py"),
            ("src/app.py", "UNHEARD-OF", "src/app.py"),
            ("c.py", "LOOP", "b/a/c.py"),
            ("file:///srv/project/app.py", "DEEP", "app.py"),
        ],
    )
    def test_a_uri_becomes_a_path_relative_to_the_repository(self, uri, base, expected):
        """Bases are followed, escapes undone, and absolute paths kept only where they lie elsewhere."""
        assert only(at(uri, uriBaseId=base), originalUriBaseIds=BASES).path == expected

    def test_a_windows_root_knows_no_case(self):
        """Drive letters and folders of Windows compare without it."""
        root = Materials(root="c:\\Agent\\repo")
        (finding,) = read(run_of(at("file:///C:/agent/repo/src/A.cs")), materials=root).findings
        assert finding.path == "src/A.cs"

    @pytest.mark.parametrize("home", ["file:///builds/7/", "https://example.org/r/blob/main/", "empty:", None])
    def test_the_base_that_version_control_maps_to_is_the_repository(self, home):
        """Wherever it lay on the machine that made the log, or on the web."""
        bases = {"ROOT": {"uri": home}}
        mapped = [{"repositoryUri": "https://example.org/r", "mappedTo": {"uriBaseId": "ROOT"}}]
        finding = only(at(uriBaseId="ROOT"), originalUriBaseIds=bases, versionControlProvenance=mapped)
        assert finding.path == "src/app.py"

    def test_a_location_may_point_into_the_artifacts(self):
        """An index stands for the location listed there; one out of range for none."""
        artifacts = [{"location": {"uri": "src/b.py"}}]
        findings = read(run_of(at(None, index=0), at(None, index=5), artifacts=artifacts)).findings
        assert [finding.path for finding in findings] == ["src/b.py", None]

    def test_bases_that_rest_on_one_another_without_end_cost_no_time(self):
        """Beyond a depth that anyone uses, the chain is cut."""
        bases = {str(number): {"uri": "x" * 100, "uriBaseId": str(number + 1)} for number in range(20_000)}
        assert only(at(uriBaseId="0"), originalUriBaseIds=bases).path.endswith("x/src/app.py")

    def test_what_is_not_a_file_is_a_resource(self):
        """A URI of another scheme, and a logical location where there is no file."""
        logical = [{"fullyQualifiedName": "module.db.aws_db_instance.main"}, {"index": 0}]
        shared = [{"fullyQualifiedName": "app.run", "name": "run"}]
        findings = read(
            run_of(
                at("https://example.org/x"),
                at() | {"locations": [{"logicalLocations": logical[:1]}]},
                at() | {"locations": [{"logicalLocations": logical[1:]}]},
                at() | {"locations": [{"physicalLocation": {}, "logicalLocations": [{"name": "run"}]}]},
                logicalLocations=shared,
            )
        ).findings
        expected = ["https://example.org/x", "module.db.aws_db_instance.main", "app.run", "run"]
        assert [finding.resource for finding in findings] == expected
        assert [finding.path for finding in findings] == [None] * 4

    @pytest.mark.parametrize("locations", [None, [], [{}], [{"physicalLocation": None}], [{"logicalLocations": []}]])
    def test_a_result_may_lie_nowhere(self, locations):
        """It is a finding all the same."""
        finding = only(at() | {"locations": locations})
        assert (finding.path, finding.line, finding.resource) == (None, None, None)

    @pytest.mark.parametrize(("line", "expected"), [(2, 2), (2.0, 2), (0, None), (-1, None), (None, None)])
    def test_lines_count_from_one(self, line, expected):
        """No region, or none that begins anywhere, is no line."""
        assert only(at(line=line)).line == expected


class TestFingerprints:
    """What a finding's identity rests on."""

    def test_the_line_comes_from_the_snippet_else_from_the_file(self):
        """A log with snippets and one without give the same fingerprint, and another line another."""
        shown = at("src/app.py", 7)
        shown["locations"][0]["physicalLocation"]["region"]["snippet"] = {"text": "x = eval(y)"}
        assert only(shown).fingerprint == only(at(line=2)).fingerprint
        assert only(at(line=1)).fingerprint != only(at(line=2)).fingerprint

    def test_equal_findings_of_two_runs_are_told_apart(self):
        """They are counted over the whole log."""
        reading = read(run_of(at()), run_of(at()))
        assert len({finding.fingerprint for finding in reading.findings}) == 2

    def test_the_tools_version_does_not_count(self):
        """An upgrade changes no identity."""
        run = run_of(at())
        newer = run | {"tool": {"driver": {"name": "Tool", "version": "2"}}}
        assert read(run).findings == read(newer).findings


class TestProblems:
    """What keeps a log from being evidence."""

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"results": None}, "was not run"),
            ({"invocations": [{"executionSuccessful": False}]}, "not successful"),
            ({"invocations": [{"executionSuccessful": True}, {"executionSuccessful": False}]}, "not successful"),
            ({"invocations": [{"exitSignalName": "SIGKILL"}]}, "SIGKILL"),
            ({"invocations": [{"processStartFailureMessage": "no such file"}]}, "no such file"),
        ],
    )
    def test_a_run_that_did_not_end_well_reaches_nothing(self, changes, expected):
        """It is a problem, and what it would have looked at does not count."""
        reading = read(run_of() | changes)
        assert (reading.reach, len(reading.problems)) == (0, 1)
        assert expected in reading.problems[0]

    def test_a_run_without_results_was_not_run(self):
        """An absent list is not an empty one."""
        assert [len(read(run).problems) for run in ({"tool": {"driver": {"name": "T"}}}, run_of())] == ([1, 0])

    @pytest.mark.parametrize("kind", ["toolExecutionNotifications", "toolConfigurationNotifications"])
    @pytest.mark.parametrize(("level", "expected"), [("error", 1), ("warning", 0), ("none", 0), (None, 0)])
    def test_an_error_that_the_tool_reports_of_itself_is_a_problem(self, kind, level, expected):
        """Of its execution or its configuration; lesser notifications are not."""
        notification = {"level": level, "message": {"text": "cannot parse"}, "locations": at()["locations"]}
        reading = read(run_of(invocations=[{"executionSuccessful": True, kind: [notification, {"message": None}]}]))
        assert len(reading.problems) == expected

    @pytest.mark.parametrize("place", ["driver", "extension"])
    def test_a_notification_has_the_level_and_the_words_of_its_descriptor(self, place):
        """As a result has its rule's (3.58.6): an error that only the descriptor calls so is one."""
        rules = [
            {"id": "N1", "defaultConfiguration": {"level": "note"}},
            {
                "id": "N2",
                "defaultConfiguration": {"level": "error"},
                "messageStrings": {"off": {"text": "the rule {0} threw, and is off"}},
            },
        ]
        tool: dict[str, object] = {"driver": {"name": "Tool"}}
        reference: dict[str, object] = {"id": "N2", "index": 1}
        if place == "driver":
            tool["driver"] = {"name": "Tool", "notifications": rules, "rules": [{"id": "N2"}]}
        else:
            tool["extensions"] = [{"name": "More", "notifications": rules}]
            reference["toolComponent"] = {"index": 0}
        said = [
            {"descriptor": {"id": "N1"}, "message": {"text": "began"}},
            {"descriptor": reference, "message": {"id": "off", "arguments": ["R1"]}},
            {"descriptor": reference, "level": "warning", "message": {"id": "off"}},
        ]
        invocation = {"executionSuccessful": True, "toolExecutionNotifications": said}
        (problem,) = read({"tool": tool, "results": [], "invocations": [invocation]}).problems
        assert "the tool reports an error: the rule R1 threw, and is off;" in problem

    @pytest.mark.parametrize(("name", "value"), [("results", [{"itemCount": 3}]), ("driver", {"guid": "1"})])
    def test_what_lies_in_another_file_is_a_problem(self, name, value):
        """The reader has this one file only."""
        (problem,) = read(run_of(externalPropertyFileReferences={name: value})).problems
        assert f"its {name} lie in another file" in problem

    def test_results_outside_of_the_runs_are_a_problem(self):
        """Inline external properties may hold results, too."""
        outside = {"version": "2.1.0", "runs": [run_of()], "inlineExternalProperties": [{"results": [at()]}]}
        (problem,) = sarif.read(msgspec.json.encode(outside), INPUTS).problems
        assert "inlineExternalProperties" in problem

    @pytest.mark.parametrize("report", [log(), b'{"version": "2.1.0"}', b'{"version": "2.1.0", "runs": null}'])
    def test_a_log_without_runs_is_a_problem(self, report):
        """Nothing ran, so nothing was seen."""
        reading = sarif.read(report, INPUTS)
        assert (reading.reach, len(reading.problems)) == (0, 1)


class TestReach:
    """How much a log says was looked at."""

    @pytest.mark.parametrize(
        ("artifacts", "reach", "covered"),
        [
            (None, 2, ()),
            ([], 2, ()),
            ([{"location": {"uri": "src/app.py"}}], 1, ("src/app.py",)),
            ([{"location": {"uri": "src/app.py"}}, {"location": {"uri": "./src/app.py"}}], 1, ("src/app.py",)),
            (
                [{"location": {"uri": "a"}, "roles": ["analysisTarget"]}, {"location": {"uri": "b"}}],
                1,
                ("a",),
            ),
            ([{"location": {"uri": "a"}, "roles": ["resultFile"]}], 2, ()),
            ([{"location": {"uri": "pkg:deb/debian/curl"}}, {"location": {"uri": "a"}}], 2, ("a",)),
            ([{"location": None}], 2, ()),
        ],
    )
    def test_reach_is_the_artifacts_listed_else_the_inputs_handed_in(self, artifacts, reach, covered):
        """Only what the run lists as analysed counts as covered."""
        reading = read(run_of(artifacts=artifacts))
        assert (reach, "files", covered) == (reading.reach, reading.unit, reading.covered)

    def test_without_inputs_the_files_that_results_name_were_looked_at(self):
        """Also those of results that found nothing wrong: it is the least that the tool can have seen."""
        results = [at(), at("src/app.py", 9), at("b.py") | {"kind": "pass"}, {"ruleId": "R", "message": {"text": "x"}}]
        assert (2, 0) == tuple(read(run_of(*some), materials=Materials()).reach for some in (results, []))

    def test_runs_over_the_same_files_do_not_add_up(self):
        """A file that two runs looked at is one file."""
        listed = [{"location": {"uri": uri}} for uri in ("a", "b")]
        assert read(run_of(artifacts=listed[:1]), run_of(artifacts=listed)).reach == 2

    def test_tools_are_named_with_their_versions(self):
        """The semantic version goes before the other; each tool is named once."""
        drivers = ({"name": "A", "version": "1 beta", "semanticVersion": "1.0.0"}, {"name": "B", "version": "2"}, {})
        runs = [{"tool": {"driver": driver}, "results": []} for driver in (*drivers, drivers[0])]
        assert read(*runs).tool == "A 1.0.0, B 2, unnamed tool"

    @pytest.mark.parametrize(
        ("invocations", "expected"),
        [
            ([], None),
            ([{"startTimeUtc": "2026-11-24T10:00:00Z"}], datetime(2026, 11, 24, 10, tzinfo=UTC)),
            (
                [
                    {"startTimeUtc": "2026-11-24T10:00:00Z", "endTimeUtc": "2026-11-24T10:05:00.1234567Z"},
                    {"endTimeUtc": "2026-11-24T09:00:00Z"},
                ],
                datetime(2026, 11, 24, 10, 5, 0, 123456, tzinfo=UTC),
            ),
            ([{"endTimeUtc": "2026-11-24T10:00:00"}, {"startTimeUtc": "soon"}, {"startTimeUtc": 7}], None),
        ],
    )
    def test_the_moment_is_the_latest_stated(self, invocations, expected):
        """A moment without a zone, or that cannot be read, is not guessed at."""
        assert read(run_of(invocations=invocations)).made_at == expected


OPTIONAL = st.none() | st.text(max_size=4)
INDEX = st.none() | st.integers(-2, 3)
ARTIFACT_LOCATION = st.fixed_dictionaries(
    {}, optional={"uri": OPTIONAL, "uriBaseId": st.none() | st.sampled_from("AB"), "index": INDEX}
)
LOCATION = st.fixed_dictionaries(
    {},
    optional={
        "physicalLocation": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "artifactLocation": st.none() | ARTIFACT_LOCATION,
                "region": st.none() | st.fixed_dictionaries({"startLine": st.integers() | st.floats(0, 9)}),
            },
        ),
        "logicalLocations": st.lists(st.fixed_dictionaries({"index": INDEX, "name": OPTIONAL}), max_size=2),
    },
)
MESSAGE = st.none() | st.fixed_dictionaries(
    {}, optional={"text": OPTIONAL | st.just("{0} {{"), "id": OPTIONAL, "arguments": st.lists(st.text(), max_size=2)}
)
REFERENCE = st.fixed_dictionaries(
    {}, optional={"id": OPTIONAL, "index": INDEX, "toolComponent": st.none() | st.fixed_dictionaries({"index": INDEX})}
)
RESULT = st.fixed_dictionaries(
    {},
    optional={
        "ruleId": OPTIONAL | st.sampled_from(["R", "R/s"]),
        "ruleIndex": INDEX,
        "rule": st.none() | REFERENCE,
        "level": st.none() | st.sampled_from(["error", "note", "?"]),
        "kind": st.none() | st.sampled_from(["fail", "pass"]),
        "message": MESSAGE,
        "locations": st.none() | st.lists(LOCATION, max_size=2),
        "suppressions": st.none() | st.lists(st.fixed_dictionaries({"status": OPTIONAL}), max_size=2),
    },
)
RULE = st.fixed_dictionaries(
    {"id": st.just("R") | OPTIONAL},
    optional={
        "guid": OPTIONAL,
        "helpUri": OPTIONAL,
        "properties": st.none()
        | st.fixed_dictionaries({"security-severity": st.integers() | st.text(max_size=3) | st.lists(st.none())}),
    },
)
RUN = st.fixed_dictionaries(
    {"results": st.none() | st.lists(RESULT, max_size=4)},
    optional={
        "tool": st.none()
        | st.fixed_dictionaries(
            {"driver": st.none() | st.fixed_dictionaries({"name": OPTIONAL, "rules": st.lists(RULE, max_size=2)})},
            optional={"extensions": st.none() | st.lists(st.fixed_dictionaries({"name": OPTIONAL}), max_size=2)},
        ),
        "artifacts": st.none() | st.lists(st.fixed_dictionaries({"location": ARTIFACT_LOCATION}), max_size=2),
        "originalUriBaseIds": st.none() | st.dictionaries(st.sampled_from("AB"), ARTIFACT_LOCATION),
        "invocations": st.none() | st.lists(st.fixed_dictionaries({"startTimeUtc": OPTIONAL}), max_size=2),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


class TestLaws:
    """What holds for every report."""

    @given(
        st.binary()
        | st.builds(
            lambda mark, rest: mark + rest,
            st.sampled_from([codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE]),
            st.binary(),
        )
    )
    def test_any_bytes_are_read_or_refused(self, report):
        """Nothing but `UnreadableError` comes out of bytes."""
        with pytest.raises(UnreadableError):
            sarif.read(report, INPUTS)

    @given(JSON | st.fixed_dictionaries({"version": st.just("2.1.0"), "runs": st.lists(RUN, max_size=3) | JSON}))
    def test_any_json_is_read_or_refused(self, value):
        """Nothing but `UnreadableError` comes out of JSON, and what is read can be written down as JSON again."""
        try:
            reading = sarif.read(msgspec.json.encode(value), INPUTS)
        except UnreadableError:
            return
        assert len(msgspec.json.encode([(f.path, f.line, f.message, f.rule) for f in reading.findings])) > 1

    @given(st.lists(RESULT.filter(lambda result: result.get("kind") != "pass"), min_size=1, max_size=4))
    def test_another_result_takes_no_finding_away(self, results):
        """The findings of a longer list begin with those of the shorter one."""
        try:
            readings = [read(run_of(*results[:count])).findings for count in range(len(results) + 1)]
        except UnreadableError:
            return
        assert [len(findings) for findings in readings] == list(range(len(results) + 1))
        assert all(shorter == longer[:-1] for shorter, longer in itertools.pairwise(readings))
