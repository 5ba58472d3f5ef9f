"""The service killed in the middle of whatever it does: every result is called back exactly once, or failed."""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from clearance.runtask.sqlite import SqliteStore
from stack.terraform_cloud import Behaviour, Level, Stage, Status, TerraformCloud
from tests.runtask.rehearsing import KEY, run

SPEED, RUNS, KILLS = 60.0, 30, 8
PRE_PLAN = {Stage.PRE_PLAN: Level.MANDATORY}


class Program:
    """The service, started again on the same port and the same file."""

    def __init__(self, cloud, folder, takes):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.store, self.decided = folder / "store.sqlite", folder / "decided"
        self.facts = {
            "hosts": cloud.origins,
            "since": time.time(),
            "speed": SPEED,
            "store": str(self.store),
            "decided": str(self.decided),
            "takes": takes,
            "port": port,
        }
        self.process = None

    def start(self):
        words = [sys.executable, "-m", "tests.runtask.service_process", json.dumps(self.facts)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().strip()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(240)  # each answer is on the disk before it is sent, and disks are shared
        self.process.stdout.close()
        return code


@pytest.fixture
def program(tmp_path):
    with TerraformCloud(speed=SPEED) as cloud:
        made = Program(cloud, tmp_path, takes=0.05)
        url = made.start()
        try:
            cloud.register(url, key=KEY, stages=PRE_PLAN)
            yield cloud, made
        finally:
            if made.process.poll() is None:
                made.kill()


def walking(cloud, number, **words):
    """Walk some runs side by side."""
    runs = [cloud.queue(run(cloud, **words)) for _ in range(number)]
    threads = [threading.Thread(target=cloud.walk, args=[one], kwargs={"until": "pre_plan"}) for one in runs]
    for thread in threads:
        thread.start()
    return runs, threads


@pytest.mark.parametrize("seed", [1, 2])
def test_the_worker_is_killed(program, seed):
    """However often a worker is killed, each result that was accepted gets one final answer and none is forgotten."""
    cloud, service = program
    chance = random.Random(seed)
    runs, threads = walking(cloud, RUNS)
    while not all(one.results and one.results[0].deliveries for one in runs):
        threading.Event().wait(0.01)
    for _ in range(KILLS):
        threading.Event().wait(chance.uniform(0.0, 0.4))
        service.kill()
        service.start()
    for thread in threads:
        thread.join(120)
    results = [one.result("pre_plan") for one in runs]
    assert {Status.PASSED, Status.FAILED} >= {result.status for result in results}, Counter(r.message for r in results)
    assert {1} == {result.said("passed") + result.said("failed") for result in results}
    assert 0 == service.stop()
    store = SqliteStore(service.store)
    assert RUNS == len(store.endings())
    assert {"delivered", "answered before"} >= set(store.endings().values())
    store.close()


def test_the_receiver_is_killed(program):
    """What was answered 200 before the receiver was killed is answered later; what was not, Terraform Cloud holds."""
    cloud, service = program
    chance = random.Random(3)
    runs, threads = walking(cloud, RUNS, behaviour=Behaviour(attempts=3))
    for _ in range(4):
        threading.Event().wait(chance.uniform(0.0, 0.05))
        service.kill()
        service.start()
    for thread in threads:
        thread.join(120)
    for result in (one.result("pre_plan") for one in runs):
        accepted = any(delivery.status == 200 for delivery in result.deliveries)
        assert (result.status in {Status.PASSED, Status.FAILED}) is accepted
        assert result.said("passed") + result.said("failed") == accepted


def received(run):
    """Whether what was asked about a run has been taken in."""
    return any(delivery.status == 200 for result in run.results for delivery in result.deliveries)


def test_the_service_is_stopped(program):
    """SIGTERM ends the service in order: what it works on is answered first."""
    cloud, service = program
    runs, threads = walking(cloud, 4)
    while not all(received(one) for one in runs):
        threading.Event().wait(0.01)
    assert 0 == service.stop()
    service.start()
    for thread in threads:
        thread.join(120)
    assert {Status.PASSED} == {one.result("pre_plan").status for one in runs}
    assert 4 == len(service.decided.read_text().split())
