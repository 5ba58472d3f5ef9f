"""The load as a process of its own, what it leaves behind, and servers that answer wrongly."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from clearance import recording

ROOT = Path(__file__).parents[2]
OURS = ("BASE_URL", "CONTROL_URL", "TOKEN_", "LOCUST_", "CLEARANCE_")
TOKENS = {"TOKEN_FLIGHTS_READ": "reader", "TOKEN_FLIGHTS_WRITE": "writer"}


def surroundings(**environ):
    """The environment without what would name another deployment."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | environ


def load(*arguments, **environ):
    """Run `python -m load` to its end."""
    command = [sys.executable, "-m", "load", *map(str, arguments)]
    environment = surroundings(**environ)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def recorded(folder, *arguments, **environ):
    """Run a short load; its recording."""
    file = folder / "load.zip"
    done = load("--recording", file, "--arrivals", "ramp:5-25:2s", "--seconds", "3", *arguments, **environ)
    assert done.returncode == 0, done.stderr
    return recording.loads(file.read_bytes())


def outcomes(run):
    """The outcomes of a recording's requests, each once."""
    return {recording.Outcome(outcome) for outcome in run.requests["outcome"]}


@contextmanager
def answering(status, body):
    """A server that answers everything with this; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def await_that(condition, word):
    """Wait until `condition` holds; what it gave."""
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, word
        time.sleep(0.02)
    return found


def descendants(pid):
    """The processes that this one has started, and those of theirs: command lines by id."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    found, parents = {str(pid)}, {row[0]: row[1] for row in rows}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {row[0]: row[2] for row in rows if row[0] in found and row[0] != str(pid)}


def alive(pids):
    """Which of the processes still run; one that waits for init to take note of its end does not."""
    command = ["ps", "-o", "pid=,stat=", "-p", ",".join(pids)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines() if pids else []
    return [line for line in lines if not line.split()[1].startswith("Z")]
