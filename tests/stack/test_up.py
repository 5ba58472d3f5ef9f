"""The whole stack as a process: what it prints, what it serves, what it survives, and that it leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

from stack import data, postgres

ROOT = Path(__file__).parents[2]
LINES = ["BASE_URL", "CONTROL_URL", "TOKEN_FLIGHTS_WRITE", "TOKEN_FLIGHTS_READ", "TOKEN_CANARY_READ"]
CANARY_KEY = "1970-01-01/CY/1/CAN"


def await_that(condition, word):
    """Wait until `condition` holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, word
        time.sleep(0.005)


class Up:
    """A stack in a process of its own, with a temporary folder that must be empty in the end."""

    def __init__(self, temporary, log, *arguments, **environ):
        self.temporary = temporary
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up", *arguments],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary), **environ},
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    @property
    def said(self):
        return Path(self.log.name).read_text()

    def await_said(self, word):
        """Wait until stderr holds `word`."""
        await_that(lambda: word in self.said or self.process.poll() is not None, self.said)
        assert word in self.said

    def await_ready(self):
        """Read the lines of the contract."""
        self.await_said("ready")
        self.printed = dict(self.process.stdout.readline().strip().split("=", 1) for _ in LINES)
        self.base_url, self.control_url = self.printed["BASE_URL"], self.printed["CONTROL_URL"]

    def ask(self, method, path, scope="FLIGHTS_READ", **arguments):
        headers = {"Authorization": f"Bearer {self.printed[f'TOKEN_{scope}']}"}
        return requests.request(method, self.base_url + path, headers=headers, timeout=40, **arguments)

    def control(self, method, path, **arguments):
        return requests.request(method, self.control_url + path, timeout=40, **arguments)

    def descendants(self):
        """The ids of the processes that this one has started, and those of theirs."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = dict(map(int, line.split()) for line in listed.splitlines())
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}

    def end(self, *numbers):
        """Send the signals, wait for the end, and return its status once nothing of it is left."""
        before = self.descendants()
        for number in numbers:
            self.process.send_signal(number)
        status = self.process.wait(30)
        await_that(lambda: not alive(before) and not list(self.temporary.iterdir()), self.said)
        return status

    def close(self):
        """End what a failed test has left."""
        self.process.kill()
        self.process.communicate()
        await_that(lambda: not list(self.temporary.iterdir()), "the temporary folder is not empty")
        self.temporary.rmdir()


def alive(pids):
    """Which of the processes still run; one that waits for init to take note of its end does not."""
    command = ["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, pids))]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines() if pids else []
    return [line for line in lines if not line.split()[1].startswith("Z")]


@contextmanager
def starting(*arguments, **environ):
    """A stack that comes up, in a temporary folder that the user `nobody` may enter."""
    folder = Path(tempfile.mkdtemp(prefix="test-up-", dir="/tmp"))
    folder.chmod(0o755)
    with tempfile.NamedTemporaryFile() as log:
        up = Up(folder, log, *arguments, **environ)
        try:
            yield up
        finally:
            up.close()


@contextmanager
def running(*arguments, **environ):
    with starting(*arguments, **environ) as up:
        up.await_ready()
        yield up
        assert up.end(signal.SIGTERM) == 0


@pytest.fixture(scope="module")
def stack():
    with running("--flights", "200") as up:
        yield up


def batch(numbers, date="2020-02-02"):
    """Records that differ in their flight number."""
    (model,) = data.records(1)
    return {"records": [{**model, "flight_date": date, "flight": number} for number in numbers]}


def test_it_prints_what_a_program_needs(stack):
    """The lines of the contract come in their order, and nothing else is on stdout."""
    assert list(stack.printed) == LINES
    assert stack.base_url.startswith("http://127.0.0.1:")


def test_the_flights_are_those_of_the_data_set(stack):
    """A loaded flight is read by its key as the data set has it."""
    (first,) = data.records(1)
    key = f"{first['flight_date']}/{first['carrier']}/{first['flight']}/{first['origin']}"
    assert stack.ask("GET", f"/v1/flights/{key}").json() == first


def test_a_batch_is_stored_and_read_by_key(stack):
    """A posted record is created, and a read by its key gives it back."""
    sent = batch([4711])
    answer = stack.ask("POST", "/v1/flights", "FLIGHTS_WRITE", json=sent)
    assert (answer.status_code, answer.json()["created"]) == (200, 1)
    assert stack.ask("GET", "/v1/flights/2020-02-02/UA/4711/EWR").json() == sent["records"][0]


def test_the_canary_sees_one_row(stack):
    """The canary's token lists one row and reads it by key; a flight that exists is not there for it."""
    assert [row["carrier"] for row in stack.ask("GET", "/v1/flights", "CANARY_READ").json()["flights"]] == ["CY"]
    assert stack.ask("GET", f"/v1/flights/{CANARY_KEY}", "CANARY_READ").status_code == 200
    assert stack.ask("GET", "/v1/flights/2013-01-01/UA/1545/EWR", "CANARY_READ").status_code == 404
    assert stack.ask("GET", f"/v1/flights/{CANARY_KEY}").status_code == 404


