"""The run task in Lambda, against stand-ins for SQS, KMS, DynamoDB and Secrets Manager."""

import base64
import json
import logging
import os
import subprocess
import sys
import threading

import pytest
from botocore.exceptions import ClientError

from clearance.runtask.aws_worker import Worker
from clearance.runtask.dynamodb import DynamoStore
from clearance.runtask.nouns import Decided, Limits, Waiting
from clearance.runtask.request import parse
from clearance.runtask.seal import SealError
from clearance.runtask.seal_kms import KmsSeal
from clearance.runtask.signature import sign
from clearance.runtask.work import give_up, work
from stack.terraform_cloud import Behaviour, Door, Level, Stage, Status, TerraformCloud
from stack.terraform_cloud.behaviour import refusal
from stack.terraform_cloud.payload import PROBES
from stack.terraform_cloud.web import Reply, serving
from tests.runtask.aws_stand_in import account
from tests.runtask.rehearsing import KEY, minutes, passing, ports_of, run
from tests.runtask.test_runtask_receive import body

PRE_PLAN = {Stage.PRE_PLAN: Level.MANDATORY}
HEADER = "x-tfc-task-signature"
NEW = "the key that replaces it"


@pytest.fixture(scope="module")
def there():
    with account() as made:
        yield made


@pytest.fixture(scope="module")
def receive(there):
    """The receiver's handler in a process of its own, as Lambda runs it: an event in, an answer out."""
    secret = there.client("secretsmanager").create_secret(Name="hmac", SecretString=KEY)["ARN"]
    environment = {**os.environ, **there.environment, "CLEARANCE_RUNTASK_HMAC_SECRET_ARN": secret}
    environment |= {"CLEARANCE_RUNTASK_QUEUE_URL": there.queue, "CLEARANCE_RUNTASK_SEAL_KEY_ARN": there.key}
    program = (
        "import json, logging, sys\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from clearance.runtask import aws\n"
        "for line in sys.stdin: print(json.dumps(aws.receive(json.loads(line), None)), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        lock = threading.Lock()

        def handle(event):
            with lock:
                process.stdin.write(json.dumps(event) + "\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

        yield handle
        process.stdin.close()


def function_url(raw, signature, **more):
    """Make the event of a function's URL or an HTTP API, payload 2.0."""
    return {"version": "2.0", "headers": {HEADER: signature}, "body": raw.decode(), "isBase64Encoded": False} | more


def rest_api(raw, signature):
    """Make the event of a REST API, payload 1.0, which keeps the case of names."""
    return {"httpMethod": "POST", "headers": {"X-TFC-Task-Signature": signature}, "body": raw.decode()}


def in_base64(raw, signature):
    """Make an event whose body is coded."""
    return function_url(b"", signature, body=base64.b64encode(raw).decode(), isBase64Encoded=True)


def load_balancer(raw, signature):
    """Make the event of a load balancer that is set to tell of each value of a header."""
    headers = {"x-tfc-task-signature": [signature], "x-forwarded-for": ["192.0.2.1", "192.0.2.2"]}
    return {"httpMethod": "POST", "multiValueHeaders": headers, "body": raw.decode(), "isBase64Encoded": False}


@pytest.mark.parametrize("event", [function_url, rest_api, in_base64, load_balancer])
def test_a_request_is_queued(there, receive, event):
    """A signed request of each kind of event is answered 200, and lies sealed in the queue."""
    raw = body(task_result_id=f"taskrs-{event.__name__}")
    answer = receive(event(raw, sign(raw, KEY.encode())))
    assert 200 == answer["statusCode"]
    (message,) = there.messages()
    said = json.loads(message["Body"])
    assert [] == [text for text in ("a-token", "5ea8d46c", "json-output", "acme") if text in message["Body"]]
    assert f"taskrs-{event.__name__}" == said["task"]
    assert parse(raw) == KmsSeal(there.key, there.kms).open(said["task"], said["sealed"].encode())


@pytest.mark.parametrize(
    ("raw", "key", "status"),
    [
        (body(), "another", 401),
        (b"no JSON", "another", 401),
        (b"", "another", 401),
        (b"no JSON", KEY, 400),
        *((json.dumps(probe).encode(), KEY, 200) for probe in PROBES.values()),
    ],
)
def test_nothing_is_queued(there, receive, raw, key, status):
    """What is not signed, what is no request, and a probe leave the queue empty."""
    assert status == receive(function_url(raw, sign(raw, key.encode())))["statusCode"]
    assert [] == there.messages()


def test_an_event_without_a_body(receive):
    """An event that has neither body nor headers is not signed, and nor is one with two signatures."""
    raw, signature = body(), sign(body(), KEY.encode())
    twice = rest_api(raw, signature) | {"multiValueHeaders": {"X-TFC-Task-Signature": [signature, signature]}}
    assert [401, 401, 401] == [
        receive(event)["statusCode"] for event in ({"version": "2.0"}, rest_api(raw, None), twice)
    ]


def test_a_queue_that_is_not_there(there):
    """Where a request can't be queued the answer is no 200, and what went wrong is told without what was asked."""
    raw, secret = body(), there.client("secretsmanager").create_secret(Name="other", SecretString=KEY)["ARN"]
    event = function_url(raw, sign(raw, KEY.encode()))
    environment = {**os.environ, **there.environment, "CLEARANCE_RUNTASK_HMAC_SECRET_ARN": secret}
    environment |= {"CLEARANCE_RUNTASK_QUEUE_URL": f"{there.queue}-gone", "CLEARANCE_RUNTASK_SEAL_KEY_ARN": there.key}
    program = "import json, sys, logging; logging.basicConfig(level=logging.DEBUG); from clearance.runtask import aws; "
    program += "print(json.dumps(aws.receive(json.load(sys.stdin), None)))"
    done = subprocess.run([sys.executable, "-c", program], env=environment, input=json.dumps(event),
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert 503 == json.loads(done.stdout)["statusCode"]
    assert "a request could not be queued: QueueDoesNotExist" in done.stderr
    assert [] == [text for text in ("a-token", "5ea8d46c", "json-output", "download") if text in done.stderr]


def test_a_seal_holds_for_its_task(there):
    """What was sealed for one task opens for no other, with no other key, and not when a part is missing."""
    seal = KmsSeal(there.key, there.kms)
    request = parse(body(access_token="x" * 8000))
    sealed = seal.close(request)
    parts = json.loads(sealed)
    assert (3, request) == (len(parts), seal.open("taskrs-1", sealed))
    other = there.kms.create_key()["KeyMetadata"]["Arn"]
    hostile = [
        (seal, "taskrs-2", sealed),
        (seal, "taskrs-1", json.dumps(parts[:2]).encode()),
        (seal, "taskrs-1", json.dumps(parts[::-1]).encode()),
        (seal, "taskrs-1", b"[]"),
        (seal, "taskrs-1", b"no JSON"),
        (seal, "taskrs-1", b'["bm90IHNlYWxlZA=="]'),
    ]
    for opener, task, what in hostile:
        with pytest.raises(SealError):
            opener.open(task, what)
    with pytest.raises((SealError, ClientError)):
        KmsSeal(other, there.kms).open("taskrs-1", sealed)


VISIBLE_S = 330.0


class Lambda:
    """The queue's event source: delivers messages, and on a hurried clock again those that failed."""

    def __init__(self, there, clock):
        self.there, self.clock, self.worker = there, clock, None
        self.later, self.delays, self.failures = [], [], 0

    def send_message(self, **words):
        """Send a message for later, as SQS does, but for the clock."""
        assert self.there.queue == words["QueueUrl"]
        self.delays.append(words["DelaySeconds"])
        self.later.append((self.clock.seconds() + words["DelaySeconds"], words["MessageBody"]))

    def deliver(self):
        """Hand over what is visible, and keep what failed."""
        now = self.clock.seconds()
        due = [said for at, said in self.later if at <= now]
        self.later = [(at, said) for at, said in self.later if at > now]
        for said in [*due, *(message["Body"] for message in self.there.messages())]:
            if self.worker.take({"Records": [{"messageId": "1", "body": said}]})["batchItemFailures"]:
                self.failures += 1
                self.later.append((self.clock.seconds() + VISIBLE_S, said))


@pytest.fixture
def rehearsed(there, receive):
    """A run, asked through the receiver's handler and answered by a worker that the queue feeds."""
    there.messages()

    def begin(decide=passing, *, step=work, queue=True, behaviour=None, speed=60.0, limits=None, deliveries=1):
        def answer(asked):
            event = function_url(asked.body, asked.headers[HEADER])
            return Reply(status=[receive(event) for _ in range(deliveries)][-1]["statusCode"])

        with TerraformCloud(speed=speed) as cloud, serving(answer) as url:
            cloud.register(url, key=KEY, stages=PRE_PLAN)
            store = DynamoStore("runtask", there.dynamodb)
            ports = ports_of(cloud, store, decide, limits=limits)
            function = Lambda(there, cloud.clock)
            function.worker = Worker(
                step=lambda request: step(request, ports, store),
                seal=KmsSeal(there.key, there.kms),
                sqs=function,
                queue=there.queue if queue else None,
            )
            walked = cloud.queue(run(cloud, behaviour=behaviour or Behaviour()))
            thread = threading.Thread(target=cloud.walk, args=[walked], kwargs={"until": "pre_plan"})
            thread.start()
            while thread.is_alive():
                function.deliver()
                thread.join(0.02)
            function.deliver()
        return walked.result("pre_plan"), function

    return begin


def test_a_run_by_way_of_the_queue(rehearsed):
    """A request goes through receiver, queue and worker, and is answered."""
    result, function = rehearsed()
    assert (Status.PASSED, 1, []) == (result.status, result.said("passed"), function.delays)


def test_a_request_that_is_queued_ten_times(rehearsed):
    """However often a request lies in the queue it is decided once."""
    decided = []

    def decide(request, materials):
        decided.append(request.task_result_id)
        return passing(request, materials)

    result, function = rehearsed(decide, deliveries=10)
    assert (Status.PASSED, 1, 1, 0) == (result.status, result.said("passed"), len(decided), function.failures)


def test_a_duplicate_of_what_another_works_on(rehearsed):
    """A message whose task another worker has claimed comes back later, and never counts as failed."""
    seen = []

    def step(request, ports, store):
        if not seen:
            seen.append(store.claim(request.task_result_id, ports.clock.now(), minutes(3)))
        return work(request, ports, store)

    result, function = rehearsed(step=step, speed=240)
    assert (Status.PASSED, 1, [240], 0) == (result.status, result.said("passed"), function.delays, function.failures)


def test_a_run_that_waits(rehearsed):
    """While evidence is awaited the message goes back, each time by less than two minutes, and is decided then."""
    asked = []

    def decide(request, materials):
        asked.append(materials.waited)
        return passing(request, materials) if len(asked) == 3 else Waiting(message="no evidence yet")

    result, function = rehearsed(decide, speed=240)
    assert (Status.PASSED, [108, 108]) == (result.status, function.delays)
    assert (3, 0) == (len(asked), function.failures)


def broken(*_):
    raise RuntimeError


def test_a_worker_that_fails(rehearsed, caplog):
    """A message whose worker fails is delivered again, and then given up with a `failed`."""
    caplog.set_level(logging.DEBUG)
    tries = []

    def step(request, ports, store):
        tries.append(request.task_result_id)
        return give_up(request, ports, store) if len(tries) == 2 else broken()

    result, function = rehearsed(step=step, queue=False, speed=240)
    assert (Status.FAILED, 1) == (result.status, function.failures)
    assert "nobody could look at it" in result.message
    assert 1 == caplog.text.count("a message failed: RuntimeError in test_runtask_aws.py")
    assert result.token not in caplog.text
    assert result.secret not in caplog.text


def test_giving_up_is_tried_again(rehearsed):
    """A `failed` that can't be delivered now stays in its queue until it can."""
    troubles = {Door.CALLBACK: (refusal(503),) * 6}
    result, function = rehearsed(step=give_up, queue=False, behaviour=Behaviour(troubles=troubles), speed=240)
    assert (Status.FAILED, 1) == (result.status, function.failures)


def test_giving_up_changes_no_answer(rehearsed):
    """What was settled before is what is sent, and what was answered is left alone."""

    def settle_then_give_up(request, ports, store):
        claim = store.claim(request.task_result_id, ports.clock.now(), minutes(0))
        store.settle(claim, Decided(status="passed", message="settled"))
        first = give_up(request, ports, store)
        assert give_up(request, ports, store) is not first
        return first

    result, _ = rehearsed(step=settle_then_give_up)
    assert (Status.PASSED, "settled") == (result.status, result.message)


def test_a_message_that_nobody_can_read(there, rehearsed):
    """What is no message of ours is dropped, and the others are worked on."""
    there.sqs.send_message(QueueUrl=there.queue, MessageBody="hello")
    there.sqs.send_message(QueueUrl=there.queue, MessageBody='{"task":"taskrs-1","sealed":"[]"}')
    result, function = rehearsed(limits=Limits())
    assert (Status.PASSED, 0) == (result.status, function.failures)


def test_the_receiver_is_small():
    """Before it is called the receiver's module needs the standard library alone, as its zip has it."""
    program = "import sys; sys.path.insert(0, '.'); import clearance.runtask.aws; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"clearance"} == loaded - sys.stdlib_module_names - {"__main__"}


def test_a_key_is_replaced(there):
    """While a secret has a current and a previous version, requests signed with either are accepted."""
    client = there.client("secretsmanager")
    secret = client.create_secret(Name="replaced", SecretString=KEY)["ARN"]
    client.put_secret_value(SecretId=secret, SecretString=NEW)
    raw = b'{"access_token":"test-token"}'
    events = [function_url(raw, sign(raw, key.encode())) for key in (KEY, NEW, "another")]
    environment = {**os.environ, **there.environment, "CLEARANCE_RUNTASK_HMAC_SECRET_ARN": secret}
    program = "import json, sys; from clearance.runtask import aws; "
    program += "print([aws.receive(event, None)['statusCode'] for event in json.load(sys.stdin)])"
    done = subprocess.run([sys.executable, "-c", program], env=environment, input=json.dumps(events),
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert "[200, 200, 401]\n" == done.stdout
