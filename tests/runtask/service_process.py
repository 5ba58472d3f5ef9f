"""A run task's service as a program of its own, to be killed: `python -m tests.runtask.service_process '{...}'`."""

import json
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clearance.runtask.client import Client
from clearance.runtask.nouns import Decided, Limits
from clearance.runtask.places import Hosts
from clearance.runtask.ports import Ports
from clearance.runtask.retrying import Patience
from clearance.runtask.seal_local import LocalSeal
from clearance.runtask.serve import Service
from clearance.runtask.signature import Keys
from clearance.runtask.sqlite import SqliteStore
from tests.runtask.rehearsing import KEY, Books, Eyes


class Absolute:
    """A clock that is fast since a given moment, and tells the same time in every process."""

    def __init__(self, since, speed):
        self.since, self.speed = since, speed

    def now(self):
        return datetime.fromtimestamp(self.since, UTC) + timedelta(seconds=(time.time() - self.since) * self.speed)

    def pause(self, seconds, unless=None):
        return (unless or threading.Event()).wait(seconds / self.speed)


def main(facts):
    """Serve until SIGTERM, which every thread leaves to this one; the URL goes to standard output."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    clock = Absolute(facts["since"], facts["speed"])
    store, keys = SqliteStore(Path(facts["store"])), Keys(current=KEY.encode())

    def decide(request, _):
        threading.Event().wait(facts["takes"])
        with Path(facts["decided"]).open("a") as file:
            file.write(f"{request.task_result_id}\n")
        return Decided(status="passed", message="fine")

    ports = Ports(
        clock=clock,
        library=Books(),
        inspection=Eyes(),
        terraform=Client(hosts=Hosts(facts["hosts"]), patience=Patience(clock=clock)),
        memory=store,
        decide=decide,
        plan_key=b"0" * 32,
        limits=Limits(),
    )
    service = Service(keys=keys, store=store, seal=LocalSeal(keys), ports=ports, port=facts["port"], workers=4)
    service.start()
    print(service.url, flush=True)
    signal.sigwait({signal.SIGTERM})
    service.stop()
    store.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
