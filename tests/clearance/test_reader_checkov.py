"""The readers of Checkov's report and log, over real reports of Checkov 3.3.30 and over what no Checkov would write."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.judge import judge
from clearance.model import (
    Evidence,
    Finding,
    Inputs,
    Materials,
    Policy,
    Reading,
    Requirement,
    Severity,
    Stage,
    Subject,
    UnreadableError,
)
from clearance.readers import checkov, checkov_log

ROOT = Path(__file__).parents[2]
READINGS = ROOT / "tests" / "readings" / "checkov"
OWN = {f"own/{file.name}": file.read_bytes() for file in (ROOT / "security" / "checkov").glob("[!_]*.*")}
HIDDEN = {"hidden/.config/main.tf": b'resource "aws_sns_topic" "news" {\n}\n'}
# What the check's inputs are, beside the report, where that matters.
INPUTS = {
    **dict.fromkeys(
        ("bad", "baseline", "check-unimportable", "checks-missing", "checks-without-init", "skip-own"), OWN
    ),
    "check-raises": {**OWN, "own/raises.py": b'id="CKV_OWN_1"'},
    "good": OWN,
    "hidden-folder": HIDDEN,
    "plan-bad": OWN,
    "plan-good": OWN,
}
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROW = re.compile(r"\| `([\w-]+)` \| .* \| (PASS|FAIL|UNKNOWN) \|")
CASES = [tuple(match.groups()) for match in map(ROW.match, (READINGS / "README.md").read_text().splitlines()) if match]
ERROR = "2026-11-24 12:00:00,000 [MainThread  ] [ERROR]  "
END = "checkov ended with exit code 0\n"


def materials(case: str = "") -> Materials:
    return Materials(root="/tmp/readings/checkov", files=INPUTS.get(case, {}))


def of(case: str) -> Reading:
    return checkov.read((READINGS / case / "results_json.json").read_bytes(), materials(case))


def log_of(case: str) -> Reading:
    return checkov_log.read((READINGS / case / "checkov.log").read_bytes(), materials(case))


def answer(case: str) -> str:
    """What the gate says to a case's report and log together."""
    try:
        reading = of(case)
    except (UnreadableError, FileNotFoundError) as error:
        reading = Reading(reach=0, problems=(str(error),))
    fields = {name: getattr(reading, name) for name in Reading.__dataclass_fields__}
    evidence = Evidence(
        **fields | {"problems": reading.problems + log_of(case).problems},
        check="iac",
        subject=Subject(),
        inputs_digest="same",
        started=NOW,
        seconds=1,
    )
    requirement = Requirement(check="iac", stage=Stage.CHANGE, covers_inputs=case in INPUTS)
    verdict = judge(
        Policy(checks={}, requirements=(requirement,)),
        {"iac": evidence},
        stage=Stage.CHANGE,
        subject=Subject(),
        inputs={"iac": Inputs(digest="same", paths=tuple(materials(case).files))},
        now=NOW,
        version="0",
    )
    return str(verdict.decision).upper()


def edited(case: str, **changes: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode((READINGS / case / "results_json.json").read_bytes()) | changes)


def test_every_case_has_its_row():
    """The table is of what is there."""
    assert {folder.parent.name for folder in READINGS.glob("*/checkov.log")} == {case for case, _ in CASES}


@pytest.mark.parametrize(("case", "expected"), CASES)
def test_each_real_report_gets_the_answer_of_the_table(case, expected):
    """Whatever Checkov's exit code, what it did not look at does not pass, and what it objects to fails."""
    allowed = {"UNKNOWN", "FAIL"} if expected == "UNKNOWN" and of_findings(case) else {expected}
    assert answer(case) in allowed


def of_findings(case: str) -> int:
    return len(of(case).findings) if (READINGS / case / "results_json.json").exists() else 0


@pytest.mark.parametrize(
    "case", [case for case, expected in CASES if expected == "UNKNOWN" and case != "hidden-folder"]
)
def test_what_is_unknown_stays_unknown_once_the_findings_are_waived(case):
    """A finding beside it is not why it does not pass: there is a problem, or no reach."""
    try:
        reading = of(case)
    except FileNotFoundError:
        reading = Reading(reach=0)
    assert reading.reach == 0 or reading.problems + log_of(case).problems


def test_a_finding_carries_rule_words_and_place_and_no_value():
    """What a check evaluated, the lines of the block and the tags stay out of the evidence."""
    topic, queue = of("issue").findings
    assert (
        Finding(
            rule="CKV_AWS_26",
            message="Ensure all data stored in the SNS topic is encrypted",
            path="issue/main.tf",
            line=1,
            resource="aws_sns_topic.news",
            fingerprint=topic.fingerprint,
        )
        == topic
    )
    assert topic.fingerprint != queue.fingerprint