def test_what_the_gateway_answers_by_itself_is_awss(stack):
    """No token, another scope, no such path: AWS's bodies."""
    answers = [
        requests.get(f"{stack.base_url}/v1/flights", timeout=40),
        stack.ask("POST", "/v1/flights", json=batch([1])),
        stack.ask("GET", "/v2"),
    ]
    expected = [(401, "Unauthorized"), (403, "Forbidden"), (404, "Not Found")]
    assert [(answer.status_code, answer.json()["message"]) for answer in answers] == expected


@pytest.mark.parametrize("deed", ["/postgres/kill", "/postgres/restart"])
def test_no_acknowledged_record_is_lost(stack, deed):
    """While Postgres crashes under writes each is acknowledged or answered 503; what was acknowledged is there."""
    date = "2021-01-01" if deed == "/postgres/kill" else "2021-01-02"
    acknowledged, others, over = [], [], threading.Event()

    def write(writer):
        number = writer
        while not over.is_set() and number <= 9999:
            answer = stack.ask("POST", "/v1/flights", "FLIGHTS_WRITE", json=batch([number], date))
            (acknowledged if answer.status_code == 200 else others).append((number, answer))
            number += 2

    writers = [threading.Thread(target=write, args=(writer,)) for writer in (1, 2)]
    for writer in writers:
        writer.start()
    for _ in range(5):
        so_far = len(acknowledged)
        assert stack.control("POST", deed).status_code == 204
        await_that(lambda wanted=so_far + 5: len(acknowledged) >= wanted, "the service does not recover")
    over.set()
    for writer in writers:
        writer.join()
    assert {answer.status_code for _, answer in others} <= {503}
    assert all("retry-after" in answer.headers for _, answer in others)
    stored = read_all(stack, date)
    assert {number for number, _ in acknowledged} - stored == set()


def read_all(stack, date):
    """The flight numbers of a day, page by page."""
    numbers, query = set(), {"from": date, "to": date, "limit": 500}
    while True:
        page = stack.ask("GET", "/v1/flights", params=query).json()
        numbers |= {flight["flight"] for flight in page["flights"]}
        if page["next_cursor"] is None:
            return numbers
        query["cursor"] = page["next_cursor"]


def test_after_a_crash_of_the_function_the_next_request_is_served(stack):
    """When every warm environment is killed, the next request starts a new one."""
    assert stack.control("POST", "/lambda/crash").status_code == 204
    assert stack.ask("GET", "/v1/health").status_code == 200


def test_the_metrics_are_json_lines(stack):
    """Each line of the metrics is an EMF object; a request adds to them."""
    stack.ask("GET", "/v1/health")
    answer = stack.control("GET", "/logs/emf")
    assert answer.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines
    assert all("_aws" in line for line in lines)
    assert any(line.get("route") == "GET /v1/health" for line in lines)


def test_the_access_log_is_json_lines(stack):
    """Each request is a line of the access log, under the id that the gateway gave its answer."""
    answer = stack.ask("GET", "/v1/health")
    lines = [json.loads(line) for line in stack.control("GET", "/logs/access").text.splitlines()]
    (line,) = [line for line in lines if line["request_id"] == answer.headers["apigw-requestid"]]
    assert (line["status"], line["route"]) == ("200", "GET /v1/health")


def test_the_spans_are_the_metrics_with_the_gateways_share(stack):
    """The joined log holds the metrics of a request and what the gateway took beside the handler."""
    answer = requests.get(f"{stack.base_url}/v1/health", headers={"x-request-id": "joined-1"}, timeout=40)
    assert answer.status_code == 200
    lines = [json.loads(line) for line in stack.control("GET", "/logs/spans").text.splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == "joined-1"]
    assert (line["route"], line["gateway_ms"] > 0) == ("GET /v1/health", True)


