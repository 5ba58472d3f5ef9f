"""The reader of detect-secrets, its witness, and what this repository lets be searched."""

import json
import tomllib
from pathlib import Path

import pytest

from clearance.model import Finding, Materials, Reading, glob
from clearance.readers import detect_secrets

ROOT = Path(__file__).parents[2]
READINGS = ROOT / "tests" / "readings" / "detect-secrets"
NOT_SEARCHED = {"uv.lock", "tests/readings"}  # nothing but digests; real reports with planted secrets


def of(name: str, **changes: object) -> Reading:
    report = json.loads((READINGS / f"{name}.json").read_bytes()) | changes
    return detect_secrets.read(json.dumps(report).encode(), Materials(root="/tmp/readings/detect-secrets"))


def test_a_finding_says_what_kind_of_secret_stands_where():
    """Rule, path and line come from the report; it states no severity, and so neither does the finding."""
    first, second = of("issue").findings
    assert (
        Finding(
            rule="AWS Access Key",
            message="what looks like a secret stands here: revoke it if it is one, and take it out of the history",
            path="issue/settings.py",
            line=2,
            fingerprint=first.fingerprint,
        )
        == first
    )
    assert ("Secret Keyword", 3) == (second.rule, second.line)


def test_nothing_of_a_secret_is_in_the_reading():
    """Neither its text, nor the hash that the report has of it, nor a fingerprint that depends on it."""
    results = json.loads((READINGS / "issue.json").read_bytes())["results"]
    reading = of("issue")
    hashes = [secret["hashed_secret"] for secrets in results.values() for secret in secrets]
    assert [] == [found for found in hashes if found in repr(reading)]
    others = {name: [s | {"hashed_secret": "0" * 40} for s in secrets] for name, secrets in results.items()}
    assert reading.findings == of("issue", results=others).findings


def test_two_secrets_of_a_kind_in_a_file_are_told_apart():
    """The second one has another fingerprint."""
    secret = {"type": "Secret Keyword", "filename": "a.py", "hashed_secret": "", "line_number": 1}
    prints = [finding.fingerprint for finding in of("clean", results={"a.py": [secret, secret]}).findings]
    assert 2 == len(set(prints))


def test_a_find_that_someone_labelled_as_no_secret_still_counts():
    """The label is shown as a silencer, and the finding with it."""
    labelled = {"type": "Secret Keyword", "filename": "a.py", "hashed_secret": "", "is_secret": False}
    (finding,) = of("clean", results={"a.py": [labelled]}).findings
    assert finding.suppressed


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("detect_secrets.filters.allowlist.is_line_allowlisted", "--disable-filter"),
        ("detect_secrets.filters.common.is_ignored_due_to_verification_policies", "--no-verify"),
        ("detect_secrets.filters.common.is_baseline_file", "--baseline"),
        ("detect_secrets.filters.gibberish.should_exclude_secret", "may hide secrets"),
        ("file://filters.py::mine", "may hide secrets"),
    ],
)
def test_a_filter_that_hides_is_a_problem_that_names_the_way_out(path, words):
    """Allowlist comments, verification, baselines, word lists and filters of one's own."""
    (problem,) = of("clean", filters_used=[{"path": path}]).problems
    assert words in problem


def test_a_baseline_of_the_first_versions_is_read_and_not_trusted():
    """Before version 1 a report said nothing of its filters, and had other names for its limits."""
    old = {
        "version": "0.14.3",
        "exclude": {"files": None, "lines": None},
        "plugins_used": [
            {"name": "Base64HighEntropyString", "base64_limit": 4.5},
            {"name": "HexHighEntropyString", "hex_limit": 3},
        ],
        "results": {"a.py": [{"type": "Secret Keyword", "line_number": 3, "is_verified": False}]},
    }
    reading = detect_secrets.read(json.dumps(old).encode(), Materials())
    assert [("Secret Keyword", "a.py", 3)] == [(f.rule, f.path, f.line) for f in reading.findings]
    assert any("which filters hid what" in problem for problem in reading.problems)
    assert not any("entropy" in problem for problem in reading.problems)


def test_a_keyword_that_is_left_out_is_a_problem():
    """A baseline's settings can blunt a detector that is listed all the same."""
    used = json.loads((READINGS / "clean.json").read_bytes())["plugins_used"]
    blunted = [each | {"keyword_exclude": "pass.*"} if each["name"] == "KeywordDetector" else each for each in used]
    (problem,) = of("clean", plugins_used=blunted).problems
    assert "keyword_exclude" in problem


def test_the_moment_is_the_reports_own():
    """`generated_at` is in UTC; a slim report states none."""
    assert (None, "2026") == (of("clean", generated_at=None).made_at, f"{of('clean').made_at:%Y}")


def searched(path: str) -> bool:
    patterns = tomllib.loads((ROOT / "clearance.toml").read_text("utf-8"))["check"]["secrets"]["inputs"]
    return any(glob(pattern).match(path) for pattern in patterns)


def test_every_file_of_this_repository_is_asked_about():
    """A folder or a file that is new at the top, or among the tests, must be among the inputs of the check."""
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()} | {".git"}
    own = [path for path in ROOT.iterdir() if not any(glob(pattern).match(path.name) for pattern in ignored)]
    top = [path for path in own if not path.name.startswith(".") or path.name in {".ci", ".github", ".gitignore"}]
    among_tests = [path for path in (ROOT / "tests").iterdir() if path.name != "__pycache__"]
    places = {
        path.relative_to(ROOT).as_posix() + ("/x" if path.is_dir() else "")
        for path in (*top, *among_tests)
        if not path.is_dir() or any(inner.is_file() for inner in path.rglob("*"))
    }
    assert NOT_SEARCHED == {place.removesuffix("/x") for place in places if not searched(place)} - {"tests"}