@pytest.mark.parametrize("case", ["bad", "plan-bad"])
def test_a_planted_password_reaches_no_evidence(case):
    """Not from source, not from a plan that holds it in the open."""
    assert b"planted" in (READINGS / "roots" / "bad.json").read_bytes()
    assert "planted" not in repr(of(case))


def test_excerpts_change_nothing():
    """A report made with `--compact` reads the same."""
    assert of("issue") == of("compact")


def test_a_list_of_reports_reads_as_one():
    """One report a framework: reach, findings and version are of all."""
    reading = of("two-frameworks")
    paths = {finding.path for finding in reading.findings}
    assert (4, {"mixed/main.tf", "mixed/Dockerfile"}, "checkov 3.3.30") == (reading.reach, paths, reading.tool)


def test_inline_skips_are_findings_with_their_reason():
    """A skip is shown, counts, and says why, or that it does not say."""
    skips = {
        finding.rule: (finding.suppressed, finding.message.rpartition(" (")[2]) for finding in of("skipped").findings
    }
    assert {
        "CKV_AWS_26": (True, "skipped in the code: news are public)"),
        "CKV_AWS_27": (True, "skipped in the code: No comment provided)"),
    } == skips


def test_a_resource_of_a_plan_has_its_address_and_its_plan():
    """A plan has no lines; one that lies outside the repository has no path either."""
    (first, *_) = of("plan-skips").findings
    outside = checkov.read((READINGS / "plan-skips" / "results_json.json").read_bytes(), Materials(root="/repository"))
    assert ("aws_sns_topic.news", "skipped.json", None) == (first.resource, first.path, first.line)
    assert [None, None] == [finding.path for finding in outside.findings]
    assert first.fingerprint == outside.findings[0].fingerprint


@pytest.mark.parametrize("case", ["good", "plan-good", "bad", "plan-bad"])
def test_own_checks_that_answered_are_covered(case):
    """Each of ours is in the report, so nothing is wrong with how they were loaded."""
    reading = of(case)
    assert ((), True) == (reading.problems, set(OWN) <= set(reading.covered))


@pytest.mark.parametrize(
    ("case", "missing"),
    [
        ("checks-without-init", {"CKV_CLEARANCE_0", "CKV_CLEARANCE_1", "CKV_CLEARANCE_2"}),
        (
            "checks-missing",
            {"CKV_CLEARANCE_0", "CKV_CLEARANCE_1", "CKV_CLEARANCE_2", "CKV2_CLEARANCE_1", "CKV2_CLEARANCE_2"},
        ),
        ("check-raises", {"CKV_OWN_1", "CKV_CLEARANCE_1", "CKV_CLEARANCE_2", "CKV2_CLEARANCE_1", "CKV2_CLEARANCE_2"}),
    ],
)
def test_each_own_check_that_did_not_answer_is_named(case, missing):
    """A check that was not loaded, or raised for everything, is missing from the report, and that is a problem."""
    assert missing == {problem.split()[3] for problem in of(case).problems}


def test_a_narrowed_run_may_leave_own_checks_out():
    """Who asks for one check at the terminal left the others out on purpose."""
    report = (READINGS / "checks-missing" / "results_json.json").read_bytes()
    assert () == checkov.read(report, replace(materials("checks-missing"), narrowed=True)).problems


def test_what_lies_in_a_hidden_folder_is_not_covered():
    """A file with a resource that no check answered for was passed over."""
    assert {"hidden/main.tf"} == set(of("hidden-folder").covered)


@pytest.mark.parametrize(
    ("source", "covered"),
    [
        (b'variable "resource" {\n  description = "the resource"\n}\n', True),
        (b"", True),
        (b'# resource "aws_sns_topic" "news" {\n', True),
        (b'resource "aws_sns_topic" "news" {\n', False),
        (b'locals {\n}\n  data "aws_iam_policy_document" "all" {\n', False),
        (b'resource aws_sns_topic "news" {}', False),
    ],
)
def test_a_file_without_a_resource_needs_no_answer(source, covered):
    """Variables, outputs and versions are covered as they stand; a resource needs a check's answer."""
    reading = checkov.read(
        (READINGS / "clean" / "results_json.json").read_bytes(), Materials(files={"infra/a.tf": source})
    )
    assert covered == ("infra/a.tf" in reading.covered)


