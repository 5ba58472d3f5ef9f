"""Every kept run of a tool that must not pass: reader and judge give the stated answer, the page shows it."""

import re
import tomllib
from collections import Counter

import pytest

from clearance.model import Decision
from tests.clearance.corpus import PAGE, READINGS, ROOT, answer, load, page

CORPUS = load()
CASES = {case.id: case for case in CORPUS.cases}
ROW = re.compile(r"\| `([\w./-]+)` \|(?: [^|]*\|)+")

# What was measured before the first reader was written: each of these ended with the exit code beside it.
MEASURED = [
    ("checkov/broken-hcl", 0),
    ("checkov/missing-folder", 0),
    ("checkov/empty-folder", 0),
    ("checkov/unknown-check", 0),
    ("checkov/issue", 1),
    ("checkov/hard-fail-high", 0),
    ("checkov/plan-skips", 1),
    ("checkov/plan-deep", 1),
    ("checkov/secrets-in-python", 0),
    ("checkov/checks-without-init", 1),
    ("checkov/baseline", 0),
    ("checkov/soft-fail", 0),
    ("checkov/skipped", 0),
    ("checkov/quiet", 0),
    ("bandit/syntax-error", 0),
    ("bandit/missing-folder", 0),
    ("bandit/empty-folder", 0),
    ("bandit/baseline", 0),
    ("junit/pytest-all-skipped", 0),
    ("junit/pytest-nothing-collected", 5),
    ("scenarios/unbound", 0),
    ("scenarios/outline-without-rows", 0),
    ("scenarios/step-skips", 0),
    ("scenarios/undefined-step", 1),
    ("terraform/validate-empty-folder", 0),
    ("terraform/plan-errored", 1),
    ("nox/skipped", 0),
    ("nox/no-interpreter", 0),
    ("nox/no-interpreter-in-ci", 1),
    ("pip-audit/unreachable-pypi", 0),
    ("pip-audit/unreachable", 1),
    ("locust/no-request", 0),
    ("locust/no-request-checked", 0),
    ("locust/host-down-forgiven", 0),
    ("locust/host-down", 1),
    ("locust/task-raises", 1),
]


@pytest.mark.parametrize("case", CORPUS.cases, ids=lambda case: case.id)
def test_a_run_that_must_not_pass_gets_the_stated_answer(case):
    """Whatever the tool's exit code: UNKNOWN or FAIL, and the one that the table states."""
    assert case.answer in {"UNKNOWN", "FAIL"}
    assert case.answer == answer(case).name


@pytest.mark.parametrize("case", CORPUS.controls, ids=lambda case: case.id)
def test_a_sound_run_passes(case):
    """The same tools over what is well, so that no answer above comes from a gate that never passes."""
    assert Decision.PASS is answer(case)


@pytest.mark.parametrize("case", CORPUS.blind, ids=lambda case: case.id)
def test_what_is_called_blind_is_so(case):
    """A run whose report starts to tell belongs among the cases."""
    assert Decision.PASS is answer(case)


@pytest.mark.parametrize("case", CORPUS.blind, ids=lambda case: case.id)
def test_the_policy_keeps_a_blind_case_from_happening(case):
    """What the remedy names stands in our own policy, in the place that it names."""
    check = tomllib.loads((ROOT / "clearance.toml").read_text())["check"][case.remedy["check"]]
    key, word = case.remedy["key"], case.remedy["word"]
    stands = {
        "run": word in " ".join(check["run"]),
        "absent": word not in " ".join(check["run"]),
        "config": word in check.get("config", ()),
        "reports": word in check.get("reports", {}).values(),
    }
    assert stands[key]


@pytest.mark.parametrize(("name", "code"), MEASURED)
def test_what_was_measured_is_kept(name, code):
    """Each row of the measurements is a run that is kept, with the exit code that was seen then."""
    runs = {case.id: case.exit for case in CORPUS.cases}
    assert code == runs.get(name)


def rows(folder):
    """Name, exit code and whole text of each row of a README's table."""
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\| `?([\w./-]+?)(?:\.(?:json|xml|txt|sarif|zip))?`?(?:: none)? \| ", line):
            codes = re.findall(r"\| \**(\d+)[^|]*\|", line)
            if codes:
                yield f"{folder.name}/{found[1]}", int(codes[-1]), line


FOLDERS = sorted(file.parent for file in READINGS.glob("*/README.md"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_run_that_was_made_stands_in_the_corpus(folder):
    """Every row of a folder's table, with its exit code and its command, and nothing that was not made."""
    runs = {case.id: case for case in CORPUS.every() if case.folder == folder.name}
    made = {name: (code, line) for name, code, line in rows(folder)}
    assert {name: code for name, (code, _) in made.items()} == {name: case.exit for name, case in runs.items()}
    for name, case in runs.items():
        said = made[name][1].replace("`", "")
        assert all(part in said for part in case.command.split(" && ")), name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_folder_can_be_made_anew(folder):
    """There is a script beside the reports, and the table of its making states the tools' versions."""
    assert (folder / "make.sh").exists() or (folder / "make.py").exists()
    said = (folder / "README.md").read_text(encoding="utf-8")
    assert [] == [case.id for case in CORPUS.every() if case.folder == folder.name and case.version not in said]


def test_the_first_report_of_each_run_is_there_or_was_never_left():
    """A report that is not there is one that the tool did not leave: for Checkov alone, and its log says so."""
    absent = [(case, file) for case in CORPUS.every() for file in case.reports if not (READINGS / file).exists()]
    assert {"checkov"} >= {case.folder for case, _ in absent}
    assert [] == [case.id for case, file in absent if not (READINGS / file).with_name("checkov.log").exists()]


def test_each_report_that_is_kept_stands_in_the_corpus():
    """A report that nobody judges would prove nothing."""
    unread = {"written", "roots", "nox"}  # by hand; what plans are made of; no reader
    kept = {
        file.relative_to(READINGS).as_posix()
        for file in (*READINGS.glob("*/*.*"), *READINGS.glob("*/*/*.*"))
        if file.suffix in {".json", ".xml", ".txt", ".sarif", ".zip"}
        and not file.name.endswith(".py.txt")
        and unread.isdisjoint(file.parts)
    }
    assert [] == sorted(kept - {file for case in CORPUS.every() for file in case.reports})


def test_each_run_has_one_name():
    """No two runs share an identifier."""
    assert [] == [name for name, times in Counter(case.id for case in CORPUS.every()).items() if times > 1]


@pytest.mark.parametrize(
    "entry", [*CORPUS.samples, *CORPUS.silencers], ids=lambda entry: str(entry.get("silencer", ""))
)
def test_what_holds_an_answer_is_there(entry):
    """A sample or a silencer names runs that must not pass, or tests that exist."""
    for name in entry["held_by"]:
        file, _, test = name.partition("::")
        assert name in CASES or f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_each_tool_that_reads_comments_or_settings_has_its_silencers():
    """For each of the tools both a comment and a setting are accounted for."""
    places = {(each["tool"], word) for each in CORPUS.silencers for word in each["where"].split(" and ")}
    tools = ("Bandit", "Checkov", "coverage.py", "detect-secrets", "pytest", "pytest-bdd", "ruff", "squawk", "zizmor")
    assert {(tool, where) for tool in tools for where in ("comment", "configuration")} <= places


def test_the_page_shows_the_corpus():
    """docs/reference/fail-open.md is what the corpus makes; `python -m tests.clearance.corpus` writes it."""
    assert page(CORPUS) == PAGE.read_text(encoding="utf-8")
