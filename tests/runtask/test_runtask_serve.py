"""`clearance runtask serve`, a program of its own: how it starts, what it refuses, and how it ends."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearance.attest import trust
from stack.errors import StackError
from stack.terraform_cloud import Behaviour, Level, Stage, Status, TerraformCloud
from tests.runtask.rehearsing import KEY, run

POLICY = """
[check.unit]
run = ["true", "{report}"]
report = "junit.xml"
reader = "junit"
inputs = ["*.py"]

[runtask]
wait = "1m"
"""
CLEARANCE = [sys.executable, "-m", "clearance", "runtask", "serve"]


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


def make_project(tmp_path):
    """A folder under a policy, with a trust file whose key nobody has any more."""
    public = trust.identified(Ed25519PrivateKey.generate().public_key())
    now = datetime.now(UTC).replace(microsecond=0)
    entry = trust.entry(
        public, owner="ci", use=trust.Use.VERDICT, not_before=now, not_after=now + timedelta(days=1)
    )  # fmt: skip
    (tmp_path / "clearance.toml").write_text(POLICY)
    (tmp_path / trust.FILE).write_text(entry)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLEARANCE_")}
    return kept | {"CLEARANCE_RUNTASK_HMAC_KEY": KEY} | variables


@contextlib.contextmanager
def served(project, *words, **variables):
    """Start it; the process and its address. What it said at the end is in `process.said`."""
    process = subprocess.Popen(
        [*CLEARANCE, *words],
        cwd=project,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        _, process.said = process.communicate(timeout=60)


@pytest.mark.parametrize(
    "variables",
    [
        {"CLEARANCE_RUNTASK_HMAC_KEY": ""},
        {"CLEARANCE_RUNTASK_HMAC_KEY": "  "},
        {"CLEARANCE_RUNTASK_HMAC_KEY_PREVIOUS": ""},
        {"CLEARANCE_RUNTASK_HOSTS": "https://app.terraform.io"},
        {"CLEARANCE_RUNTASK_POLICY_DIGEST": "sha256:0"},
        {"CLEARANCE_RUNTASK_PROJECT": "/nowhere"},
    ],
    ids=lambda variables: " ".join(f"{name[18:]}={value!r}" for name, value in variables.items()),
)
def test_what_it_does_not_start_with(project, variables):
    """Without a key, with hosts that are none, or with another policy than the pinned one it ends with 2."""
    done = subprocess.run(CLEARANCE, cwd=project, env=environment(**variables), capture_output=True, text=True,
                          check=False, timeout=60)  # fmt: skip
    assert (2, "") == (done.returncode, done.stdout)
    assert re.match(r"clearance: .+\n     hint: .+\n", done.stderr)


def test_a_run_without_evidence(project):
    """A run that nobody has signed anything about waits as long as the policy says, and is held."""
    with TerraformCloud() as cloud, served(project, CLEARANCE_RUNTASK_HOSTS="127.0.0.1") as (process, url):
        cloud.register(url, key=KEY, stages={Stage.PRE_PLAN: Level.MANDATORY})
        speculative = cloud.walk(cloud.queue(run(cloud, speculative=True)), until="pre_plan")
        assert Status.PASSED is speculative.result("pre_plan").status
        assert "cannot apply" in speculative.result("pre_plan").message
        refused = cloud.walk(
            cloud.queue(run(cloud, behaviour=Behaviour(signature=lambda signature: signature[::-1]))), until="pre_plan"
        )
        assert Status.UNREACHABLE is refused.result("pre_plan").status
        post_plan = cloud.queue(run(cloud))
        cloud.tasks[0].stages = {Stage.POST_PLAN: Level.MANDATORY}
        cloud.walk(post_plan, until="post_plan")
        assert Status.FAILED is post_plan.result("post_plan").status
        secrets = [text for one in (speculative, post_plan) for result in one.results
                   for text in (result.token, result.secret)]  # fmt: skip
    assert 130 == process.returncode
    assert "taskrs-" in process.said
    assert [] == [secret for secret in [*secrets, KEY] if secret in process.said]


LENGTH = b"Content-Length: %d\r\n"
NOT_SIGNED = {
    "a method of the future": b"PROPFIND / HTTP/1.1\r\n" + LENGTH % 0,
    "no length": b"POST / HTTP/1.1\r\n",
    "in chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n",
    "a length that nobody can count": b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + LENGTH % 0 + LENGTH % 3,
    "more than is read": b"POST / HTTP/1.1\r\n" + LENGTH % (1 << 20 | 1),
    "too many headers": b"POST / HTTP/1.1\r\n" + b"".join(b"X-%d: marked\r\n" % number for number in range(200)),
    "another protocol": b"POST / MARKED/1.1\r\n",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The port of a service that runs for all of the module."""
    with served(make_project(tmp_path_factory.mktemp("project"))) as (_, url):
        yield int(url.rstrip("/").rpartition(":")[2])


@pytest.mark.parametrize("said", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_cannot_be_signed(port, said):
    """Whatever is not signed is answered 401, also what is hardly HTTP, and nothing of it is repeated."""
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(said + b"Host: x\r\n\r\n")
        with line.makefile("rb") as file:
            heard = file.read(100)
    assert (True, False) == (
        b"401" in heard.splitlines()[0] or heard == b"the signature does not hold\n",
        b"arked" in heard,
    )


def test_one_at_a_time(project):
    """A second service over the same folder is refused, and so is a port that is taken."""
    with served(project) as (_, url):
        for words in ([], ["--state", str(project / "other"), "--port", url.rstrip("/").rpartition(":")[2]]):
            done = subprocess.run([*CLEARANCE, *words], cwd=project, env=environment(), capture_output=True, text=True,
                                  check=False, timeout=60)  # fmt: skip
            assert 2 == done.returncode, done.stderr


def test_another_key_registers_nothing(project):
    """Terraform Cloud cannot register a task whose key is another one."""
    with TerraformCloud() as cloud, served(project) as (_, url), pytest.raises(StackError, match="answered 401"):
        cloud.register(url, key="another")
