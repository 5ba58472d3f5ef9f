"""Runs that are broken off, lose a worker, or have nowhere to write."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from clearance.model import Materials
from clearance.readers.load import read
from tests.load_generator.program import Finished, Started, free_port, locust, run, start

SMALL_FILES = ("prlimit", "--fsize=256")  # no file may become larger than a few bytes, as on a full disk


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_run_is_interrupted(server, recording_file, sign):
    """What was recorded until somebody broke it off is written, and says so."""
    started = start(server, recording_file, "--arrivals", "constant:30", "-t", "60s")
    server.wait_for(20)
    started.process.send_signal(sign)
    made = started.finish().recording
    assert "interrupted" == made.header.stopped
    assert len(server.ids) == len(made.requests["id"]) >= 20
    assert made.header.intended == len(made.arrivals["intended"])


def distributed(server, file, *words):
    """Start a master and two workers, which are told nothing but where their master is."""
    port = str(free_port())
    master = locust(
        "--master", "--master-bind-port", port, "--expect-workers", "2", "--headless", "--host", server.url,
        "--recording", str(file), *words,
    )  # fmt: skip
    workers = [locust("--worker", "--master-port", port) for _ in range(2)]
    return Started(master, file), workers


def test_a_worker_is_killed(server, recording_file):
    """A worker that dies is named as one that did not finish, and what it was to start counts as not started."""
    started, workers = distributed(server, recording_file, "--arrivals", "constant:40", "-t", "6s")
    server.wait_for(60)
    os.kill(workers[0].pid, signal.SIGKILL)
    finished = started.finish()
    for worker in workers:
        worker.communicate(timeout=30)
    made = finished.recording
    assert [False, True] == sorted(worker.finished for worker in made.header.workers)
    assert ["vanished"] == [problem.split()[2].strip(":") for problem in made.header.problems if "vanished" in problem]
    assert 240 == made.header.intended
    assert np.count_nonzero(made.arrivals["started"] >= 0) < 240


def test_processes_add_up(server, recording_file):
    """The samples of all processes are there once, under ids of their own, and together they keep the schedule."""
    port = str(free_port())
    words = ("--processes", "2", "--master-bind-port", port, "--master-port", port)
    made = run(server, recording_file, "--arrivals", "constant:40", "-t", "2s", *words).recording
    assert () == made.header.problems
    assert (2, {True}) == (len(made.header.workers), {worker.finished for worker in made.header.workers})
    assert list(range(0, 2_000_000_000, 25_000_000)) == made.arrivals["intended"].tolist()
    assert {0, 1} == set(made.arrivals["worker"].tolist())
    words = [id_.split("-") for id_ in server.ids]
    assert sorted(int(worker, 16) << 40 | int(number, 16) for _, worker, number in words) == sorted(
        made.requests["id"].tolist()
    )
    assert sum(worker.requests for worker in made.header.workers) == len(made.requests["id"])


def test_the_disk_is_full(server, recording_file):
    """Where nothing can be written, Locust's numbers are printed, and exit code and reason say what is missing."""
    finished = run(server, recording_file, "--arrivals", "constant:20", "-t", "1s", prefix=SMALL_FILES)
    assert (3, False) == (finished.code, recording_file.exists())
    assert "cannot be written" in finished.output
    assert "Aggregated" in finished.output
    assert [] == list(recording_file.parent.glob(".recording-*"))


def test_the_disk_is_full_only_there(server, tmp_path):
    """A recording that could not be written where it should is put elsewhere, and the way there is named."""
    finished = run(
        server,
        tmp_path,
        "--recording",
        "/dev/full",
        "--arrivals",
        "constant:20",
        "-t",
        "1s",
        more={"TMPDIR": str(tmp_path)},
    )
    assert 3 == finished.code
    (elsewhere,) = tmp_path.glob("recording-*.zip")
    assert str(elsewhere) in finished.output
    assert 20 == len(Finished(0, "", elsewhere).recording.requests["id"])


def test_the_clock_is_set(server, recording_file):
    """A wall clock that is set during the run is noticed, and the reader takes the run for no proof."""
    made = run(server, recording_file, "--arrivals", "constant:20", "-t", "2s", users="users/stepping.py").recording
    assert pytest.approx(5, abs=0.5) == made.header.clock_step_s
    problems = read(recording_file.read_bytes(), Materials()).problems
    assert ["the machine's clock was set by"] == [each[:30] for each in problems if "clock" in each]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--recording", "/dev/null/run.zip"), "cannot be written"),
        (("--recording", "/"), "is a folder"),
        (("--arrivals", "constant:many"), "no schedule of arrivals"),
        (("--warm-up", "soon"), "no span of time"),
        (("--until-decided", "nowhere.yaml"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_said_at_once(server, recording_file, words, reason):
    """A run that could not be recorded, or makes no sense, does not begin."""
    finished = run(server, recording_file, *words, "-t", "1s")
    assert finished.code != 0
    assert reason in finished.output
    assert [] == server.ids


def test_a_run_until_it_is_decided(long_run):
    """A run goes on until each objective is decided, and ends before its limit."""
    made = long_run.finish().recording
    assert "decided" == made.header.stopped
    assert 100 > made.header.seconds


def test_a_limit(server, recording_file):
    """What cannot be decided in time ends at the limit."""
    made = run(
        server, recording_file, "--arrivals", "constant:20", "--until-decided", "slo.yaml", "--limit", "2s"
    ).recording
    assert ("limit", 2.0) == (made.header.stopped, made.header.seconds)
