"""Runs without a schedule, and without anything of ours."""

from __future__ import annotations

import signal
import time
import urllib.parse
import urllib.request

from tests.load_generator.program import Finished, free_port, locust, run


def test_closed_arrivals(server, recording_file):
    """Without a schedule users wait for answers as ever, and every request counts from when it was sent."""
    made = run(server, recording_file, "-t", "1s", "-u", "2", "-r", "2").recording
    assert ("", 0, 0) == (made.header.schedule, made.header.intended, len(made.arrivals["intended"]))
    assert len(server.ids) == len(made.requests["id"]) > 0
    assert made.requests["sent"].tolist() == made.requests["intended"].tolist()


def test_stock_locust(server, tmp_path):
    """An import alone changes nothing: no id goes out, no file is written."""
    process = locust("--headless", "--host", server.url, "-t", "1s")
    process.communicate(timeout=30)
    assert {None} == set(server.ids)
    assert [] == list(tmp_path.iterdir())


def test_lines_that_cannot_be_had(server, recording_file):
    """Where the service's own lines are missing, the recording says so."""
    made = run(server, recording_file, "-t", "1s", "--spans", "nowhere.jsonl").recording
    assert ["the service's own lines could not be had from nowhere.jsonl"] == [
        problem.split(":")[0] for problem in made.header.problems
    ]


def test_the_web_page(server, recording_file):
    """A run that is started and stopped on Locust's page is recorded with the schedule that the page gave."""
    port = str(free_port())
    page = f"http://127.0.0.1:{port}"
    process = locust(
        "--host", server.url, "--recording", str(recording_file), "--web-host", "127.0.0.1", "--web-port", port
    )
    try:
        form = {"user_count": 10, "spawn_rate": 10, "host": server.url, "arrivals": "constant:20"}
        _ask(f"{page}/swarm", urllib.parse.urlencode(form).encode())
        server.wait_for(10)
        _ask(f"{page}/stop", b"")
        _wait_for_file(recording_file)
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    made = Finished(process.returncode, out, recording_file).recording
    assert ("constant:20", "stopped") == (made.header.schedule, made.header.stopped)
    assert len(made.requests["id"]) == len(server.ids)


def _ask(url: str, data: bytes) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, data, timeout=10).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _wait_for_file(path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
