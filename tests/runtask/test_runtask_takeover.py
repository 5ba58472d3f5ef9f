"""What is heard of a request whose workers die, or cannot even be made."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clearance.runtask.heart import Heart
from clearance.runtask.request import parse
from clearance.runtask.seal_kms import KmsSeal
from clearance.runtask.sqlite import SqliteStore
from stack.terraform_cloud import Level, Stage, Status, TerraformCloud
from tests.runtask.aws_stand_in import account
from tests.runtask.rehearsing import minutes, passing, ports_of, run
from tests.terraform_cloud.small_task import KEY, callback, small_task

PRE_PLAN = {Stage.PRE_PLAN: Level.MANDATORY}
TAKE = "import json, sys; from clearance.runtask import aws; print(json.dumps(aws.work(json.load(sys.stdin), None)))"


@pytest.fixture
def asked():
    """Walk a run of which a test is asked: Terraform Cloud, what it asked, and the result that it waits for."""
    with TerraformCloud() as cloud, small_task(lambda _: None) as (url, requests):
        cloud.register(url, key=KEY, stages=PRE_PLAN)
        walked = cloud.queue(run(cloud))
        thread = threading.Thread(target=cloud.walk, args=[walked], kwargs={"until": "pre_plan"})
        thread.start()
        while not requests:
            threading.Event().wait(0.01)
        yield cloud, requests[0], walked.result("pre_plan")
        callback(requests[0], "failed")
        thread.join()


class Patient:
    """A clock on which nobody waits for nothing, and otherwise until the end."""

    def __init__(self):
        self.pauses = []

    def now(self):
        return datetime.now(UTC)

    def pause(self, seconds, unless=None):
        self.pauses.append(seconds)
        return unless.wait() if seconds else unless.is_set()


@pytest.mark.parametrize(("attempts", "pauses", "heard"), [(1, [60], 0), (2, [0, 60], 1), (3, [0, 60], 1)])
def test_who_takes_over_speaks_up_at_once(asked, tmp_path, attempts, pauses, heard):
    """The first worker says `running` after a while, the next one at once: the first may have said nothing."""
    cloud, document, result = asked
    request, store, clock = parse(json.dumps(document).encode()), SqliteStore(tmp_path / "store.sqlite"), Patient()
    ports = replace(ports_of(cloud, store, passing), clock=clock)
    for _ in range(attempts):
        claim = store.claim(request.task_result_id, clock.now(), minutes(0))
    with Heart(request, ports, store, claim):
        while not any(clock.pauses):
            threading.Event().wait(0.01)
    assert (attempts, pauses, heard) == (claim.attempts, clock.pauses, result.said("running"))
    store.close()


def test_a_worker_that_cannot_be_made_answers_why(asked, tmp_path):
    """Without a policy, or with another than the pinned one, each request is `failed` at its first delivery."""
    cloud, document, result = asked
    request = parse(json.dumps(document).encode())
    with account() as there:
        secret = there.client("secretsmanager").create_secret(Name="plan", SecretString="x" * 32)["ARN"]
        sealed = KmsSeal(there.key, there.kms).close(request).decode()
        said = json.dumps({"task": request.task_result_id, "sealed": sealed})
        own = {
            "HOSTS": ",".join(cloud.origins),
            "PLAN_SECRET_ARN": secret,
            "PROJECT": tmp_path,
            "QUEUE_URL": there.queue,
            "SEAL_KEY_ARN": there.key,
            "SHELF": tmp_path,
            "TABLE": "runtask",
        }
        done = subprocess.run(
            [sys.executable, "-c", TAKE],
            env={**os.environ, **there.environment, **{f"CLEARANCE_RUNTASK_{name}": str(own[name]) for name in own}},
            input=json.dumps({"Records": [{"messageId": "1", "body": said}]}),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (0, {"batchItemFailures": []}) == (done.returncode, json.loads(done.stdout or "null")), done.stderr
    assert Status.FAILED is result.status
    assert "clearance.toml can't be read" in result.message.replace("&#39;", "'")