def test_a_file_that_does_not_parse_is_not_covered():
    """Even one in which nothing was declared, as far as can be told."""
    reading = checkov.read(
        (READINGS / "broken-hcl" / "results_json.json").read_bytes(),
        Materials(root="/tmp/readings/checkov", files={"broken/broken.tf": b"variable"}),
    )
    assert ("broken/main.tf",) == reading.covered


@pytest.mark.parametrize("name", ["passed", "failed", "skipped", "parsing_errors"])
def test_counts_that_the_lists_contradict_are_a_problem(name):
    """What is counted and not listed was hidden."""
    summary = msgspec.json.decode((READINGS / "issue" / "results_json.json").read_bytes())["summary"]
    (problem,) = checkov.read(edited("issue", summary=summary | {name: 7}), materials()).problems
    assert problem.startswith(f"checkov counted 7 {name.replace('_', ' ')} and lists ")


def test_counts_alone_must_be_of_nothing():
    """The bare counts of a run over nothing hide no failure."""
    assert () == of("empty-folder").problems
    assert len(checkov.read(edited("empty-folder", failed=3), materials()).problems) == 1


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("CRITICAL", Severity.CRITICAL), ("low", Severity.LOW), (None, None), ("NONE", None), ("odd", None)],
)
def test_a_severity_is_taken_where_there_is_one(stated, expected):
    """Offline there is none, and the policy decides."""
    results = msgspec.json.decode((READINGS / "issue" / "results_json.json").read_bytes())["results"]
    failed = [record | {"severity": stated} for record in results["failed_checks"]]
    reading = checkov.read(edited("issue", results=results | {"failed_checks": failed}), materials())
    assert {expected} == {finding.severity for finding in reading.findings}


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b" \n",
        (READINGS / "issue" / "results_json.json").read_bytes()[:-200],
        b"[" * 100_000,
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{}",
        b'{"passed": 1}',
        b'{"version": "2.1.0", "runs": []}',
        b"<testsuites/>",
        b'"passed"',
    ],
)
def test_what_is_no_checkov_report_is_refused_with_a_next_step(report):
    """Absent, cut off, nested beyond reason, of another tool: each names its cause and what to do."""
    with pytest.raises(UnreadableError) as caught:
        checkov.read(report, Materials())
    assert "Checkov" in str(caught.value)
    assert caught.value.hint


def test_the_hash_of_a_secret_reaches_no_evidence():
    """Checkov calls it the resource; whoever guesses the secret could prove it by that."""
    report = (READINGS / "secrets-everywhere" / "results_json.json").read_bytes()
    (hashed,) = {record["resource"] for record in msgspec.json.decode(report)["results"]["failed_checks"]}
    reading = of("secrets-everywhere")
    assert hashed not in msgspec.json.encode(reading).decode()
    assert {("python/keys.py", None)} == {(finding.path, finding.resource) for finding in reading.findings}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("/infra/main.tf", "infra/main.tf"),
        ("/../tf/main.tf", "/tf/main.tf"),
        (None, "/tf/main.tf"),
        ("/", "/tf/main.tf"),
    ],
)
def test_a_repository_that_lay_elsewhere_is_found_by_checkovs_own_path(where, expected):
    """In a container it is mounted as /tf; the path from the working folder is the one that waivers name."""
    part = msgspec.json.decode(edited("issue"))
    for record in part["results"]["failed_checks"]:
        record |= {"file_abs_path": "/tf/main.tf", "repo_file_path": where}
    reading = checkov.read(msgspec.json.encode(part), materials("issue"))
    assert {expected} == {finding.path for finding in reading.findings if not finding.suppressed}


def test_reports_of_older_versions_lack_counts():
    """Version 1 did not count resources, and its word for nothing had fewer counts too."""
    part = msgspec.json.decode(edited("issue"))
    del part["summary"]["resource_count"]
    reading = checkov.read(msgspec.json.encode(part), materials("issue"))
    nothing = checkov.read(b'{"passed": 0, "failed": 0, "skipped": 0, "checkov_version": "1.0.1"}', Materials())
    assert (of("issue").findings, 0) == (reading.findings, nothing.reach)


def test_an_empty_list_looked_at_nothing():
    """No report at all has no reach."""
    assert 0 == checkov.read(b"[]", Materials()).reach


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("check-raises", "its check CKV_OWN_1 raised on /main.tf:aws_sns_topic.news"),
        ("check-unimportable", "could not load our check unimportable"),
        ("missing-folder", "the folder missing is not there"),
        ("missing-module", "there is no module at missing-module/modules/queue"),
        ("wrong-framework", "it ran nothing"),
        ("severity-check", "checks were chosen by severity"),
        ("unknown-option", "exit code 2"),
    ],
)
def test_the_log_says_what_no_report_does(case, words):
    """Each entry of a real log is one problem, in words."""
    (problem,) = log_of(case).problems
    assert words in problem


