"""Runs with open arrivals, from the command line to the recording."""

from __future__ import annotations

import numpy as np
import pytest

from clearance.recording import Outcome, Route
from tests.load_generator.program import run, start


def test_everything_is_recorded(server, recording_file, tmp_path):
    """Each arrival makes one request, whose id the server saw, and whose span and timing stand beside it."""
    progress = tmp_path / "progress"
    words = ("--arrivals", "constant:40", "-t", "3s", "--warm-up", "1s", "--spans", f"{server.url}/spans")
    finished = run(server, recording_file, *words, more={"CLEARANCE_PROGRESS": str(progress)})
    made = finished.recording
    assert 0 == finished.code
    assert ("constant:40", 120, 3.0, 1.0, "time", ()) == (
        made.header.schedule,
        made.header.intended,
        made.header.seconds,
        made.header.warmup_s,
        made.header.stopped,
        made.header.problems,
    )
    assert (Route(method="GET", name="/things/{id}", op="read"),) == made.header.routes
    assert list(range(0, 3_000_000_000, 25_000_000)) == made.arrivals["intended"].tolist()
    assert made.arrivals["intended"].tolist() == sorted(made.requests["intended"].tolist())
    assert bool((made.arrivals["started"] >= made.arrivals["intended"]).all())
    assert {int(id_.split("-")[2], 16) for id_ in server.ids} == set(made.requests["id"].tolist())
    assert {(0, 200)} == set(zip(made.requests["outcome"].tolist(), made.requests["status"].tolist(), strict=True))
    assert [3.5, 1.25] == [made.requests[name][0] for name in ("handler_ms", "db_read_ms")]
    assert bool(np.isnan(made.requests["db_write_ms"]).all())
    assert set(made.requests["id"].tolist()) == set(made.spans["id"].tolist())
    assert ({2.0}, {0.75}, 1) == (
        set(made.spans["handler_ms"].tolist()),
        set(made.spans["db_read_ms"].tolist()),
        int(made.spans["cold"].sum()),
    )
    assert len(made.pulse["at"]) > 0
    assert "failed" in progress.read_text(encoding="utf-8")


def test_all_kinds_of_users(server, recording_file):
    """Classes share the rate by weight; only an arrival's first request counts from its intended start."""
    finished = run(server, recording_file, "--arrivals", "poisson:40", "-t", "3s", "-u", "20", users="users/mixed.py")
    made = finished.recording
    ops = {route.name: route.op for route in made.header.routes}
    assert {"/first": "read", "/second": "read", "/search": "read", "/things": "write", "call": "write"} == ops
    names = np.array([route.name for route in made.header.routes])[made.requests["route"]]
    arrivals = len(made.arrivals["intended"])
    assert made.header.intended == arrivals
    seconds = names == "/second"
    assert made.arrivals["intended"].tolist() == sorted(made.requests["intended"][~seconds].tolist())
    assert made.requests["sent"][seconds].tolist() == made.requests["intended"][seconds].tolist()
    assert [pytest.approx(arrivals / 4, abs=3)] * 2 == [np.count_nonzero(names == name) for name in ("/things", "call")]
    assert "10" == made.header.environment["requests before the start, not recorded"]
    assert {25_000_000} <= {
        round(value, -6) for value in (made.requests["ended"] - made.requests["sent"])[names == "call"].tolist()
    }


def test_a_freeze_counts_from_the_intended_starts(server, recording_file):
    """While the server stands still for a second, arrivals go on, and each waits for as long as it had to."""
    started = start(server, recording_file, "--arrivals", "constant:50", "-t", "3s")
    server.wait_for(30)
    server.freeze(1)
    made = started.finish().recording
    assert 150 == np.count_nonzero(made.arrivals["started"] >= 0)
    assert np.count_nonzero(made.latency_ms > 500) >= 20


def test_too_few_users_start_late_and_say_so(server, recording_file):
    """What one user cannot take up in time starts late without having been waited for, or never."""
    started = start(server, recording_file, "--arrivals", "constant:50", "-t", "2s", "-u", "1")
    server.wait_for(10)
    server.freeze(3)
    made = started.finish().recording
    assert 100 == made.header.intended == len(made.arrivals["intended"])
    assert [True, False] == [bool((made.arrivals["started"] == -1).any()), bool(made.arrivals["waited"].all())]


def test_a_class_without_users_is_named(server, recording_file):
    """A class that got no user at all is a problem of the recording."""
    made = run(
        server, recording_file, "--arrivals", "constant:10", "-t", "1s", "-u", "1", users="users/mixed.py"
    ).recording
    assert ["Other", "Writer"] == sorted(problem.split()[3] for problem in made.header.problems)


def test_requests_end_in_every_way(server, recording_file):
    """What is refused, wrong, lost or never judged is recorded as such, with both of Locust's clients."""
    made = run(server, recording_file, "--arrivals", "constant:10", "-t", "1s", users="users/troubled.py").recording
    names = [made.header.routes[route].name for route in made.requests["route"].tolist()]
    ends = dict(zip(names, made.requests["outcome"].tolist(), strict=True))
    expected = {
        "good": Outcome.GOOD,
        "failing": Outcome.REFUSED,
        "wrong": Outcome.WRONG,
        "closing": Outcome.UNANSWERED,
        "cut": Outcome.UNANSWERED,
        "forgiven": Outcome.GOOD,
        "raising": Outcome.WRONG,
    }
    assert {f"{kind} {name}": outcome for kind in ("Fast", "Plain") for name, outcome in expected.items()} == ends
    assert {"KeyError: 'no such field'": 10} == made.header.raised


def test_requests_that_never_end(server, recording_file):
    """What has no answer when the run's grace is over is recorded as unanswered."""
    made = run(
        server, recording_file, "--arrivals", "constant:10", "-t", "1s", "-s", "1", users="users/hanging.py"
    ).recording
    assert [(Outcome.UNANSWERED, 0)] * 10 == list(
        zip(made.requests["outcome"].tolist(), made.requests["status"].tolist(), strict=True)
    )
    assert "time" == made.header.stopped


def test_nobody_listens(recording_file):
    """A target that is not there makes every request unanswered."""
    made = run("http://127.0.0.1:1", recording_file, "--arrivals", "constant:20", "-t", "1s").recording
    assert [20] == [np.count_nonzero(made.requests["outcome"] == Outcome.UNANSWERED)]
