"""`clearance github` and `clearance checks` at the command line: exit codes, what is said, what is written."""

import json
import os
import subprocess
from dataclasses import dataclass

import pytest

from clearance.cli.commands import perform
from clearance.render import verdict_json
from tests.clearance.github_api import GitHub, Trouble
from tests.clearance.test_cli import Folder
from tests.clearance.test_cli_base import GIT, commit
from tests.clearance.test_github import HEAD, MERGE, TOKEN, finding, ruleset, verdict


@pytest.fixture
def github():
    with GitHub().serving() as serving:
        yield serving


@pytest.fixture
def folder(tmp_path):
    """A repository with one check, `tool`, and one commit."""
    path = tmp_path / "repository"
    path.mkdir()
    subprocess.run([*GIT, "init", "-q", "-b", "main"], cwd=path, check=True)
    made = Folder(path)
    commit(made, "the base")
    return made


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def call(github, tmp_path, capsys, monkeypatch):
    """Carry out a verb in this process against the simulated GitHub; without a token where it is None."""

    def run(*words, token=TOKEN, cwd=tmp_path, **more):
        for name in [name for name in os.environ if name.startswith(("GITHUB_", "GH_", "CLEARANCE_"))]:
            monkeypatch.delenv(name)
        known = {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "owner/repository", "GITHUB_TOKEN": token, **more}
        for name, value in known.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(cwd)
        capsys.readouterr()
        code = perform([str(word) for word in words])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "verdict.json"
    path.write_bytes(verdict_json.render_bytes(verdict(*map(finding, range(3)))))
    return path


@pytest.mark.parametrize("kind", ["check-run", "commit-status"])
def test_a_status_is_set(github, call, file, kind):
    """Either kind stands on the verdict's commit, with a link to the run, and the exit code is 0 also for a FAIL."""
    of = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "5"}
    done = call("github", "status", "--verdict", file, "--as", kind, "--name", "gate", **of)
    (made,) = github.check_runs + github.statuses
    assert (0, "FAIL: 1 check fails, on commit bbbbbbbbbbbb") == (done.returncode, done.stdout.split(": http")[0])
    link = made.get("details_url") or made["target_url"]
    assert "https://github.com/owner/repository/actions/runs/5" == link


def test_another_commit_may_be_named(github, call, file):
    """The head of a pull request, for one, where the merge of it was judged."""
    assert 0 == call("github", "status", "--verdict", file, "--commit", HEAD).returncode
    assert HEAD == github.check_runs[0]["head_sha"]


@pytest.mark.parametrize("code", [401, 403, 404, 422])
def test_a_status_that_could_not_be_set_is_no_success(github, call, file, code):
    """The exit code is 3, the reason is on stderr, and the token is nowhere."""
    github.troubles.append(Trouble("POST", "/check-runs", code, {}, {"message": f"Bad {TOKEN}"}))
    done = call("github", "status", "--verdict", file)
    assert (3, "") == (done.returncode, done.stdout)
    assert f"GitHub answers {code} to POST" in done.stderr
    assert TOKEN not in done.stderr


def test_an_answer_in_another_shape_is_no_success(github, call):
    """Where GitHub answers something else than it documents, that is said, and nothing is taken for granted."""
    github.troubles.append(Trouble("GET", "/rules/branches/main", 200, {}, {"not": "a list"}))
    done = call("github", "required", "--branch", "main", "--name", "gate")
    assert (3, True) == (done.returncode, "no list" in done.stderr)


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (["status"], {"token": None}, "there is no token"),
        (["status"], {"GITHUB_REPOSITORY": ""}, "there is no repository"),
        (["status"], {"GITHUB_API_URL": "http://example.org"}, "no place for a token"),
        (["comment"], {}, "there is no event"),
    ],
)
def test_what_is_missing_is_said(call, file, words, more, said):
    """Without a token, a repository or an event the exit code is 2, with the next step."""
    done = call("github", *words, "--verdict", file, **more)
    assert (2, True, True) == (done.returncode, said in done.stderr, "hint: " in done.stderr)


@pytest.mark.parametrize("words", [["status", "--verdict"], ["comment", "--verdict", "x", "--event"]])
def test_a_file_that_is_not_there_is_said(call, tmp_path, words):
    """A verdict or an event that is not where it was said to be is named, with the next step."""
    done = call("github", *words, tmp_path / "nowhere.json")
    assert (2, True, True) == (done.returncode, f"at {tmp_path}/nowhere.json" in done.stderr, "hint: " in done.stderr)


def test_a_run_of_a_fork_that_is_gone_has_no_comment(call, file, tmp_path):
    """Where GitHub names no repository any more, there is no pull request to comment on."""
    run = {"id": 1, "head_sha": HEAD, "head_branch": "topic", "head_repository": None}
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": run}))
    done = call("github", "comment", "--verdict", file, "--event", event)
    assert (0, True) == (done.returncode, "is the head of no open pull request" in done.stdout), done.stderr


