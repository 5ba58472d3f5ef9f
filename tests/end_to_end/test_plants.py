"""Faults planted in a copy of this repository: each must turn the right check, to the right answer, for its reason."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tests.copies import Copy

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()
INJECTION = '''"""A fault."""

import subprocess


def run(words):
    """Hand a stranger's words to a shell."""
    return subprocess.call(words, shell=True)
'''


@pytest.fixture
def copy(tmp_path, kept):
    return Copy(tmp_path, kept)


@pytest.fixture
def small(copy):
    """A copy with little in it beside the service, so that each scan of it is short."""
    folders = ("clearance/__init__.py", "stack/__init__.py")  # scanned by name
    copy.keep_only("service", "security", "load/slo.yaml", "infra/documented.toml", *folders)
    return copy


def test_the_copy_passes_unplanted(copy):
    """Without a fault the copy's scan passes, so that each plant below is the cause of its answer."""
    code, reasons, _ = copy.judge("bandit")
    assert (code, "findings at or above medium, 0 allowed" in reasons) == (0, True)


def test_an_injection_fails(small):
    """A shell that is given a stranger's words is found, blocks, and is named with its place."""
    small.write("service/planted.py", INJECTION)
    code, _, verdict = small.judge("bandit")
    blocking = verdict["rulings"][0]["blocking"]
    assert (code, [(f["rule"], f["path"], f["line"]) for f in blocking]) == (1, [("B602", "service/planted.py", 8)])


def test_a_silenced_injection_fails_too(small):
    """A comment that would silence the tool changes nothing."""
    small.write("service/planted.py", INJECTION.replace("shell=True)", "shell=True)  # nosec"))
    assert small.judge("bandit")[0] == 1


def test_a_syntax_error_in_a_scanned_file_is_unknown(small):
    """A file that the scanner could not parse was not looked at."""
    small.write("service/planted.py", "def broken(:\n")
    code, reasons, _ = small.judge("bandit")
    assert (code, "service/planted.py" in reasons) == (3, True)


def test_an_empty_scan_folder_is_unknown(copy):
    """A scan of a folder that holds nothing has no reach."""
    (copy.path / "empty").mkdir()
    copy.replace("clearance.toml", '"-r", "clearance", "service", "stack",', '"-r", "empty",')
    code, reasons, _ = copy.judge("bandit")
    assert (code, "looked at 0 files, at least 1 asked for" in reasons) == (3, True)


@pytest.mark.parametrize("setting", ["exclude = service/planted.py", "skips = B404,B602", "tests = B101"])
def test_a_scanner_configuration_changes_nothing(small, setting):
    """A file or a rule that a configuration in the scanned folder leaves out is looked at all the same."""
    small.write("service/planted.py", INJECTION)
    small.write("clearance/.bandit", f"[bandit]\n{setting}\n")
    code, _, verdict = small.judge("bandit")
    assert (code, [f["path"] for f in verdict["rulings"][0]["blocking"]]) == (1, ["service/planted.py"])


def test_a_scanner_configuration_that_is_obeyed_is_unknown(small):
    """Were it obeyed, the file that it leaves out would be an input that was not looked at."""
    small.write("service/planted.py", INJECTION)
    small.write("clearance/.bandit", "[bandit]\nexclude = service/planted.py\n")
    small.replace("clearance.toml", '"--ini", "/dev/null", ', "")
    code, reasons, _ = small.judge("bandit")
    assert (code, "inputs were not looked at: service/planted.py" in reasons) == (3, True)


@pytest.mark.parametrize("preserve", ["-p", "--no-preserve=all"])
def test_a_report_from_yesterday_is_unknown(small, preserve):
    """A report that was made before the run is refused, whether the file or only its content is old."""
    made = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
    old = {"errors": [], "generated_at": f"{made:%Y-%m-%dT%H:%M:%SZ}", "metrics": {"service/app.py": {"loc": 9}}}
    small.write("old.json", json.dumps(old | {"results": []}))
    os.utime(small.path / "old.json", (made.timestamp(), made.timestamp()))
    lines = (small.path / "clearance.toml").read_text().splitlines()
    start = lines.index("[check.bandit]")
    lines[start + 1] = f'run = ["cp", "{preserve}", "old.json", "{{report}}"]'
    small.write("clearance.toml", "\n".join(lines))
    code, reasons, _ = small.judge("bandit")
    assert (code, "before this run" in reasons) == (3, True)


def waiver(**changes) -> str:
    keys = {
        "checks": '["bandit"]',
        "rule": '"B602"',
        "path": '"service/planted.py"',
        "owner": '"ann"',
        "reason": '"planted"',
        "expires": "2999-01-01",
    } | changes
    return "\n[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def test_a_waiver_that_expired_yesterday_no_longer_waives(small):
    """The finding blocks again, and the reason names the waiver, its owner and its last day."""
    small.write("service/planted.py", INJECTION)
    small.add("clearance.toml", waiver())
    assert small.judge("bandit")[0] == 0
    small.replace("clearance.toml", "2999-01-01", f"{YESTERDAY}")
    code, reasons, verdict = small.judge("bandit")
    assert (code, f"by ann expired on {YESTERDAY}" in reasons) == (1, True)
    assert [w["rule"] for w in verdict["expired_waivers"]] == ["B602"]


def test_an_idle_waiver_is_named(copy):
    """A waiver that covers nothing is named and decides nothing."""
    copy.add("clearance.toml", waiver())
    code, _, verdict = copy.judge("bandit")
    assert (code, [w["rule"] for w in verdict["idle_waivers"]]) == (0, ["B602"])


def test_a_misspelt_key_in_a_waiver_is_an_error(copy):
    """A waiver with a key that nobody knows covers nothing: the policy is refused, the right key named."""
    copy.add("clearance.toml", waiver(rule_ids='["B602"]'))
    code, said, _ = copy.judge("bandit")
    assert (code, "unknown key: rule_ids" in said, "did you mean rule?" in said) == (2, True, True)


@pytest.fixture
def behaviour(copy):
    """A copy whose behaviour is two features, so that each run of them is short."""
    for feature in (copy.path / "features").glob("*.feature"):
        if feature.stem not in {"canary", "lookup"}:
            feature.unlink()
    copy.replace("clearance.toml", "reach = 150", "reach = 10")
    return copy


def test_whole_behaviour_passes(behaviour):
    """Unplanted, the scenarios run on the real stack and pass, with their number as the reach."""
    code, reasons, verdict = behaviour.judge("integration")
    assert (code, verdict["evidence"][0]["unit"]) == (0, "scenarios"), reasons
    assert verdict["evidence"][0]["reach"] >= 10


def test_a_broken_scenario_fails(behaviour):
    """A scenario that expects what the service does not do fails, and is named with its place."""
    behaviour.replace("features/canary.feature", "| month   | 1970-01 |", "| month   | 1971-01 |")
    code, _, verdict = behaviour.judge("integration")
    blocking = verdict["rulings"][0]["blocking"]
    assert (code, [f["path"] for f in blocking]) == (1, ["features/canary.feature"])
    assert "Statistics by <group> count the canary alone" in blocking[0]["resource"]


def test_an_unbound_scenario_is_unknown(behaviour):
    """A declared scenario that no test is bound to did not run, however green the rest is."""
    behaviour.replace("features/test_features.py", 'scenarios(".")', 'scenarios("lookup.feature")')
    code, reasons, _ = behaviour.judge("integration")
    assert (code, "The canary is alive" in reasons) == (3, True)


def test_all_tests_skipped_is_unknown(behaviour):
    """A run in which every test was skipped ends green for pytest, and has no reach."""
    behaviour.add(
        "features/conftest.py",
        '\n\n@pytest.fixture(autouse=True)\ndef nothing_today():\n    pytest.skip("the environment is down")\n',
    )
    code, reasons, verdict = behaviour.judge("integration")
    assert (code, verdict["evidence"][0]["reach"]) == (3, 0)
    assert "looked at 0 scenarios, at least 10 asked for" in reasons


UNIT_TESTS = '"tests/clearance", "tests/service"'


def test_all_unit_tests_skipped_is_unknown(copy):
    """The same for unit tests: skipped is not run, and their coverage fails besides."""
    for test in (copy.path / "tests/clearance").glob("test_*.py"):
        if test.stem != "test_identity":
            test.unlink()
    copy.replace("clearance.toml", UNIT_TESTS, '"tests/clearance"')
    copy.replace("clearance.toml", 'group = "test"\nproject = true\n', 'group = "test"\n')  # another copy's: see Copy
    copy.write(
        "tests/clearance/conftest.py",
        'import pytest\n\n\n@pytest.fixture(autouse=True)\ndef nothing_today():\n    pytest.skip("not today")\n',
    )
    code, reasons, verdict = copy.judge("unit")
    assert (code, verdict["evidence"][0]["reach"]) == (1, 0)
    assert "looked at 0 tests" in reasons


PLANTED_KEY = "AKIA" + "IOSFODNN7EXAMPLE"  # put together, so that no scan of this repository finds it here
PLANTED_LOCK = "ALTER TABLE flights.flight ALTER COLUMN flight TYPE bigint;\n"
UNUSED = '"""A fault."""\n\nimport os\n'
PLANTED_WORKFLOW = """name: planted
on: [push]
permissions: {}
concurrency:
  group: planted
  cancel-in-progress: true
jobs:
  planted:
    name: planted
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-node@v6
"""


@pytest.mark.parametrize(
    ("check", "file", "text", "rule"),
    [
        ("secrets", "service/planted.py", f'KEY = "{PLANTED_KEY}"\n', "AWS Access Key"),
        ("secrets", "service/planted.py", f'KEY = "{PLANTED_KEY}"  # pragma: allowlist secret\n', "AWS Access Key"),
        ("migrations", "service/migrations/0002_planted.sql", PLANTED_LOCK, "changing-column-type"),
        ("workflows", ".github/workflows/planted.yml", PLANTED_WORKFLOW, "unpinned-uses"),
        (
            "workflows",
            ".github/workflows/planted.yml",
            PLANTED_WORKFLOW.replace("@v6", "@v6 # zizmor: ignore[unpinned-uses]"),
            "unpinned-uses",
        ),
        ("lint", "service/planted.py", UNUSED, "F401"),
        ("lint", "service/planted.py", UNUSED + "# noqa\n", "F401"),
        ("lint", "service/planted.py", "# ruff: noqa\n" + UNUSED, "F401"),
        ("lint", "service/planted.py", f"# ruff: disable[F401]\n{UNUSED}# ruff: enable[F401]\n", "F401"),
    ],
)
def test_what_a_scanner_finds_fails_silenced_or_not(small, check, file, text, rule):
    """A committed secret, a migration that locks a table, an action that is not pinned: each is named with its file."""
    small.write(file, text)
    code, reasons, verdict = small.judge(check)
    assert (code, {(f["rule"], f["path"]) for f in verdict["rulings"][0]["blocking"]} & {(rule, file)}) == (
        1,
        {(rule, file)},
    ), reasons


@pytest.mark.parametrize(
    ("check", "file", "text", "words"),
    [
        ("secrets", "service/planted.css", "a { color: red }\n", "not looked at: service/planted.css"),
        ("secrets", "service/planted.py", "word = 'caf\udce9'\n", "not looked at: service/planted.py"),
        (
            "migrations",
            "service/migrations/0002_planted.sql",
            "-- squawk-ignore-file\n" + PLANTED_LOCK,
            "line 1: squawk",
        ),
        ("migrations", "service/migrations/0002_planted.sql", "CREATE TABLE t (\n", "could not parse"),
        ("workflows", ".github/workflows/planted.yml", "on: [push\n", "failed to parse input"),
        ("workflows", ".github/zizmor.yml", "rules: {}\n", "not looked at: .github/zizmor.yml"),
    ],
)
def test_what_a_scanner_does_not_see_is_unknown(small, check, file, text, words):
    """A file of a kind that it passes over, or in no encoding, a broken one, one that silences it, a configuration."""
    small.write(file, "")
    (small.path / file).write_bytes(text.encode("utf-8", "surrogateescape"))
    code, reasons, _ = small.judge(check)
    assert (code, words in reasons) == (3, True), reasons


@pytest.mark.parametrize("key", ["exclude", "extend-exclude"])
def test_an_exclusion_of_a_linter_is_unknown(copy, key):
    """A file that the project's own configuration leaves out is an input that was not looked at."""
    copy.write("service/planted.py", UNUSED)
    copy.replace("pyproject.toml", 'extend-exclude = [".clearance", ', f'{key} = ["planted.py", ".clearance", ')
    code, reasons, _ = copy.judge("lint")
    assert (code, "not looked at: service/planted.py" in reasons) == (3, True), reasons


def test_a_file_that_git_was_told_to_ignore_is_unknown(copy):
    """A linter passes over what git ignores; where that is an input all the same, it was not looked at."""
    subprocess.run(["git", "init", "-q"], cwd=copy.path, check=True)
    copy.write("service/.gitignore", "problems.py\n")
    subprocess.run(["git", "add", "-f", "service/problems.py"], cwd=copy.path, check=True)
    code, reasons, _ = copy.judge("lint")
    assert (code, "not looked at: service/problems.py" in reasons) == (3, True), reasons


def test_a_configuration_further_down_changes_nothing(copy):
    """A linter's configuration in a folder does not hide what that folder holds."""
    copy.write("service/planted.py", UNUSED)
    copy.write("service/ruff.toml", 'lint.select = ["W"]\n')
    code, _, verdict = copy.judge("lint")
    assert (code, "service/planted.py" in {f["path"] for f in verdict["rulings"][0]["blocking"]}) == (1, True)


def test_isort_comments_hide_the_order_of_imports_alone(copy):
    """A comment to isort is obeyed, and every other rule sees the file."""
    copy.write("service/planted.py", f"# isort: skip_file\n{UNUSED}import ast\n")
    _, _, verdict = copy.judge("lint")
    rules = {f["rule"] for f in verdict["rulings"][0]["blocking"] if f["path"] == "service/planted.py"}
    assert ("F401" in rules, "I001" in rules) == (True, False)


GIT = {
    "a repository with everything committed": [["git", "add", "-A"], ["git", "commit", "-qm", "all"]],
    "a dirty tree": [["git", "add", "-A"], ["git", "commit", "-qm", "all"], ["touch", "new"]],
    "a repository without a commit": [],
    "a detached head": [
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "all"],
        ["git", "checkout", "-q", "--detach"],
    ],
}


@pytest.mark.parametrize("commands", GIT.values(), ids=GIT)
def test_it_runs_whatever_git_says(small, commands):
    """A copy under git in any state is judged, and the subject says whether a commit holds it."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q"], cwd=small.path, check=True)
    for words in commands:
        subprocess.run([words[0], *(identity if words[0] == "git" else []), *words[1:]], cwd=small.path, check=True)
    code, reasons, verdict = small.judge("bandit")
    assert code == 0, reasons
    committed = any("commit" in words for words in commands)
    assert (verdict["subject"]["commit"] is not None, verdict["subject"]["dirty"]) == (
        committed,
        not committed or ["touch", "new"] in commands,
    )


def test_it_runs_in_a_shallow_clone_a_submodule_and_a_folder_with_spaces(small, tmp_path_factory):
    """Clones of depth 1 and submodules are judged like any other, wherever they lie."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]

    def git(where, *words):
        subprocess.run(["git", *identity, *words], cwd=where, check=True, capture_output=True)

    git(small.path, "init", "-q")
    git(small.path, "add", "-A")
    git(small.path, "commit", "-qm", "all")
    outer = tmp_path_factory.mktemp("some where")
    git(outer, "clone", "-q", "--depth", "1", f"file://{small.path}", "a shallow clone")
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", f"file://{small.path}", "a submodule")
    for name in ("a shallow clone", "a submodule"):
        other = Copy.__new__(Copy)
        other.path = outer / name
        code, reasons, verdict = other.judge("bandit")
        assert (code, verdict["subject"]["dirty"]) == (0, False), reasons
