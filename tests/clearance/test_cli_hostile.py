"""The command line on a machine that is against it: closed streams, full disks, broken state, strangers' folders."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

POLICY = """
[check.tool]
run = ["sh", "tool.sh", "{report}"]
report = "tool.xml"
reader = "junit"
inputs = ["src/**"]
"""
TOOL = """
if grep -q BAD src/*; then fault='<failure/>'; fi
echo "<testsuite><testcase name='a'>$fault</testcase></testsuite>" > "$1"
"""
REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("CLEARANCE_", "COV_CORE"))} | {
    "PYTHONPATH": str(REPOSITORY)
}
GATE = [sys.executable, "-m", "clearance"]


def clearance(folder, *words, shell=""):
    """Run the gate in a folder, by way of a shell that redirects its streams where `shell` says so."""
    command = ["bash", "-o", "pipefail", "-c", f'"$@" {shell}', "-", *GATE, *words] if shell else [*GATE, *words]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)


def verdict(folder):
    return json.loads((folder / "build/clearance/verdict.json").read_text())


@pytest.fixture
def folder(tmp_path):
    """A project of one check, which passes unless a file under src/ says BAD."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a").write_text("good\n")
    (tmp_path / "clearance.toml").write_text(POLICY)
    (tmp_path / "tool.sh").write_text(TOOL)
    return tmp_path


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("<&-", 0),
        (">&-", 0),
        ("2>&-", 0),
        ("<&- >&- 2>&-", 0),
        (">/dev/full", 3),
        ("2>/dev/full", 3),
        (">/dev/full 2>&1", 3),
        ("2>&1 | true", 130),
    ],
)
def test_streams_that_are_closed_or_full(folder, shell, code):
    """A closed stream changes no answer; one that cannot be written to never ends with 1, which says that it failed."""
    done = clearance(folder, "run", shell=shell)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_what_is_meant_for_stderr_does_not_go_to_stdout(folder):
    """With stderr closed, stdout still holds what a program reads and nothing else."""
    assert clearance(folder, "run", "--format", "json", shell="2>&-").stdout[:13] == '{"schema":1,"'


@pytest.mark.parametrize("name", ["lock", "shelf", "shelf/tool", "envs", "pycache", ".gitignore"])
def test_state_of_the_wrong_kind(folder, name):
    """A file or a folder where the gate keeps something else never ends with 1 or in a traceback."""
    wrong = folder / ".clearance" / name
    if name in {"lock", ".gitignore"}:
        wrong.mkdir(parents=True)
    else:
        wrong.parent.mkdir(parents=True)
        wrong.touch()
    done = clearance(folder, "run")
    assert done.returncode in {0, 2, 3}
    assert "Traceback" not in done.stderr


def test_a_file_in_the_place_of_the_state_is_2(folder):
    """Where the folder of the gate's state cannot be made, it says which one that is."""
    (folder / ".clearance").touch()
    done = clearance(folder, "run")
    assert (done.returncode, ".clearance cannot be written" in done.stderr) == (2, True)


def test_a_lock_that_is_a_link_is_refused(folder):
    """What the link points to is not emptied."""
    (folder / ".clearance").mkdir()
    (folder / ".clearance/lock").symlink_to("../clearance.toml")
    assert clearance(folder, "run").returncode == 2
    assert (folder / "clearance.toml").read_text() == POLICY


def test_a_lock_file_that_is_a_pipe_hangs_nobody(folder):
    """It serves as well as a file does."""
    (folder / ".clearance").mkdir()
    os.mkfifo(folder / ".clearance/lock")
    assert clearance(folder, "run").returncode == 0


@pytest.mark.parametrize("out", ["/dev/null", "/proc/x", "src/a", "a" * 300])
def test_a_folder_for_reports_that_cannot_be(folder, out):
    """It is an error of usage, in words."""
    done = clearance(folder, "run", "--out", out)
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)


@pytest.mark.parametrize("kept", ["summary.md", "verdict.json", "reports/mine", "evidence/mine"])
@pytest.mark.parametrize("ignored", [None, "_build\n"])
def test_a_strangers_files_are_not_replaced(folder, kept, ignored):
    """A folder that the gate did not make keeps what it holds, whatever it is called and whatever git ignores there."""
    mine = folder / "docs" / kept
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    if ignored:
        (folder / "docs/.gitignore").write_text(ignored)
    assert clearance(folder, "run", "--out", "docs").returncode == 2
    assert mine.read_text() == "mine"


def test_judging_the_folder_of_an_earlier_run_loses_none_of_its_evidence(folder):
    """Whoever names the folder around the evidence is told that there is none, and still has it."""
    clearance(folder, "run")
    assert clearance(folder, "judge", "--evidence", "build/clearance").returncode == 3
    assert clearance(folder, "judge", "--evidence", "build/clearance/evidence").returncode == 0


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_evidence_that_is_no_ordinary_file_is_left_out(folder, make):
    """A folder, a pipe, an endless device: none is read, none is waited for, and the check is UNKNOWN."""
    (folder / "kept").mkdir()
    make(folder / "kept/tool.json")
    done = clearance(folder, "judge", "--evidence", "kept")
    assert (done.returncode, "left out" in done.stderr) == (3, True)


@pytest.mark.parametrize("lock", [b"\xff", b"package = 3", b"[[package]]\nx = 1", b"a = " + b"[" * 9999])
def test_a_lock_file_that_makes_no_sense_is_2(folder, lock):
    """An unreadable uv.lock is named, with what to do."""
    (folder / "uv.lock").write_bytes(lock)
    (folder / "clearance.toml").write_text(POLICY + 'group = "test"\n')
    done = clearance(folder, "run")
    assert (done.returncode, "uv.lock cannot be read" in done.stderr) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_impatient_interrupt(folder, number):
    """Signals that follow the first, or that end a terminal, leave neither the tool, its files nor a verdict behind."""
    (folder / "tmp").mkdir()
    (folder / "tool.sh").write_text("trap '' TERM HUP INT; echo $$ > ../pid; mv ../pid ../started; sleep 600")
    with subprocess.Popen(
        [*GATE, "run"], cwd=folder, env=ENVIRONMENT | {"TMPDIR": str(folder / "tmp")}, stderr=subprocess.PIPE, text=True
    ) as gate:
        started = folder.parent / "started"
        while not started.exists():
            assert gate.poll() is None
            time.sleep(0.01)
        while gate.poll() is None:
            gate.send_signal(number)
            time.sleep(0.05)
        said = gate.communicate(timeout=30)[1]
    pid = int(started.read_text())
    started.unlink()
    assert (gate.returncode, "Traceback" in said) == (130, False)
    assert not (folder / "build/clearance/verdict.json").exists()
    assert [entry.name for entry in (folder / "tmp").iterdir()] == ["clearance-machine.lock"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_fault_of_the_gate_itself_is_3(folder):
    """What nobody foresaw ends as UNKNOWN, with what a report of it needs."""
    script = "import sys; from clearance.cli import main; sys.exit(main(7))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "please report it" in done.stderr
    assert "TypeError" in done.stderr


@pytest.mark.parametrize("inputs", ["", 'inputs = ["sources/**"]', 'inputs = ["src/**", "sources/**"]'])
def test_inputs_that_do_not_tell_are_trusted_for_this_tree_alone(folder, inputs):
    """Without patterns, or with one that matches nothing, no evidence is reused, and none of another tree passes."""
    (folder / "clearance.toml").write_text(POLICY.replace('inputs = ["src/**"]', inputs))
    assert clearance(folder, "run", "--out", "kept").returncode == 0
    assert clearance(folder, "judge", "--evidence", "kept/evidence").returncode == 0
    (folder / "src/a").write_text("BAD\n")
    assert clearance(folder, "judge", "--evidence", "kept/evidence").returncode == 3
    assert clearance(folder, "run").returncode == 1


@pytest.mark.parametrize("words", [[], ["--evidence-only"]])
@pytest.mark.parametrize("ignored", [False, True])
def test_evidence_of_inputs_that_change_meanwhile_is_worth_nothing(folder, words, ignored):
    """A fault that is gone while the tool looks, and back afterwards, is found: by git's leave or without it."""
    if ignored:
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        (folder / ".gitignore").write_text("src/\n")
    (folder / "src/a").write_text("BAD\n")
    (folder / "tool.sh").write_text(f"if [ -e ../mend ]; then echo good > src/a; rm ../mend; fi\n{TOOL}")
    (folder.parent / "mend").touch()
    assert clearance(folder, "run", *words).returncode == (0 if words else 3)
    evidence = json.loads((folder / "build/clearance/evidence/tool.json").read_text())
    assert (evidence["findings"], "changed while it ran" in evidence["problems"][0]) == ([], True)
    (folder / "src/a").write_text("BAD\n")
    assert clearance(folder, "run").returncode == 1


def test_evidence_that_is_too_old_is_made_anew(folder):
    """What the judge would refuse for its age is not reused: running again helps."""
    (folder / "clearance.toml").write_text(POLICY + 'max_age = "1d"\n')
    assert clearance(folder, "run").returncode == 0
    for moment in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2026-01-01T00:00:00"):
        (kept,) = (folder / ".clearance/shelf/tool").iterdir()
        evidence = json.loads(kept.read_bytes())
        kept.write_text(json.dumps(evidence | {"started": moment}, separators=(",", ":")))
        assert clearance(folder, "run").returncode == 0
        assert verdict(folder)["evidence"][0]["reused"] is False
    clearance(folder, "run")
    assert verdict(folder)["evidence"][0]["reused"] is True


def test_evidence_without_a_time_zone_is_damaged(folder):
    """A moment that could be any of a day's is not guessed at."""
    clearance(folder, "run")
    file = folder / "build/clearance/evidence/tool.json"
    evidence = json.loads(file.read_bytes())
    file.write_text(json.dumps(evidence | {"started": "2026-01-01T00:00:00"}, separators=(",", ":")))
    done = clearance(folder, "judge", "--evidence", file.parent)
    assert (done.returncode, "no time zone" in done.stderr) == (3, True)


def test_evidence_of_a_twin_is_not_taken_for_ones_own(folder):
    """Two checks alike in all but their names each have their own evidence, whatever lies on the shelf."""
    (folder / "clearance.toml").write_text(POLICY + POLICY.replace("check.tool", "check.twin"))
    assert clearance(folder, "run").returncode == 0
    (kept,) = (folder / ".clearance/shelf/tool").iterdir()
    (folder / ".clearance/shelf/twin" / kept.name).write_bytes(kept.read_bytes())
    assert clearance(folder, "run").returncode == 0
    assert [one["reused"] for one in verdict(folder)["evidence"]] == [True, False]


def test_a_tool_on_a_declared_path_counts_by_its_bytes(folder):
    """A program that the check's own PATH offers is what its evidence is made from."""
    program = folder.parent / "mine"
    program.write_text(f"#!/bin/sh\n{TOOL}")
    program.chmod(0o755)
    path = f"{folder.parent}:{os.environ['PATH']}"
    policy = POLICY.replace('"sh", "tool.sh"', '"mine"') + f"env = {{ PATH = {json.dumps(path)} }}\n"
    (folder / "clearance.toml").write_text(policy)
    assert clearance(folder, "run").returncode == 0
    program.write_text("#!/bin/sh\nexit 0\n")
    assert clearance(folder, "run").returncode == 3
