"""The workflows' own steps, run in order on a small repository: what passes, what blocks, and what is signed."""

import sys
from pathlib import Path

import pytest
import yaml

from clearance.github.approvals import POLICY
from tests.clearance.github_api import GitHub, Trouble
from tests.clearance.moto_server import serving
from tests.workflows.rehearsal import ROOT, Rehearsal, _git, protect

CHECK = """
[check.{name}]
run = ["sh", "-c", "echo {file} > $0", "{{report}}"]
report = "files.txt"
reader = "file-list"
inputs = ["{file}"]
reach = {reach}
"""
WORKFLOWS = ROOT / ".github/workflows"


def commit(folder, message, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", message)
    return _git(folder, "rev-parse", "HEAD")


def policy(reach=1):
    return CHECK.format(name="first", file="a.txt", reach=reach) + CHECK.format(name="second", file="b.txt", reach=1)


@pytest.fixture
def origin(tmp_path):
    """A repository with two checks, whose tree would betray whoever executes anything of it."""
    folder = tmp_path / "origin"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n"
    traps = {"sitecustomize__py": trap, "clearance__py": trap, "conftest__py": trap, "uv__py": trap}
    commit(
        folder,
        "the base",
        a__txt="1\n",
        b__txt="1\n",
        clearance__toml=policy(),
        __gitignore="build/\n.clearance/\n",
        **traps,
    )
    return folder


@pytest.fixture
def github():
    with GitHub().serving() as serving_:
        yield serving_


def rehearse(origin, event, github, **more):
    return Rehearsal(
        origin=origin,
        commit=more.pop("commit", None) or _git(origin, "rev-parse", "HEAD"),
        event=event,
        folder=origin.parent / "run",
        environ={"GITHUB_API_URL": github.url, **more.pop("environ", {})},
        installed=Path(sys.executable).parent,
        **more,
    )


def pull(origin, github, **files):
    """A pull request whose merge is what GitHub lets workflows check out; return its payload and the merge."""
    base = _git(origin, "rev-parse", "main")
    _git(origin, "checkout", "-q", "-b", "topic")
    head = commit(origin, "a change", **files)
    _git(origin, "checkout", "-q", "--detach", "main")
    _git(origin, "merge", "-q", "--no-ff", "-m", "the merge", "topic")
    merge = _git(origin, "rev-parse", "HEAD")
    _git(origin, "update-ref", "refs/heads/merge", merge)
    _git(origin, "checkout", "-q", "main")
    github.pull(1, head)
    github.commits[merge] = [base, head]
    github.files[1] = [{"filename": name.replace("__", ".")} for name in files]
    github.own(f"{POLICY} @ann")
    of = {
        "number": 1,
        "head": {"sha": head, "repo": {"full_name": "owner/repository"}},
        "base": {"sha": base, "ref": "main"},
    }
    return {"pull_request": of}, merge


def test_a_push_is_judged_signed_and_verified(origin, github, tmp_path):
    """Each check is gathered in a job of its own; one job judges, another signs by KMS, files in S3 and verifies."""
    before = _git(origin, "rev-parse", "HEAD")
    with serving() as aws:
        rehearsal = rehearse(
            origin, "push", github, payload={"before": before}, variables=protect(origin, aws), environ=aws
        )  # fmt: skip
        rehearsal.commit = _git(origin, "rev-parse", "HEAD")
        rehearsal.workflow(WORKFLOWS / "clearance.yml")
        rehearsal.workflow(WORKFLOWS / "attest.yml", {"scanners": "second"})

    results = {name: outcome.result for name, outcome in rehearsal.outcomes.items()}
    log = rehearsal.outcomes["signature"].log
    assert {"success"} == set(results.values()), log
    assert {"plan", "first", "second", "verdict", "findings", "signature"} <= set(results)
    assert "✅ PASS" in rehearsal.outcomes["verdict"].summary
    assert "\nverified PASSED: commit" in log
    assert ("clearance/signed", "success") == tuple(github.check_runs[0][key] for key in ("name", "conclusion"))
    assert rehearsal.commit == github.check_runs[0]["head_sha"]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("lost", ["first", "plan"])
def test_a_job_that_dies_is_unknown(origin, github, lost):
    """Where a check's job, or the one that says which checks there are, leaves nothing behind, nothing passes."""
    payload, merge = pull(origin, github, a__txt="2\n")
    rehearsal = rehearse(origin, "pull_request", github, payload=payload, commit=merge, lost=(lost,))
    rehearsal.workflow(WORKFLOWS / "clearance.yml")

    assert ("failure", True) == (
        rehearsal.outcomes["verdict"].result,
        "❔ UNKNOWN" in rehearsal.outcomes["verdict"].summary,
    )


def test_a_policy_with_one_check(origin, github):
    """A lone artifact is laid out flat when it is downloaded; that of a policy's only check is found all the same."""
    _, merge = pull(origin, github, clearance__toml=policy().partition("[check.second]")[0])
    _git(origin, "update-ref", "refs/heads/main", merge)
    rehearsal = rehearse(origin, "push", github, payload={"before": merge}, commit=merge)
    rehearsal.workflow(WORKFLOWS / "clearance.yml")
    assert "success" == rehearsal.outcomes["verdict"].result, rehearsal.outcomes["verdict"].log


def test_a_rerun_that_breaks_has_no_earlier_evidence(origin, github):
    """Where a job dies when all are run again, what it left the first time does not stand in for it."""
    payload, merge = pull(origin, github, a__txt="2\n")
    rehearsal = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    rehearsal.workflow(WORKFLOWS / "clearance.yml")
    assert "success" == rehearsal.outcomes["verdict"].result, rehearsal.outcomes["verdict"].log

    rehearsal.attempt, rehearsal.lost = 2, ("first",)
    rehearsal.workflow(WORKFLOWS / "clearance.yml")
    log = rehearsal.outcomes["verdict"].log
    assert ("failure", True) == (rehearsal.outcomes["verdict"].result, "in an earlier attempt" in log), log
    assert "❔ UNKNOWN" in rehearsal.outcomes["verdict"].summary


def test_the_judging_alone_is_run_again(origin, github):
    """Where only the judging is repeated, the evidence of the attempt before counts."""
    payload, merge = pull(origin, github, a__txt="2\n")
    rehearsal = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    jobs = rehearsal.workflow(WORKFLOWS / "clearance.yml")
    said = yaml.safe_load((WORKFLOWS / "clearance.yml").read_text())
    rehearsal.attempt = 2
    rehearsal.job("judge", {"defaults": said["defaults"], **said["jobs"]["judge"]}, {"stage": "change"}, jobs, "")
    assert "success" == rehearsal.outcomes["verdict"].result, rehearsal.outcomes["verdict"].log


def test_a_loosened_policy_waits_for_a_code_owner(origin, github):
    """A change that asks less of itself fails by the base's policy, until an owner approves its very head."""
    _git(origin, "checkout", "-q", "main")
    commit(origin, "ask for more", clearance__toml=policy(reach=2), b__txt="2\n")
    payload, merge = pull(origin, github, clearance__toml=policy(reach=1))
    first = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    first.workflow(WORKFLOWS / "clearance.yml")
    gathered = {first.outcomes[name].result for name in ("first", "second", "gather")}
    assert ({"success"}, "failure") == (gathered, first.outcomes["verdict"].result)
    assert "1 loosening since" in first.outcomes["verdict"].summary

    github.review(1, "ann", "APPROVED", payload["pull_request"]["head"]["sha"])
    again = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    again.folder = origin.parent / "again"
    again.workflow(WORKFLOWS / "clearance.yml")
    assert "success" == again.outcomes["verdict"].result, again.outcomes["verdict"].log
    assert "accepted by ann" in again.outcomes["verdict"].summary


def test_a_silent_api_accepts_nothing(origin, github):
    """Where GitHub does not say who approved, the loosening stands against the change, and the verdict is there."""
    commit(origin, "ask for more", clearance__toml=policy(reach=2), b__txt="2\n")
    payload, merge = pull(origin, github, clearance__toml=policy(reach=1))
    github.review(1, "ann", "APPROVED", payload["pull_request"]["head"]["sha"])
    github.troubles.append(Trouble("GET", "/pulls/1", 403))
    rehearsal = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    rehearsal.workflow(WORKFLOWS / "clearance.yml")
    assert ("failure", True) == (
        rehearsal.outcomes["verdict"].result,
        "1 loosening since" in rehearsal.outcomes["verdict"].summary,
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("clearance.toml", policy().replace("echo", "exec echo")),
        (".clearance/envs/bandit-0123456789ab/bin/bandit", "#!/bin/sh\necho '[]'\n"),
        ("build/clearance/evidence/first.json", "{}"),
    ],
)
def test_what_could_decide_for_itself_is_not_signed(origin, github, file, text):
    """Of a commit with another policy than the branch's, or with Clearance's own folders, nothing is signed."""
    _git(origin, "checkout", "-q", "-b", "overtaken")
    (origin / file).parent.mkdir(parents=True, exist_ok=True)
    (origin / file).write_text(text)
    _git(origin, "add", "-f", file)
    changed = commit(origin, "a change")
    _git(origin, "checkout", "-q", "main")
    rehearsal = rehearse(origin, "push", github, commit=changed, variables={"CLEARANCE_KEY": "awskms:none"})
    rehearsal.workflow(WORKFLOWS / "attest.yml", {"scanners": "first second"})

    log = rehearsal.outcomes["signature"].log
    assert ("success", True, False) == (rehearsal.outcomes["signature"].result, "Not signed" in log, "attested" in log)
    assert [] == github.check_runs


def test_a_forks_verdict_is_commented_by_trusted_code(origin, github):
    """The comment is made from the verdict's facts, on the pull request whose head the run's commit is."""
    payload, merge = pull(origin, github, a__txt="2\n")
    gate = rehearse(origin, "pull_request", github, payload=payload, commit=merge)
    gate.workflow(WORKFLOWS / "clearance.yml")
    head = payload["pull_request"]["head"]["sha"]
    github.pulls[1]["head"]["label"] = "stranger:topic"
    run = {"id": 7, "head_sha": head, "head_branch": "topic", "head_repository": {"owner": {"login": "stranger"}},
           "html_url": "https://github.com/owner/repository/actions/runs/7", "event": "pull_request"}  # fmt: skip
    run["conclusion"] = "success"
    comment = rehearse(origin, "workflow_run", github, payload={"workflow_run": run})
    comment.workflow(WORKFLOWS / "comment.yml")
    said = comment.outcomes["comment"]
    assert ("success", True) == (said.result, "commented on #1: here\n" in said.log), said.log
    assert "PASS: commit" in github.comments[1][0]["body"]
