"""A run task in this process against the stand-in for Terraform Cloud, on a clock that runs as fast as its own."""

import contextlib
import io
import tarfile
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from clearance.model import Evidence, Policy, Subject
from clearance.runtask.client import Client
from clearance.runtask.nouns import Decided, Limits
from clearance.runtask.places import Hosts
from clearance.runtask.ports import Ports
from clearance.runtask.retrying import Patience
from clearance.runtask.seal_local import LocalSeal
from clearance.runtask.serve import Service
from clearance.runtask.signature import Keys
from clearance.runtask.sqlite import SqliteStore
from stack.terraform_cloud import Run, TerraformCloud, Workspace

KEY = "the key of these tests"
PLAN = b'{"format_version":"1.2","resource_changes":[]}'


class Hurried:
    """Our clock, as fast as the stand-in's, from the same beginning."""

    def __init__(self, clock):
        self.clock = clock

    def now(self):
        return self.clock.now()

    def pause(self, seconds, unless=None):
        return (unless or threading.Event()).wait(self.clock.real(seconds))


class Books:
    """A library of which nothing is asked here but what it can be told to hold."""

    def __init__(self):
        self.filed = {}

    def policy(self):
        return Policy(checks={}, requirements=())

    def trust(self):
        return {}

    def envelopes(self, config_digest):
        return self.filed.get(config_digest, ())

    def overrides(self, commit):
        return ()

    def fetch(self, digest):
        return None


class Eyes:
    """Looks at plans, and sees how long they are."""

    def scan(self, plan):
        return seen("checkov", reach=len(plan))

    def canary(self, request):
        return seen("canary", reach=1)

    def close(self):
        """Nothing was started."""


def seen(check, **words):
    return Evidence(check=check, subject=Subject(), inputs_digest="", started=datetime.now(UTC), seconds=0, **words)


def passing(_, materials):
    """Decide as simply as possible."""
    return Decided(status="passed", message=f"fine: {materials.config_digest}")


@dataclass(kw_only=True)
class Rehearsal:
    """The stand-in, a service, and what was decided in it."""

    cloud: TerraformCloud
    service: Service
    store: SqliteStore
    books: Books
    decided: list = field(default_factory=list)
    endings: dict = field(default_factory=dict)

    def walk(self, until="post_apply", **words):
        return self.cloud.walk(self.cloud.queue(run(self.cloud, **words)), until=until)


@contextlib.contextmanager
def rehearsing(folder, decide=passing, *, speed=60.0, workers=2, eyes=None, limits=None, register=True):
    """Serve, registered with a stand-in, while the block lasts."""
    folder.mkdir(exist_ok=True)
    decided = []

    def counting(request, materials):
        decided.append((request, materials))
        return decide(request, materials)

    with TerraformCloud(speed=speed) as cloud:
        store = SqliteStore(folder / "store.sqlite")
        keys, books = Keys(current=KEY.encode()), Books()
        ports = ports_of(cloud, store, counting, books=books, eyes=eyes, limits=limits)
        service = Service(keys=keys, store=store, seal=LocalSeal(keys), ports=ports, workers=workers)
        service.start()
        try:
            if register:
                cloud.register(service.url, key=KEY)
            there = Rehearsal(cloud=cloud, service=service, store=store, books=books, decided=decided)
            yield there
        finally:
            service.stop()
            there.endings.update(store.endings())
            store.close()


def ports_of(cloud, store, decide, *, books=None, eyes=None, limits=None):
    clock = Hurried(cloud.clock)
    return Ports(
        clock=clock,
        library=books or Books(),
        inspection=eyes or Eyes(),
        terraform=Client(hosts=Hosts(cloud.origins), patience=Patience(clock=clock)),
        memory=store,
        decide=decide,
        plan_key=b"0" * 32,
        limits=limits or Limits(),
    )


def run(cloud, **words):
    facts = {
        "workspace": Workspace(),
        "configuration": archive({"main.tf": b"# nothing"}),
        "plan": lambda: PLAN,
    } | words
    return Run(created_at=cloud.clock.now(), **facts)


def archive(files):
    """Pack files as Terraform Cloud does."""
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return packed.getvalue()


def minutes(number):
    return timedelta(minutes=number)