def test_a_lock_holds_readers_up_until_it_is_released(stack):
    """While the table is locked a read waits, and is answered when the lock is gone."""
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(stack.control, "POST", "/postgres/lock", json={"seconds": 1})
        waits = []
        while not held.done():
            waits.append(stack.ask("GET", "/v1/flights", params={"limit": 1}).elapsed.total_seconds())
    assert held.result().status_code == 204
    assert max(waits) > 0.5


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"scope": "flights:read"}, 200),
        ({"scope": "flights:read", "expires_in": 60}, 200),
        ({"scope": "flights:read", "expires_in": -1}, 401),
        ({"scope": "flights:write"}, 403),
    ],
)
def test_tokens_are_issued_on_demand(stack, asked, expected):
    """A token holds for its scope and its time."""
    token = stack.control("POST", "/tokens", json=asked).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{stack.base_url}/v1/flights", headers=headers, params={"limit": 1}, timeout=40)
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("method", "path", "arguments", "expected"),
    [
        ("GET", "/.well-known/jwks.json", {}, 200),
        ("GET", "/.well-known/openid-configuration", {}, 200),
        ("GET", "/elsewhere", {}, 404),
        ("GET", "/postgres/kill", {}, 405),
        ("POST", "/logs/emf", {}, 405),
        ("POST", "/tokens", {"data": "{"}, 400),
        ("POST", "/tokens", {"data": "[]"}, 400),
        ("POST", "/tokens", {"json": {"scope": 1}}, 400),
        ("POST", "/tokens", {"json": {"scope": "a", "expires_in": "soon"}}, 400),
        ("POST", "/tokens", {"data": '{"scope": "a", "expires_in": NaN}'}, 400),
        ("POST", "/tokens", {"data": '{"scope": "a", "expires_in": 1e300}'}, 400),
        ("POST", "/tokens", {"data": "x" * 70_000}, 413),
        ("POST", "/postgres/lock", {"json": {"seconds": 0}}, 400),
        ("POST", "/postgres/lock", {"json": {"seconds": 1e6}}, 400),
        ("POST", "/postgres/lock", {"json": {"seconds": "long"}}, 400),
        ("POST", "/postgres/lock", {}, 400),
        ("POST", "/lambda/crash", {"headers": {"Origin": "https://elsewhere.example"}}, 403),
        ("GET", "/logs/emf", {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ],
)
def test_the_control_server_says_what_is_wrong(stack, method, path, arguments, expected):
    """Unknown paths, wrong methods, bad bodies and browsers are each refused in words."""
    answer = stack.control(method, path, **arguments)
    assert answer.status_code == expected
    assert expected == 200 or answer.json()["message"]


@pytest.mark.parametrize(
    "numbers",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT,) * 3, (signal.SIGTERM, signal.SIGINT)],
    ids=lambda numbers: "+".join(number.name for number in numbers),
)
def test_a_signal_ends_it_in_order(numbers):
    """A signal while it serves, and more of them while it stops, end it with 0 and nothing left."""
    with starting("--flights", "0") as up:
        up.await_ready()
        assert up.end(*numbers) == 0


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT)], ids=["one", "two"])
@pytest.mark.parametrize("moment", ["Postgres is up", "the package is built", "the schema is", "flights 85,000 of"])
def test_a_signal_while_it_comes_up_ends_it_too(numbers, moment):
    """A signal at each step on the way up, also in the middle of loading, ends it with 130 and nothing left."""
    with starting("--flights", "all") as up:
        up.await_said(moment)
        assert up.end(*numbers) == 130
        assert up.said.endswith("stack: everything is stopped\n")


@pytest.mark.parametrize("moment", ["Postgres is up", "flights 85,000 of", "ready"])
def test_even_kill_leaves_nothing(moment):
    """SIGKILL to the stack ends its server and its environments, and takes the temporary folder with it."""
    with starting("--flights", "all") as up:
        up.await_said(moment)
        assert up.end(signal.SIGKILL) == -signal.SIGKILL


def test_a_taken_port_is_named_before_anything_starts():
    """A port that another program holds is an error that names it and the way out."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with starting("--port", str(port)) as up:
            assert up.process.wait(30) == 1
            assert up.said.startswith(f"stack: Port {port} cannot be used")
            assert "--port" in up.said


def test_the_port_is_the_one_asked_for():
    """With `--port` the API listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running("--flights", "0", "--port", str(port)) as up:
        assert up.base_url == f"http://127.0.0.1:{port}"
        assert up.ask("GET", "/v1/health").status_code == 200


