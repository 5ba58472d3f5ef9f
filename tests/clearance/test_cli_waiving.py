"""Waivers at the terminal: who accepted what, since when, for how long; and one more, in the file as it was."""

import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.cli.commands import perform
from clearance.model import Waiver
from clearance.policy import waiver_entry

POLICY = """\
# A comment at the top.   It stays.
[check.scan]
run = ["true"]
report = "scan.sarif"
reader = "sarif"

[check.other]   # so does this one
run = ["true"]
report = "scan.sarif"
reader = "sarif"

# Why the first is waived.
[[waiver]]
checks = ["scan"]
rule = "R1"
path = "src/a.txt"
owner = "ann"
reason = "known"
expires = 2027-03-31

[[waiver]]
checks = ["scan", "other"]
rule = "R2"
resource = "db.*"
at_most = 3
owner = "bob"
reason = 'the "old" one'
expires = 2026-12-24
"""
THIRD = """
[[waiver]]
checks = ["other"]
rule = "R3"
path = "**"
owner = "cem"
reason = "new"
expires = 2026-11-20
"""
NOW = ("--now", "2026-11-24")
WORDS = ("R9", "--check", "scan", "--path", "src/*.txt", "--owner", "dee", "--reason", "why", "--expires", "2099-01-31")


class Project:
    """A folder with a policy, and a git repository on demand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "clearance.toml"
        self.file.write_text(POLICY)

    def clearance(self, *words: str) -> subprocess.CompletedProcess[str]:
        # The gate refuses to start below one of its own checks, where these tests may well be running.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE", "GIT_"))}
        return subprocess.run(
            [sys.executable, "-m", "clearance", *words],
            cwd=self.path,
            env=env | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(self.path.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def git(self, *words: str, when: str = "2026-11-01T12:00:00Z") -> None:
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in {"NAME": "a", "EMAIL": "a@example.org", "DATE": when}.items()
        }
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        subprocess.run(["git", *words], cwd=self.path, env=env | who, check=True, capture_output=True)

    def commit(self, when: str) -> None:
        self.git("add", ".", when=when)
        self.git("commit", "-q", "-m", "x", when=when)

    def listed(self, *words: str) -> list[dict]:
        return json.loads(self.clearance("waivers", "--format", "json", *NOW, *words).stdout)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def repository(project):
    """The first waiver came in on 1 November and was renewed on the 10th, with the second; the third is new."""
    first, _, _ = POLICY.partition('\n[[waiver]]\nchecks = ["scan", "other"]')
    project.file.write_text(first.replace("2027-03-31", "2026-11-15"))
    project.git("init", "-q")
    project.commit("2026-11-01T12:00:00Z")
    project.file.write_text(POLICY)
    project.commit("2026-11-10T12:00:00Z")
    project.file.write_text(POLICY + THIRD)
    return project


def test_waivers_are_listed_with_owner_age_and_days_left(repository):
    """The next to expire comes first; the age is that of the entry, whenever it was renewed."""
    done = repository.clearance("waivers", *NOW)

    assert (done.returncode, done.stderr) == (0, "clearance: 3 waivers, 1 expired\n")
    assert done.stdout.splitlines() == [
        " left  expires     age          owner  waiver",
        " -4 d  2026-11-20  uncommitted  cem    R3 in **, for other: new",
        ' 30 d  2026-12-24  14 d         bob    R2 on db.*, for scan, other: the "old" one',
        "127 d  2027-03-31  23 d         ann    R1 in src/a.txt, for scan: known",
    ]


def test_the_list_is_json_for_programs(repository):
    """Each waiver is an object with its days as numbers."""
    assert repository.listed()[1] == {
        "checks": ["scan", "other"],
        "rule": "R2",
        "path": None,
        "resource": "db.*",
        "at_most": 3,
        "by_fingerprint": False,
        "owner": "bob",
        "reason": 'the "old" one',
        "expires": "2026-12-24",
        "days_left": 30,
        "added": "2026-11-10",
        "age_days": 14,
        "age_is_exact": True,
        "committed": True,
    }


def test_an_age_beyond_a_shallow_history_is_a_least_age(repository, tmp_path_factory):
    """Where history was cut off, an entry is at least as old as the cut."""
    repository.git("checkout", "-q", "--", ".")
    shallow = Project(tmp_path_factory.mktemp("shallow"))
    shallow.file.unlink()
    shallow.git("clone", "-q", "--depth", "1", f"file://{repository.path}", ".")

    assert "over 14 d" in shallow.clearance("waivers", *NOW).stdout
    assert [each["age_is_exact"] for each in shallow.listed()] == [False, False]


def test_without_history_the_age_is_unknown(project):
    """No repository, no age, and no error."""
    done = project.clearance("waivers", *NOW)

    assert done.returncode == 0
    assert [each["age_days"] for each in project.listed()] == [None, None]
    assert done.stdout.count("unknown") == 2


def test_a_file_that_writes_its_waivers_inline_has_no_ages(repository):
    """Where no table stands for itself, nobody's lines are taken for another's."""
    waiver = '{checks = ["scan"], rule = "R1", path = "a", owner = "a", reason = "b", expires = 2027-01-01}'
    repository.file.write_text(f"waiver = [{waiver}]\n" + POLICY.partition("# Why")[0])

    assert [(each["rule"], each["age_days"], each["committed"]) for each in repository.listed()] == [("R1", None, None)]


@pytest.mark.parametrize(
    ("span", "code", "rules"), [("29d", 1, ["R3"]), ("30d", 1, ["R3", "R2"]), ("19w", 1, ["R3", "R2", "R1"])]
)
def test_a_nightly_job_fails_on_what_expires_soon(repository, span, code, rules):
    """Those that have so many days left, or fewer, or none, are listed alone, and the answer is 1."""
    done = repository.clearance("waivers", *NOW, "--expiring-in", span)

    assert done.returncode == code
    assert [each["rule"] for each in repository.listed("--expiring-in", span)] == rules


def test_nothing_that_expires_soon_is_0(project):
    """With time enough left, the list is empty and the answer 0."""
    done = project.clearance("waivers", *NOW, "--expiring-in", "29d")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "clearance: 0 of 2 waivers expired or due within 29 days\n"


@pytest.mark.parametrize("words", [("--expiring-in", "soon"), ("--expiring-in", "30"), ("--now", "never")])
def test_a_span_that_is_none_is_2(project, words):
    """What cannot be understood is a wrong usage, and no reason to pass."""
    assert project.clearance("waivers", *words).returncode == 2


def test_a_waiver_is_appended_and_nothing_else_changes(project):
    """The new table stands at the end, every letter before it as it was, comments and the file's mode included."""
    project.file.chmod(0o640)
    done = project.clearance("waive", *WORDS, "--at-most", "2")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "R9 in src/*.txt, for scan: waived until 2099-01-31, 2 findings at most\n"
    assert project.file.read_text() == POLICY + (
        "\n"
        "[[waiver]]\n"
        'checks = ["scan"]\n'
        'rule = "R9"\n'
        'path = "src/*.txt"\n'
        "at_most = 2\n"
        'owner = "dee"\n'
        'reason = "why"\n'
        "expires = 2099-01-31\n"
    )
    assert project.file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("policy", [POLICY.rstrip("\n"), POLICY.replace("\n", "\r\n"), POLICY + "# the last word"])