@pytest.mark.parametrize("case", ["clean", "issue", "skipped", "plan-bad", "configured-overridden"])
def test_a_quiet_log_is_no_problem(case):
    """A run without trouble leaves its exit code alone, be that 0 or 1."""
    assert () == log_of(case).problems


@pytest.mark.parametrize(
    "text",
    [
        f"{ERROR}something new: password=planted\n{END}",
        f"{ERROR}Failed to run check CKV_X_1 on /main.tf:a.b\nTraceback\nRuntimeError: planted\n{END}",
        f"RuntimeWarning: planted\n{END}",
    ],
)
def test_a_log_passes_no_value_on(text):
    """What a log quotes may be a secret: that there is something is said, and not what."""
    (problem,) = checkov_log.read(text.encode(), Materials()).problems
    assert "planted" not in problem


def test_many_entries_are_shown_and_counted():
    """A log that never ends does not make a verdict that never ends."""
    entries = "".join(f"{ERROR}Failed to run check CKV_X_{number} on /main.tf:a.b\n" for number in range(50))
    problems = checkov_log.read((entries + END).encode(), Materials()).problems
    assert (21, "checkov said 30 more things of this kind in its log") == (len(problems), problems[-1])


@pytest.mark.parametrize("log", [b"", b"half a log", b"checkov ended with exit code"])
def test_a_log_without_an_end_is_refused(log):
    """Whoever kept the log must have seen Checkov end."""
    with pytest.raises(UnreadableError):
        checkov_log.read(log, Materials())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RECORD = st.fixed_dictionaries(
    {"check_id": st.text(), "resource": st.text(), "file_path": st.text()},
    optional={
        "check_name": st.none() | st.text(),
        "file_abs_path": st.none() | st.text(),
        "file_line_range": st.none() | st.lists(st.none() | st.integers(), max_size=3),
        "resource_address": st.none() | st.text(),
        "severity": st.none() | st.text(),
        "guideline": JSON,
        "check_result": st.none() | st.dictionaries(st.just("suppress_comment"), st.none() | st.text()),
    },
)
RECORDS = st.lists(RECORD, max_size=2)
COUNTS = st.fixed_dictionaries(
    dict.fromkeys(("passed", "failed", "skipped", "parsing_errors", "resource_count"), st.integers(0, 9))
)
REPORT = st.fixed_dictionaries(
    {
        "check_type": st.sampled_from(["terraform", "terraform_plan"]),
        "results": st.fixed_dictionaries(
            {"failed_checks": RECORDS, "passed_checks": RECORDS, "skipped_checks": RECORDS},
            optional={"parsing_errors": st.lists(st.text(), max_size=2)},
        ),
        "summary": COUNTS,
    }
)


@given(REPORT | st.lists(REPORT, max_size=2) | COUNTS | JSON)
def test_any_json_is_read_or_refused(value):
    """Nothing but `UnreadableError` comes out of JSON."""
    try:
        reading = checkov.read(msgspec.json.encode(value), Materials(files=OWN))
    except UnreadableError:
        return
    assert len(reading.findings) == len({finding.fingerprint for finding in reading.findings})


@given(st.binary())
def test_any_bytes_are_read_or_refused(data):
    """Nothing but `UnreadableError` comes out of bytes, be they a report or a log."""
    for read in (checkov.read, checkov_log.read):
        try:
            read(data, Materials())
        except UnreadableError:
            continue


@given(st.lists(st.sampled_from(["CKV_A_1", "CKV_A_2"]), max_size=5), st.sampled_from(["CKV_A_1", "CKV_A_2"]))
def test_another_failure_takes_no_finding_away(rules, another):
    """The findings of a longer list begin with those of the shorter one."""
    counts = dict.fromkeys(("passed", "failed", "skipped", "parsing_errors", "resource_count"), 0)

    def findings(given_rules):
        failed = [{"check_id": rule, "resource": "a.b", "file_path": "/a.tf"} for rule in given_rules]
        report = {"check_type": "terraform", "results": {"failed_checks": failed}, "summary": counts}
        return checkov.read(msgspec.json.encode(report), Materials()).findings

    assert findings(rules) == findings([*rules, another])[:-1]
