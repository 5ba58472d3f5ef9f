"""Runs over Locust's workers: the master deals the schedule out and brings rows together, each worker has its part.

Five messages of ours travel over Locust's own connections. Clocks: a worker on the master's machine uses the master's
origin as it is; on another machine it begins when the master's word reaches it, so that its times lie behind the
master's by one network latency, and within a worker all times are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.runners import STATE_MISSING, WorkerRunner

from clearance.load import schedules
from clearance.load.lanes import Arc, Lanes, divide
from clearance.load.options import Wanted
from clearance.load.part import Hooks, Part
from clearance.load.recorder import now
from clearance.load.run import HASTE, LEAD, NANO, NOTICE, READY, Run, absent, weigh
from clearance.load.session import Owner

ROWS: Final = "clearance_rows"  # worker to master, once a second; the last one holds its last word
READY_MESSAGE: Final = "clearance_ready"  # worker to master: its users stand before their first tasks
GO: Final = "clearance_go"  # master to worker: its arcs of the schedule, and when it begins
STOP: Final = "clearance_stop"  # master to worker: begin nothing more, and send what is left
JOB: Final = "clearance_job"  # not a message: what Locust's spawn message carries to a worker, among the options
MACHINE: Final = Path("/proc/sys/kernel/random/boot_id")


def machine() -> str:
    """Name this machine until it is started again; "" where it has no such name."""
    try:
        return MACHINE.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class Master(Owner):
    """Runs whose users are in Locust's workers."""

    notice = NOTICE

    def __init__(self, environment: Environment, runner: Any) -> None:
        super().__init__(environment)
        self.runner = runner
        self.ready: dict[int, dict[str, int]] = {}
        runner.register_message(ROWS, self.on_rows)
        runner.register_message(READY_MESSAGE, self.on_ready)

    def begin(self, run: Run) -> None:
        """Expect rows of every worker there is, and tell them, with Locust's own word, which run it is."""
        self.ready = {}
        clients = self.runner.clients
        for client in (*clients.ready, *clients.running, *clients.spawning):
            run.ledger.open(self.runner.get_worker_index(client.id), client.id)
        job = {"run": run.number, "machine": machine(), "clock": run.origin or 0}
        setattr(self.environment.parsed_options, JOB, job)

    def begin_schedule(self, run: Run) -> None:
        """Give each worker its share of the starts."""
        patience = now() + round((READY + 2) * NANO)
        while now() < patience and any(each not in self.ready for each in self._alive(run)):
            gevent.sleep(0.02)
        users: dict[str, int] = {}
        for counts in self.ready.values():
            for name, count in counts.items():
                users[name] = users.get(name, 0) + count
        run.ledger.problems += absent(self.environment, users)
        share = weigh(self.environment, users)
        arcs = divide(
            {
                f"{each} {name}": share[name] * counts[name] / users[name]
                for each, counts in self.ready.items()
                for name in counts
                if counts[name]
            }
        )
        run.origin = now() + round(LEAD * NANO)
        assert run.wanted.schedule is not None
        for each in run.ledger.accounts:
            mine = {
                key.partition(" ")[2]: (str(arc.low), str(arc.high))
                for key, arc in arcs.items()
                if key.startswith(f"{each} ")
            }
            go = {
                "schedule": run.wanted.schedule.text,
                "machine": machine(),
                "clock": run.origin,
                "lead": LEAD,
                "arcs": mine,
                "end": run.end,
            }
            self._tell(run, each, GO, go)

    def bring_in(self, run: Run) -> None:
        """Ask every worker for its last rows, and wait as long as that may take."""
        for each in self._alive(run):
            self._tell(run, each, STOP, {"end": run.end, "grace": run.grace})
        patience = now() + round((run.grace + READY) * NANO)
        while now() < patience and self._alive(run):
            gevent.sleep(0.02)

    def on_rows(self, msg: Any, **_: Any) -> None:
        """Enter a worker's rows, and its last word where it is in them."""
        run, chunk = self.run, msg.data
        if run is None or chunk["run"] != run.number or chunk["worker"] not in run.ledger.accounts:
            return
        self.keep(run, chunk)
        if "final" in chunk:
            run.ledger.close(chunk["worker"], chunk["final"])

    def on_ready(self, msg: Any, **_: Any) -> None:
        """A worker's users stand before their first tasks, or some of them never will."""
        run, said = self.run, msg.data
        if run is None or said["run"] != run.number:
            return
        self.ready[said["worker"]] = said["users"]
        if not said["all"]:
            run.ledger.problems.append(f"worker {msg.node_id}: not all users were ready within {READY:g} s")

    def on_worker_connect(self, client_id: str, **_: Any) -> None:
        """A worker that comes when a run is on has no share of it."""
        run = self.run
        if run is not None and client_id not in {account.name for account in run.ledger.accounts.values()}:
            run.ledger.problems.append(f"worker {client_id} came while the run was on, and is not in it")

    def _alive(self, run: Run) -> list[int]:
        """Those whose last word is still to come."""
        clients = self.runner.clients
        there = {client.id for client in clients.all if client.state != STATE_MISSING}
        accounts = run.ledger.accounts
        return [each for each, account in accounts.items() if account.claimed is None and account.name in there]

    def _tell(self, run: Run, worker: int, message: str, data: dict[str, Any]) -> None:
        name = run.ledger.accounts[worker].name
        if name in self.runner.clients:
            self.runner.send_message(message, {"run": run.number} | data, client_id=name)