def test_however_a_file_ends_it_stays_as_it_was(project, policy):
    """Without a line break at the end, with Windows' line breaks, after a comment: what was there is a prefix."""
    project.file.write_bytes(policy.encode())

    assert project.clearance("waive", *WORDS).returncode == 0
    assert project.file.read_bytes().startswith(policy.encode())
    assert tomllib.loads(project.file.read_bytes().decode())["waiver"][2]["rule"] == "R9"
    assert ("\r\n" in policy) is (b"\r\n[[waiver]]\r\n" in project.file.read_bytes()[len(policy) - 2 :])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("R1", "--check", "other", "scan", "--path", "src/a.txt"),
            "a waiver of R1 in src/a.txt, for scan already",
        ),
        (("R9", "--check", "scam", "--path", "a"), "the policy has no check scam"),
        (("R9", "--check", "scan", "--path", "./a"), "matches no finding"),
        (("R9", "--check", "scan", "--path", "/a"), "matches no finding"),
        (("R9", "--check", "scan", "--path", "a\\b"), "matches no finding"),
        (("R9", "--check", "scan", "--path", "src/../a"), "matches no finding"),
        (("R9", "--check", "scan", "--path", "src//a"), "matches no finding"),
        (("R9", "--check", "scan", "--path", "src/"), "folder/** for all below a folder"),
        (("R9", "--check", "scan", "--path", "a", "--expires", "2026-11-01"), "that day is over"),
        (("R9", "--check", "scan", "--path", ""), "path"),
        ((" ", "--check", "scan", "--path", "a"), "rule"),
        (("R9", "--check", "scan", "--path", "a", "--owner", " "), "owner"),
        (("R9", "--check", "scan", "--path", "a", "--at-most", "0"), "at-most"),
        (("R9", "--check", "scan"), "one of the arguments --path --resource is required"),
        (("R9", "--check", "scan", "--path", "a", "--resource", "b"), "not allowed with"),
    ],
)
def test_a_waiver_that_could_cover_nothing_is_refused(project, words, said):
    """A duplicate, an unknown check, a place that nothing has, a day that is over: 2, and the file as it was."""
    done = project.clearance("waive", "--owner", "dee", "--reason", "why", "--expires", "2099-01-31", *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert project.file.read_text() == POLICY


def test_waivers_written_at_once_all_stand_there(project, monkeypatch):
    """Of several commands that change the policy at the same moment, none undoes another's work."""
    monkeypatch.chdir(project.path)
    rules = [f"R9{number}" for number in range(8)]
    with ThreadPoolExecutor(len(rules)) as pool:
        codes = list(pool.map(lambda rule: perform(["waive", rule, *WORDS[1:]]), rules))

    assert codes == [0] * len(rules)
    assert sorted(rules) == sorted(one["rule"] for one in tomllib.loads(project.file.read_text())["waiver"][2:])


def test_a_file_whose_end_would_swallow_the_waiver_is_left_alone(project):
    """Where the waivers are one inline array, no table can be added, and the file stays as it was."""
    text = "waiver = []\n" + POLICY.partition("# Why")[0]
    project.file.write_text(text)
    done = project.clearance("waive", *WORDS)

    assert done.returncode == 2
    assert "the policy writes its waivers as `waiver = [...]`" in done.stderr
    assert project.file.read_text() == text


@given(
    texts=st.tuples(*[st.text(min_size=1).filter(str.strip)] * 3),
    place=st.sampled_from(["path", "resource"]),
    at_most=st.integers(1, 10**6),
    day=st.dates(),
)
def test_what_is_appended_reads_back(texts, place, at_most, day):
    """Whatever its words are, a waiver that was appended is the last one, and the others are those that were there."""
    rule, where, reason = (text.encode("utf-8", "replace").decode() for text in texts)
    waiver = Waiver(
        checks=("scan",), rule=rule, owner=reason, reason=reason, expires=day, at_most=at_most, **{place: where}
    )
    text = waiver_entry.append(POLICY, waiver)
    *before, last = tomllib.loads(text)["waiver"]

    assert before == tomllib.loads(POLICY)["waiver"]
    assert last.pop("at_most", 1) == at_most
    assert last == {"checks": ["scan"], "rule": rule, place: where, "owner": reason, "reason": reason, "expires": day}
    assert waiver_entry.places(text)[-1].stop == text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a = '''\n[[waiver]]\n'''\n", None),
        ("[[waiver]]\nx = 1\n\n# next\n[a]\n", [range(1, 3)]),
        ("[[waiver]]\r\nx = 1\r\n\r\n[a]\r\n", [range(1, 3)]),
        (" [[ waiver ]] # one\nx = 1\n[['waiver']]\n", [range(1, 3), range(3, 4)]),
    ],
)
def test_tables_are_found_where_they_stand(text, expected):
    """A table is its header and its keys, without the next one's comment; what only looks like one misleads nobody."""
    assert waiver_entry.places(text) == expected