def test_another_server_is_used_and_keeps_its_rows():
    """With DATABASE_URL the database is made there, survives the stack, and cannot be killed by it."""
    with postgres.start(durable=False) as server:
        url = f"postgresql://{server.admin_user}:{server.admin_password}@{server.host}:{server.port}/postgres"
        for expected in (1, 0):
            with running("--flights", "5", DATABASE_URL=url) as up:
                answer = up.ask("POST", "/v1/flights", "FLIGHTS_WRITE", json=batch([1]))
                assert answer.json()["created"] == expected
                refused = up.control("POST", "/postgres/kill")
                assert (refused.status_code, "DATABASE_URL" in refused.json()["message"]) == (409, True)
        with psycopg.connect(url, dbname="flights") as connection:
            assert connection.execute("SELECT count(*) FROM flights.flight").fetchone() == (7,)  # and the canary


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://admin:s3cret@127.0.0.1:1/postgres",
        "postgresql://admin:s3%cret@127.0.0.1:1/postgres",
        "postgresql://admin:x@s3cret@127.0.0.1:1/postgres",
        "postgresql://admin:s3cret/x@127.0.0.1:1/postgres",
        "postgresql://admin:s3cret?x@127.0.0.1:1/postgres",
        "postgresql://admin:s3cret@127.0.0.1:1/postgres",
        "user=admin password=s3 cret host=127.0.0.1 port=1",
    ],
)
def test_a_password_is_not_shown(url):
    """A DATABASE_URL that doesn't lead to a server is refused without a word of the password in it."""
    with starting("--flights", "0", DATABASE_URL=url) as up:
        assert (1, True) == (up.process.wait(60), "DATABASE_URL" in up.said)
        assert "cret" not in up.said


def test_wrong_credentials():
    """A server that doesn't let the administrator in is named as the reason, without a traceback."""
    with postgres.start(durable=False) as server:
        url = f"postgresql://postgres:s3cret@{server.host}:{server.port}/postgres"
        with starting("--flights", "0", DATABASE_URL=url) as up:
            assert (1, True) == (up.process.wait(60), "password authentication failed" in up.said)
            assert "s3cret" not in up.said


def test_what_the_surroundings_say_of_another_server():
    """The variables of libpq, which speak of another server, do not lead the stack astray."""
    surroundings = {"PGSERVICE": "none", "PGSSLMODE": "require", "PGOPTIONS": "-c no=1", "PGHOST": "192.0.2.1"}
    with running("--flights", "1", **surroundings) as up:
        assert up.ask("GET", "/v1/health").status_code == 200


def test_a_home_that_cannot_be_written():
    """Without a home folder of its own the stack keeps in the project what it would keep there."""
    with running("--flights", "1", HOME="/proc/none") as up:
        assert up.ask("GET", "/v1/health").status_code == 200


def test_a_disk_that_is_full():
    """Where the data folder cannot be written, that is said, with what to look at, and nothing is left."""
    command = ["sh", "-c", 'ulimit -f 64; exec "$0" -m stack up --flights 0', sys.executable]
    with tempfile.TemporaryDirectory(prefix="test-up-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        environ = {**os.environ, "TMPDIR": folder}
        ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        assert (1, False, True) == (ran.returncode, "Traceback" in ran.stderr, "TMPDIR" in ran.stderr)
        await_that(lambda: not list(Path(folder).iterdir()), ran.stderr)


def test_a_signal_ends_what_is_being_fetched(tmp_path):
    """A signal ends the stack at once even while uv waits for a network that doesn't answer."""
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nexec sleep 600\n")
    uv.chmod(0o755)
    with starting("--flights", "0", UV=str(uv)) as up:
        up.await_said("Postgres is up")
        assert up.end(signal.SIGTERM) == 130


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (["--help"], 0, "up"),
        (["up", "--help"], 0, "DATABASE_URL"),
        (["package", "--help"], 0, "same bytes"),
        ([], 2, "COMMAND"),
        (["up", "--flights", "336777"], 2, "336776"),
        (["up", "--flights", "many"], 2, "336776"),
        (["up", "--port", "65536"], 2, "65535"),
        (["up", "--port", "http"], 2, "65535"),
        (["up", "--concurrency", "0"], 2, "--concurrency"),
    ],
)
def test_the_command_line_explains_itself(arguments, status, word):
    """Help is on stdout with status 0; a wrong argument is named on stderr with status 2."""
    command = [sys.executable, "-m", "stack", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == status
    assert word in " ".join((ran.stderr if status else ran.stdout).split())