@pytest.mark.parametrize(("rules", "code"), [([ruleset("gate", 15368)], 0), ([ruleset("gate")], 1), ([], 1)])
def test_required_has_an_exit_code(github, call, rules, code):
    """It is 0 where the check is required of the right app, and 1 where it is not."""
    github.rules = rules
    done = call("github", "required", "--branch", "main", "--name", "gate")
    assert (code, True) == (done.returncode, done.stdout.startswith("gate is "))


def test_not_seen_is_not_not_required(github, call):
    """A token that may not look everywhere cannot tell that a check is not required: 3."""
    github.troubles.append(Trouble("GET", "/protection", 403))
    done = call("github", "required", "--branch", "main", "--name", "gate")
    assert (3, True) == (done.returncode, "not seen: classic" in done.stderr)


def test_approvals_are_a_file_for_accepted(github, call, folder, tmp_path):
    """Where an owner approves, the file names the commit that is checked out; where nobody does, there is none."""
    (folder.path / "a.txt").write_text("three\n")
    here = commit(folder, "a change")
    github.pull(1, HEAD)
    github.commits[here] = [MERGE, HEAD]
    github.files[1] = [{"filename": "clearance.toml"}]
    github.own("* @ann")
    event, to = tmp_path / "event.json", tmp_path / "accepted.json"
    event.write_text(json.dumps({"pull_request": {"number": 1, "head": {"sha": HEAD}, "base": {"sha": MERGE}}}))
    words = ["github", "approvals", "--event", event, "--to", to]
    to.write_text("of an earlier run")
    done = call(*words, cwd=folder.path)
    assert (0, False, True) == (done.returncode, to.exists(), "is accepted by nobody" in done.stdout)

    github.review(1, "ann", "APPROVED", HEAD)
    assert 0 == call(*words, cwd=folder.path).returncode
    expected = {"commit": here, "accepted_by": ["ann (#1)"], "source": "GitHub reviews"}
    assert expected == json.loads(to.read_text())


@pytest.fixture
def event(tmp_path):
    """Write an event of GitHub into a file."""

    def write(said):
        file = tmp_path / "event.json"
        file.write_text(json.dumps(said))
        return file

    return write


def run_event(head):
    of = {"id": 7, "head_sha": head, "head_branch": "topic", "head_repository": {"owner": {"login": "stranger"}}}
    return {"workflow_run": {**of, "html_url": "https://github.com/o/r/actions/runs/7"}}


def test_a_comment_is_written_below_its_pull_request(github, call, file, event):
    """The one whose head is the run's commit gets it; where there is none any more, that is said and no failure."""
    github.pull(3, HEAD, owner="stranger")
    done = [
        call("github", "comment", "--verdict", file, "--event", event(run_event(commit))) for commit in (HEAD, MERGE)
    ]
    none = "commit bbbbbbbbbbbb is the head of no open pull request: no comment\n"
    assert [(0, "commented on #3: here\n"), (0, none)] == [(one.returncode, one.stdout) for one in done]
    assert 1 == len(github.comments[3])


@pytest.mark.parametrize("data", [None, b"{}", b"\x1f\x8b", b"", b"[]"])
def test_what_is_no_verdict_of_a_run_is_not_commented(github, call, file, event, data):
    """Another event, and a file that is no verdict, end with 2; nothing is written."""
    github.pull(3, HEAD, owner="stranger")
    if data is not None:
        file.write_bytes(data)
    done = call("github", "comment", "--verdict", file, "--event", event({} if data is None else run_event(HEAD)))
    said = "this event is about no run" if data is None else "verdict"
    assert (2, True, []) == (done.returncode, said in done.stderr, github.comments[3])


def test_a_push_has_nobody_to_accept(call, folder, event, tmp_path):
    """Without a pull request there is no approval, and no file."""
    done = call("github", "approvals", "--event", event({"ref": "x"}), "--to", tmp_path / "to.json", cwd=folder.path)
    assert (0, False) == (done.returncode, (tmp_path / "to.json").exists())
    assert "nobody could accept anything" in done.stderr


def test_an_answer_without_what_it_must_have_is_said(github, call, file):
    """Where GitHub's answer lacks a documented field, the status counts as not set."""
    github.troubles.append(Trouble("POST", "/check-runs", 201, {}, {"no": "id"}))
    done = call("github", "status", "--verdict", file)
    assert (3, True) == (done.returncode, "not as documented: KeyError: 'id'" in done.stderr)


def test_checks_are_listed(call, folder):
    """A name a line for people, one array for a matrix; a stage without checks is 3: nothing passes over nothing."""
    assert ["tool\n", '["tool"]\n'] == [
        call("checks", *words, cwd=folder.path).stdout for words in ([], ["--format", "json"])
    ]
    assert 3 == call("checks", "--stage", "plan", cwd=folder.path).returncode
