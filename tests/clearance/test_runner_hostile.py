"""What tools do to the gate that runs them, and what is left of them afterwards: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.model import Check, Reading, Report, Subject
from clearance.runner import collect, gather

HOSTILE = Path(__file__).with_name("hostile")


def count_words(data, _materials):
    return Reading(reach=len(data.split()), unit="words")


@pytest.fixture
def pids(tmp_path):
    """A folder in which every process of a hostile tool leaves its number."""
    folder = tmp_path / "pids"
    folder.mkdir()
    return folder


@pytest.fixture
def run(tmp_path, pids):
    """Run one program as a check and return what was collected."""

    def run_check(*argv, timeout_s=20.0, reader=count_words, stdout=None):
        check = Check(
            name="tool",
            run=argv,
            reports=(Report(file="report.txt", reader="words"),),
            stdout=stdout,
            env={"PIDS": str(pids)},
            timeout_s=timeout_s,
        )
        root = tmp_path / "root with spaces"
        root.mkdir(exist_ok=True)
        return collect(
            [check],
            root=root,
            subject=Subject(),
            inputs={"tool": gather(check, root=root, lock=None, environ=os.environ)},
            readers={"words": reader},
            find=lambda *_: None,
            reports=root / "build" / "reports",
            jobs=1,
            environ=os.environ,
        )["tool"]

    return run_check


@pytest.fixture
def run_hostile(run):
    """Run one of the scripts in `hostile/` as a check."""
    return lambda script, *more, **options: run(sys.executable, str(HOSTILE / script), "{report}", *more, **options)


def alive(pids):
    """The processes that noted themselves and are not dead."""
    out = []
    for pid in (entry.name for entry in pids.iterdir()):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or between that and the read
            continue
        if state != "Z":
            out.append(pid)
    return out


@pytest.mark.parametrize(
    ("script", "timeout_s", "problem"),
    [
        ("fork_and_hang.py", 2, "it was still running after 2 s and was killed"),
        ("daemon_and_hang.py", 2, "it was still running after 2 s and was killed"),
        ("relay.py", 2, "it was still running after 2 s and was killed"),
        ("ignore_term.py", 2, "it was still running after 2 s and was killed"),
        ("report_when_killed.py", 2, "it was still running after 2 s and was killed"),
        ("report_late_by_daemon.py", 2, "it was still running after 2 s and was killed"),
        ("flood_for_ever.py", 2, "it was still running after 2 s and was killed"),
        ("flood.py", 60, "it left no report report.txt: it ended with exit code 0; its last lines: "),
        ("crash.py", 20, "it was killed by SIGSEGV"),
        ("kill_supervisor.py", 20, "its supervisor was killed"),
        ("say_nothing.py", 20, "it left no report report.txt: it ended with exit code 0"),
        ("fail.py", 20, "exit code 7; its last lines: cannot find the flux capacitor"),
    ],
)
def test_a_hostile_tool_is_a_problem(run_hostile, pids, script, timeout_s, problem):
    """A tool that misbehaves yields evidence that saw nothing and says why, and no process of it is left."""
    evidence = run_hostile(script, timeout_s=timeout_s).evidence

    assert evidence.reach == 0
    assert [problem in said for said in evidence.problems] == [True]
    assert list(pids.iterdir())
    assert alive(pids) == []


@pytest.mark.parametrize("script", ["daemon_and_exit.py", "background_and_exit.py"])
def test_processes_that_outlive_the_tool(run_hostile, pids, script):
    """A tool that ends before its own processes do has its report read, but they are killed and named as a problem."""
    evidence = run_hostile(script).evidence

    assert evidence.reach == 1
    assert tuple(
        problem.replace("python3.11", "python").replace("python3", "python") for problem in evidence.problems
    ) == ("it ended before its own processes did (python; now killed); let it wait for them",)
    assert alive(pids) == []


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("link", "the report report.txt is a link"),
        ("dangling link", "the report report.txt is a link"),
        ("device", "the report report.txt is a link"),
        ("hard link", "the report report.txt is a hard link"),
        ("pipe", "the report report.txt is a pipe"),
        ("folder", "the report report.txt is a folder"),
        ("socket", "the report report.txt cannot be opened"),
        ("huge", "the report report.txt is 200,000,000 bytes large, more than the 134,217,728 that are read"),
        ("empty", "the report report.txt is empty"),
        ("yesterday's", "the report report.txt is from before this run"),
        ("linked folder", "the report folder is no folder any more"),
        ("no folder", "the report folder is no folder any more"),
        ("nothing", "it left no report report.txt: it ended with exit code 0"),
    ],
)
def test_what_is_no_report_is_refused(run_hostile, kind, problem):
    """What is not a whole, fresh, ordinary file in the report folder is refused by name, and never waited for."""
    evidence = run_hostile("odd_report.py", kind).evidence

    assert evidence.reach == 0
    assert [problem in said for said in evidence.problems] == [True]


def test_what_it_prints_is_the_report(run):
    """Where standard output is the report, standard error is what a person is shown; neither gets into the other."""
    collected = run("sh", "-c", "echo one two; echo three >&2; echo four; exit 1", stdout="report.txt")

    assert (collected.evidence.reach, collected.evidence.problems, collected.output) == (3, (), "three\n")


def test_a_large_report_that_is_printed_is_whole(run):
    """A printed report far larger than any pipe arrives to its last byte."""

    def count_bytes(data, _materials):
        return Reading(reach=len(data))

    collected = run("sh", "-c", "yes | head -c 40000000", reader=count_bytes, stdout="report.txt")

    assert (collected.evidence.reach, collected.evidence.problems) == (40_000_000, ())


PRINTING = {
    "nothing": (
        "echo no flux >&2; exit 7",
        "it left no report report.txt: it ended with exit code 7; its last lines: no",
    ),
    "half, then killed": ("echo one; kill -SEGV $$", "it was killed by SIGSEGV"),
    "half, then hanging": ("echo one; sleep 600", "it was still running after 2 s and was killed"),
    "without end": (
        "yes",
        "its standard output, which is the report report.txt, grew past 134,217,728 bytes and it was stopped",
    ),
    "too much, and ends": ("head -c 134217729 /dev/zero", "grew past 134,217,728 bytes and it was stopped"),
    "to a link": ("ln -sf /etc/hostname '{report}'; echo one", "the report report.txt is a link"),
    "nothing, beside a link": ("ln -sf /etc/hostname '{report}'", "the report report.txt is a link"),
}


@pytest.mark.parametrize(("script", "problem"), PRINTING.values(), ids=PRINTING)
def test_a_report_that_is_printed_badly(run, script, problem):
    """A tool that prints its report and is killed, hangs, floods or says nothing has seen nothing, and why is said."""
    evidence = run("sh", "-c", script, stdout="report.txt", timeout_s=2 if "sleep" in script else 60).evidence

    assert evidence.reach == 0
    assert [problem in said for said in evidence.problems] == [True]


def test_a_child_that_holds_the_printed_report_open(run_hostile, pids):
    """A report is not waited for because a child in the background holds standard output; the child is killed."""
    evidence = run_hostile("print_in_background.py", stdout="report.txt").evidence

    assert evidence.reach == 1
    assert ["it ended before its own processes did" in said for said in evidence.problems] == [True]
    assert alive(pids) == []


def test_a_missing_program(run):
    """A program that is not installed is a problem that says what to do."""
    assert run("no-such-tool").evidence.problems == ("no-such-tool is not installed; install it, or put it on PATH",)


def test_a_program_that_is_not_executable(run, tmp_path):
    """A file that may not be executed is a problem that says what to do."""
    tool = tmp_path / "tool.sh"
    tool.write_text("#!/bin/sh\n")

    assert (f"{tool} is not executable; `chmod +x {tool}`",) == run(str(tool)).evidence.problems


def test_a_program_without_its_interpreter(run, tmp_path):
    """A script whose interpreter is not there is a problem, not a crash."""
    tool = tmp_path / "tool.sh"
    tool.write_text("#!/no/such/interpreter\n")
    tool.chmod(0o755)

    assert [
        "it could not be started: No such file or directory" in said for said in run(str(tool)).evidence.problems
    ] == [True]


def test_a_flood_is_kept_at_both_ends(run):
    """Of an endless output the beginning and the end are kept, and how much is missing between them."""
    output = run("sh", "-c", "echo first; yes | head -c 3000000; echo last").output

    assert (output[:8], output[-7:]) == ("first\ny\n", "y\nlast\n")
    assert "2,721,483 bytes left out" in output


def test_a_reader_that_breaks(run):
    """A reader that raises anything at all is a problem that names it as ours, not a crash."""

    def broken(_data, _materials):
        return {}["nothing"]

    evidence = run("sh", "-c", "echo one > '{report}'", reader=broken).evidence

    assert [said.startswith("the reader words broke on report.txt: KeyError") for said in evidence.problems] == [True]


def test_nothing_survives_the_gate_itself(tmp_path, pids):
    """A gate that is killed outright takes its tools with it."""
    program = """
import os, sys
from pathlib import Path
from threading import Event
from clearance.runner import process
process.run([sys.executable, *sys.argv[1:]], cwd=Path("."), env=os.environ, timeout_s=600, stop=Event())
"""
    gate = subprocess.Popen(
        [sys.executable, "-c", program, str(HOSTILE / "daemon_and_hang.py"), str(tmp_path / "report.txt")],
        env={**os.environ, "PIDS": str(pids)},
    )
    try:
        while len(list(pids.iterdir())) < 2:
            assert gate.poll() is None
            os.sched_yield()
    finally:
        gate.send_signal(signal.SIGKILL)
        gate.wait()
    while alive(pids):
        os.sched_yield()

    assert len(list(pids.iterdir())) == 2