class Member:
    """A worker's parts in the master's runs, one after another."""

    def __init__(self, environment: Environment, runner: WorkerRunner, hooks: Hooks) -> None:
        self.environment = environment
        self.runner = runner
        self.hooks = hooks
        self.part: Part | None = None
        self.greenlets: list[Any] = []
        runner.register_message(GO, self.on_go)
        runner.register_message(STOP, self.on_stop, concurrent=True)

    def on_test_start(self, **_: Any) -> None:
        """Take part in the run that Locust's spawn message names, if it names one."""
        options = self.environment.parsed_options
        job, wanted = getattr(options, JOB, None), Wanted(options)
        if not job or not wanted.anything:
            return
        is_open = wanted.schedule is not None
        self.part = Part(self.environment, self.hooks, run=job["run"], worker=self.runner.worker_index, is_open=is_open)
        if not is_open:
            self.part.recorder.origin = job["clock"] if job["machine"] == machine() != "" else now()
        self.greenlets = [gevent.spawn(self._send_for_ever)]

    def on_spawning_complete(self, **_: Any) -> None:
        """Tell the master when the users are ready."""
        if self.part is not None and self.part.floor.open and not self.part.left:
            self.greenlets.append(gevent.spawn(self._report_ready, self.part))

    def on_go(self, msg: Any, **_: Any) -> None:
        """Begin the share of the schedule that the master gives."""
        go, part = msg.data, self.part
        if part is None or go["run"] != part.recorder.run or part.left:
            return
        lead = round(go["lead"] * NANO)
        part.recorder.origin = go["clock"] if go["machine"] == machine() != "" else now() + lead
        arcs = {name: Arc(int(low), int(high)) for name, (low, high) in go["arcs"].items()}
        part.begin(Lanes(schedules.parse(go["schedule"]), arcs, go["end"]))

    def on_stop(self, msg: Any, **_: Any) -> None:
        """End the part when the master says so."""
        part, told = self.part, msg.data
        if part is not None and not part.left and told["run"] == part.recorder.run:
            part.drain(told["end"], told["grace"])
            self._leave(part, finished=True)

    def on_test_stopping(self, **_: Any) -> None:
        """End the part before the master said so: this worker is being stopped by itself."""
        part = self.part
        if part is not None and not part.left:
            origin = part.recorder.origin
            part.drain(None if origin is None else now() - origin, HASTE)
            self._leave(part, finished=False)

    def on_test_stop(self, **_: Any) -> None:
        """Forget the part."""
        self.part = None

    def on_quitting(self, **_: Any) -> None:
        """End the part while the connection to the master is still there."""
        self.on_test_stopping()

    def on_user_error(self, exception: BaseException, **_: Any) -> None:
        """Count an exception outside requests."""
        if self.part is not None and not self.part.left:
            self.part.recorder.fail(exception)

    def _leave(self, part: Part, *, finished: bool) -> None:
        if part.left:
            return
        self._send(part, lambda: part.leave(finished=finished))
        for greenlet in self.greenlets:
            if greenlet is not gevent.getcurrent():
                greenlet.kill(block=False)

    def _report_ready(self, part: Part) -> None:
        everyone = part.wait_until_ready()
        recorder = part.recorder
        said = {"run": recorder.run, "worker": recorder.worker, "users": part.users, "all": everyone}
        self.runner.send_message(READY_MESSAGE, said)

    def _send_for_ever(self) -> None:
        while self.part is not None and not self.part.left:
            gevent.sleep(1)
            if not self.part.left:
                self._send(self.part, self.part.chunk)

    def _send(self, part: Part, chunk: Callable[[], dict[str, Any]]) -> None:
        self.runner.send_message(ROWS, chunk() | {"run": part.recorder.run})
