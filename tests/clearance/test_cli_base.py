"""`--base`: a change that edits its own gate, in a real repository, from the loosening to the code owner's word."""

import json
import subprocess

import pytest

from tests.clearance.test_cli import Folder

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "repository"
    path.mkdir()
    made = Folder(path)
    subprocess.run([*GIT, "init", "-q", "-b", "main"], cwd=path, check=True)
    commit(made, "the base")
    return made


def commit(folder, message):
    (folder.path / ".gitignore").write_text("build/\n.clearance/\n__pycache__/\n")
    subprocess.run([*GIT, "add", "-A"], cwd=folder.path, check=True)
    subprocess.run([*GIT, "commit", "-qm", message], cwd=folder.path, check=True)
    return subprocess.run(
        [*GIT, "rev-parse", "HEAD"], cwd=folder.path, check=True, capture_output=True, text=True
    ).stdout.strip()


def loosen(folder):
    """Let the tool find something, and the policy allow it."""
    folder.policy(findings=1, more="at_most = 1")
    return commit(folder, "let one pass")


def test_a_change_that_leaves_the_policy_alone_passes(folder):
    """The verdict holds a ruling on the policy itself and the digest of the base's."""
    (folder.path / "a.txt").write_text("three\n")
    commit(folder, "another text")
    done = folder.clearance("run", "--base", "HEAD~1")
    assert (done.returncode, folder.verdict()["decision"]) == (0, "pass")
    assert [ruling["check"] for ruling in folder.verdict()["rulings"]] == ["policy", "tool"]
    assert folder.verdict()["base_policy_digest"] == folder.verdict()["policy_digest"]


def test_a_change_that_allows_what_it_brings_fails(folder):
    """Its own policy would let it pass; the base's does not, and each loosening is named."""
    loosen(folder)
    assert folder.clearance("run").returncode == 0
    done = folder.clearance("run", "--base", "HEAD~1")
    assert done.returncode == 1
    policy, tool = folder.verdict()["rulings"]
    assert [finding["rule"] for finding in policy["blocking"]] == ["policy/count-raised", "policy/check-changed"]
    assert tool["reasons"][0].startswith("under the policy of ")


def test_a_code_owner_lets_it_go(folder, tmp_path):
    """With the word of a code owner on this very commit the change's own policy decides, and the loosenings stay."""
    head = loosen(folder)
    accepted = tmp_path / "accepted.json"
    accepted.write_text(json.dumps({"commit": head, "accepted_by": ["ann"]}))
    done = folder.clearance("run", "--base", "HEAD~1", "--accepted", str(accepted))
    assert done.returncode == 0
    assert len(folder.verdict()["rulings"][0]["tolerated"]) == 2
    assert "accepted by ann" in folder.verdict()["rulings"][0]["reasons"][0]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"commit": "0" * 40, "accepted_by": ["ann"]}, "accepts commit 000"),
        ({"commit": "0" * 40}, "is no acceptance"),
        ([], "is no acceptance"),
        ({"commit": "0" * 40, "accepted_by": [" "]}, "is no acceptance"),
        (b'{"commit": "\xff"}', "is no acceptance"),
    ],
)
def test_a_word_on_another_commit(folder, tmp_path, said, named):
    """An acceptance of anything but this commit is an error, and says what it is of."""
    loosen(folder)
    accepted = tmp_path / "accepted.json"
    accepted.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
    done = folder.clearance("run", "--base", "HEAD~1", "--accepted", str(accepted))
    assert done.returncode == 2
    assert named in done.stderr


def test_a_word_on_a_commit_does_not_reach_what_is_not_committed(folder, tmp_path):
    """An edit that no commit holds has nobody's acceptance."""
    head = loosen(folder)
    accepted = tmp_path / "accepted.json"
    accepted.write_text(json.dumps({"commit": head, "accepted_by": ["ann"]}))
    folder.policy(findings=1, more="at_most = 2")
    done = folder.clearance("run", "--base", "HEAD~1", "--accepted", str(accepted))
    assert done.returncode == 2
    assert "a working tree that no commit holds" in done.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--base", "nowhere"), "there is no commit nowhere here"),
        (("--accepted", "a.json"), "--accepted says nothing without --base"),
    ],
)
def test_words_that_do_not_fit(folder, words, named):
    """A base that is not there, or an acceptance without a base, is an error that names the next step."""
    done = folder.clearance("run", *words)
    assert done.returncode == 2
    assert named in done.stderr
    assert "hint: " in done.stderr


def test_a_base_whose_policy_cannot_be_used(folder):
    """What is wrong in the base's policy is said of that commit, not of the file at hand."""
    folder.policy(more="nonsense = 1")
    commit(folder, "a mistake")
    folder.policy()
    commit(folder, "put right")
    done = folder.clearance("run", "--base", "HEAD~1")
    assert done.returncode == 2
    assert "clearance.toml of commit HEAD~1 cannot be used: [check.tool] has an unknown key: nonsense" in done.stderr


def test_a_base_without_a_policy(folder):
    """Where the base has no policy, nothing can say what it asked for, and the hint says who may look."""
    (folder.path / "clearance.toml").unlink()
    commit(folder, "none")
    folder.policy()
    commit(folder, "the first")
    done = folder.clearance("run", "--base", "HEAD~1")
    assert done.returncode == 2
    assert "has no clearance.toml" in done.stderr
