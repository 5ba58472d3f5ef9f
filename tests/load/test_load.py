"""The load against a real stack, and against servers that are wrong or not there."""

import json
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from clearance.recording import Outcome
from features.deployment import local_stack
from tests.load.processes import (
    ROOT,
    TOKENS,
    alive,
    answering,
    await_that,
    descendants,
    load,
    outcomes,
    recorded,
    surroundings,
)

BRIEFLY = ("--arrivals", "constant:20", "--seconds", "1")


@pytest.fixture(scope="module")
def stack():
    with local_stack(["--flights", "20000", "--concurrency", "20"]) as where:
        yield where


@pytest.fixture(scope="module")
def run(stack, tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("run"), **stack.said)


def test_a_run_is_recorded_and_every_answer_was_right(run):
    """A run against a real stack has as many arrivals as intended, and answers that are all right."""
    assert (run.header.stopped, run.header.problems, run.header.raised) == ("time", (), {})
    assert len(run.arrivals["intended"]) == run.header.intended > 0
    assert outcomes(run) == {Outcome.GOOD}


def test_the_routes_are_those_of_the_description(run):
    """Routes are named by their templates, as the API's description and the metrics name them."""
    document = json.loads((ROOT / "service/openapi.json").read_text())
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    named = {(route.method, route.name) for route in run.header.routes}
    assert named == described - {("GET", "/v1/health")}
    assert {route.op for route in run.header.routes if route.method == "POST"} == {"write"}


def test_the_requests_join_the_services_own_lines(run):
    """Nearly every request has a line of the service's, with the gateway's time and the handler's."""
    joined = np.isin(run.requests["id"], run.spans["id"])
    assert joined.mean() >= 0.99
    assert not np.isnan(run.spans["gateway_ms"]).any()
    assert (run.spans["handler_ms"] > 0).all()


def test_what_is_written_changes_nothing_of_what_is_read(stack, run, tmp_path):
    """A second run over the same flights finds them as the first one did."""
    assert outcomes(run) == outcomes(recorded(tmp_path, **stack.said))


@pytest.mark.parametrize("body", [b'{"flights": [], "next_cursor": null}', b"<html>It works!</html>"])
def test_a_wrong_body_is_not_a_good_answer(tmp_path, body):
    """A server that answers 200 with something else gives not one good answer."""
    with answering(200, body) as url:
        assert outcomes(recorded(tmp_path, *BRIEFLY, BASE_URL=url, **TOKENS)) == {Outcome.WRONG}


@pytest.mark.parametrize(("status", "outcome"), [(302, Outcome.WRONG), (503, Outcome.REFUSED)])
def test_another_status_is_not_a_good_answer(tmp_path, status, outcome):
    """A success of another kind is wrong, an error is a refusal."""
    with answering(status, b"") as url:
        assert outcomes(recorded(tmp_path, *BRIEFLY, BASE_URL=url, **TOKENS)) == {outcome}


def test_a_target_that_is_down_is_recorded_so(tmp_path):
    """Where nobody listens, every request is one without an answer."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert outcomes(recorded(tmp_path, *BRIEFLY, BASE_URL=url, **TOKENS)) == {Outcome.UNANSWERED}


@pytest.mark.parametrize("name", TOKENS)
def test_a_missing_token_is_named(tmp_path, name):
    """Without a token nothing is run, and the message says what to set."""
    given = {**TOKENS, name: ""}
    done = load("--recording", tmp_path / "load.zip", BASE_URL="http://127.0.0.1:9", **given)
    assert (done.returncode, name in done.stderr, list(tmp_path.iterdir())) == (1, True, [])


def locust(*words, cwd=ROOT, **environ):
    """Call Locust as its users do."""
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "load/locustfile.py"), *words]
    environment = surroundings(**environ)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_locust_says_which_token_it_misses():
    """Locust itself, without tokens, ends at once and says what to set."""
    done = locust("--host", "http://127.0.0.1:9", "--headless", "-t", "1s")
    assert done.returncode != 0
    assert "TOKEN_FLIGHTS_READ and TOKEN_FLIGHTS_WRITE must be set" in done.stderr


def test_locust_finds_the_users_from_anywhere(tmp_path):
    """The locustfile can be called from another folder."""
    done = locust("--list", cwd=tmp_path)
    assert (done.returncode, "Analyst" in done.stdout + done.stderr) == (0, True)


def test_locust_runs_closed_as_its_users_expect(stack):
    """Without a schedule and a recording it is a Locust run like any other, and all is well."""
    tokens = {name: stack.said[name] for name in TOKENS}
    done = locust("--host", stack.base_url, "--headless", "-u", "2", "-t", "2s", "--only-summary", **tokens)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("moment", "number"), [("stack up", signal.SIGINT), ("locust", signal.SIGTERM)])
def test_a_signal_ends_all_of_it(tmp_path, moment, number):
    """A signal, while the stack starts or while the load runs, ends Locust and the stack and is no success."""
    words = [sys.executable, "-m", "load", "--recording", str(tmp_path / "load.zip"), "--flights", "1000"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(words, cwd=ROOT, env=surroundings(), stderr=log) as process,
    ):
        await_that(lambda: any(moment in line for line in descendants(process.pid).values()), "it does not start")
        before = list(descendants(process.pid))
        process.send_signal(number)
        assert process.wait(60) == 130
    await_that(lambda: not alive(before), "something is left")
