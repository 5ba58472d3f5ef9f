"""Base against head: built from two trees, served side by side, loaded in turn, and read by the gate's own reader."""

import json
import shutil
import subprocess
import sys

import pytest

from clearance.model import Materials
from clearance.readers import load_comparison
from tests.load.processes import ROOT, alive, await_that, descendants, load, surroundings

FIND = '        """Return the flight of that key."""\n'
SERVED = ("service", "stack", "pyproject.toml", "uv.lock", "README.md", "LICENSE")


@pytest.fixture
def slower(tmp_path):
    """A copy of what is served, in which each read by key sleeps for 50 ms."""
    folder = tmp_path / "slower"
    folder.mkdir()
    for name in SERVED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy2(ROOT / name, folder / name)
    store = folder / "service/store.py"
    text = store.read_text()
    assert FIND in text
    store.write_text(text.replace(FIND, f"{FIND}        sleep(0.05)\n"))
    return folder


def test_a_slower_head_is_seen_and_nothing_is_left(slower, tmp_path):
    """The comparison of a tree with a slower copy of it holds one run of each, the slower one slower."""
    file = tmp_path / "comparison.json"
    command = [sys.executable, "-m", "load", "compare", "--base", str(ROOT), "--head", str(slower)]
    with subprocess.Popen(
        [*command, "--pairs", "1", "--out", str(file)], cwd=ROOT, env=surroundings(), stderr=subprocess.DEVNULL
    ) as process:
        await_that(lambda: sum("stack up" in line for line in descendants(process.pid).values()) >= 2, "no two stacks")
        before = list(descendants(process.pid))
        assert process.wait(200) == 0
    await_that(lambda: not alive(before), "something is left")
    report = json.loads(file.read_text())
    base, head = report["runs"]
    assert (base["side"], head["side"], report["order"]) == ("base", "head", ["base", "head"])
    assert head["p50_ms"]["read"] > base["p50_ms"]["read"] + 20
    assert base["requests"] + head["requests"] == load_comparison.read(file.read_bytes(), Materials()).reach


def test_a_base_that_is_no_commit_is_named(tmp_path):
    """Where there is no such commit, nothing is started and the message says how to name one."""
    done = load("compare", "--base", "no-such-commit", "--out", tmp_path / "comparison.json")
    assert (done.returncode, "no-such-commit" in done.stderr, "CLEARANCE_BASE" in done.stderr) == (1, True, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--pairs", "0"), "not a whole number above 0"),
        (("--head", "no/such/folder"), "there is no folder no/such/folder"),
        (("--out", "no/such/folder/comparison.json"), "cannot be written to no/such/folder/comparison.json"),
    ],
)
def test_what_cannot_be_compared_is_said_at_once(tmp_path, words, why):
    """Before anything is started, not after all of it ran."""
    done = load("compare", "--base", "HEAD", "--out", tmp_path / "comparison.json", *words)
    assert (True, True) == (done.returncode != 0, why in done.stderr)
    assert "Traceback" not in done.stderr
