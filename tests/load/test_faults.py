"""Faults under load: how they are asked for, made, and noted in the recording."""

import pytest

from clearance import recording
from features.deployment import local_stack
from load.driver import DriverError
from load.faults import Planned, happening, parse
from tests.load.processes import answering, load


@pytest.mark.parametrize(("text", "at"), [("postgres-restart@10s", 10), ("lambda-crash@3", 3), ("slow-query@0s", 0)])
def test_a_fault_is_a_name_and_a_moment(text, at):
    """The moment is in seconds, with or without the unit."""
    assert parse(text) == Planned(name=text.partition("@")[0], at=at)


@pytest.mark.parametrize("text", ["", "postgres-restart", "postgres-restart@", "meteor@3s", "slow-query@soon"])
def test_what_is_no_fault_is_refused_with_the_choice(text):
    """A name or a moment that is none is answered with what there is."""
    with pytest.raises(ValueError, match="lambda-crash"):
        parse(text)


@pytest.mark.parametrize(("status", "at", "said"), [(500, 0, "500"), (200, 3600, "over before")])
def test_a_fault_that_was_not_made_is_an_error(status, at, said):
    """A run without its fault proves nothing about it: a refusal is told, and so is an end that came too early."""
    with (
        answering(status, b"") as url,
        pytest.raises(DriverError, match=said),
        happening([Planned(name="lambda-crash", at=at)], url) as done,
    ):
        done.clear()


def test_a_fault_needs_the_controls(tmp_path):
    """Without a control server the message says that only a local stack has one."""
    tokens = {"BASE_URL": "http://127.0.0.1:9", "TOKEN_FLIGHTS_READ": "a", "TOKEN_FLIGHTS_WRITE": "b"}
    done = load("--recording", tmp_path / "load.zip", "--fault", "lambda-crash@1", **tokens)
    assert (done.returncode, "CONTROL_URL is not set" in done.stderr) == (1, True)


def test_faults_are_noted_in_the_recording(tmp_path):
    """A lock on the flights that requests ran into is in the header with its moment, and they have waited for it."""
    file = tmp_path / "load.zip"
    words = ["--arrivals", "constant:10", "--seconds", "7", "--fault", "slow-query@3"]
    with local_stack(["--flights", "1000"]) as where:
        done = load("--recording", file, *words, **where.said)
    assert done.returncode == 0, done.stderr
    run = recording.loads(file.read_bytes())
    (lock,) = run.header.faults
    assert (lock.name, 0 < lock.at < run.header.seconds, lock.seconds >= 3) == ("slow-query", True, True)
    during = (run.requests["ended"] > lock.at * 1e9) & (run.requests["intended"] < (lock.at + lock.seconds) * 1e9)
    assert run.latency_ms[during].max() > 1000
