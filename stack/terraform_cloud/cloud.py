"""Terraform Cloud on loopback, as a run task sees it: tasks are registered, runs walk through their stages.

It keeps to the documentation, and stack/README.md says what is assumed where that is silent. A thread walks a run; any
number of runs may be walked at once.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from stack.errors import StackError
from stack.terraform_cloud import payload
from stack.terraform_cloud.clock import Clock
from stack.terraform_cloud.doors import Doors
from stack.terraform_cloud.payload import Level, Stage
from stack.terraform_cloud.result import Delivery, Result, Status
from stack.terraform_cloud.run import SINCE, STEPS, Run, State, fold
from stack.terraform_cloud.web import post, serving

ALL_STAGES: Final[Mapping[Stage, Level]] = {
    Stage.PRE_PLAN: Level.MANDATORY,
    Stage.POST_PLAN: Level.MANDATORY,
    Stage.PRE_APPLY: Level.MANDATORY,
    Stage.POST_APPLY: Level.ADVISORY,
}
ASKED: Final = frozenset(stage.value for stage in Stage)
WAIT_S: Final = 0.05  # our seconds between two looks at the clock


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """A run task as it is registered: where it listens, its key, when it is asked and how much its answer counts."""

    url: str
    key: str = field(repr=False)
    stages: Mapping[Stage, Level]
    enabled: bool = True


class TerraformCloud:
    """A context manager: two origins and one that must not be called, on loopback, while it lasts."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self.clock = Clock(speed)
        self.tasks: list[Task] = []
        self.url = self.elsewhere_url = ""
        self._changed = threading.Condition()
        self.doors = Doors(self.clock, self._changed)
        self._stack = ExitStack()
        self._closed = False

    def __enter__(self) -> Self:
        self.url = self._stack.enter_context(serving(self.doors.api))
        self.doors.objects_url = self._stack.enter_context(serving(self.doors.objects))
        self.elsewhere_url = self._stack.enter_context(serving(self.doors.elsewhere))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._stack.close()

    @property
    def origins(self) -> tuple[str, str]:
        """The two origins that a run task may call, host and port each: the API's and that of the objects."""
        return self.url.removeprefix("http://"), self.doors.objects_url.removeprefix("http://")

    @property
    def leaks(self) -> list[str]:
        """Where a token was sent that it must not be, and what was asked of an origin that is none of ours."""
        return self.doors.leaks

    def register(
        self, url: str, *, key: str = "", stages: Mapping[Stage, Level] = ALL_STAGES, probe: str = "documented"
    ) -> Task:
        """Register a task, which must answer a probe with 200 and nothing else; StackError if it does not."""
        answered = self.deliver(url, key, payload.PROBES[probe]).status
        if answered != 200:
            raise StackError(
                f"The run task at {url} was not registered: it answered {answered or 'nothing'} to the probe, not 200.",
                hint="A wrong key answers 401; a 202 was good enough until 2024.",
            )
        task = Task(url=url, key=key, stages=dict(stages))
        self.tasks.append(task)
        return task

    def deliver(self, url: str, key: str, document: Mapping[str, Any]) -> Delivery:
        """Sign and post one document."""
        body = payload.compact(document)
        return post(url, body, payload.headers(payload.sign(key, body)))

    def queue(self, run: Run) -> Run:
        """Add a run; nothing happens to it until it is walked."""
        with self._changed:
            self.doors.runs.append(run)
        return run

    def walk(self, run: Run, *, until: str = STEPS[-1][0]) -> Run:
        """Take a run through its steps up to one of them, or to where it is held; what holds it is in `why`."""
        for name, state in STEPS[run.done :]:
            if run.over:
                break
            self._step(run, name, state)
            if name == until:
                break
        return run

    def _step(self, run: Run, name: str, state: State) -> None:
        if name in ASKED:
            self._ask(run, Stage(name))
        elif name == "plan":
            run.planned = _attempt(run, "plan", run.plan)
        elif name == "apply":
            _attempt(run, "apply", run.apply)
        if run.state is not State.ERRORED:
            run.went(state)

    def _ask(self, run: Run, stage: Stage) -> None:
        """Ask every task of a stage at once, and fold what they say into the run."""
        asked = [
            (task, self._result(run, stage, task.stages[stage]))
            for task in self.tasks
            if task.enabled and stage in task.stages and run.workspace.terraform >= SINCE
        ]
        with self._changed:
            run.results += [result for _, result in asked]
        if asked:
            with ThreadPoolExecutor(len(asked)) as pool:
                list(pool.map(lambda pair: self._converse(run, *pair), asked))
        fold(run, stage, [result for _, result in asked])

    def _result(self, run: Run, stage: Stage, level: Level) -> Result:
        now = self.clock.seconds()
        return Result(
            run_id=run.id,
            stage=stage,
            level=level,
            began=now,
            heard=now,
            token_until=now + run.behaviour.token_s,
            url_code=secrets.token_urlsafe(12) if run.behaviour.url_code else None,
        )

    def _converse(self, run: Run, task: Task, result: Result) -> None:
        """Deliver, wait for the end, and deliver again where that is how this run behaves."""
        body = run.behaviour.body(payload.compact(run.behaviour.payload(self.document(run, result))))
        headers = payload.headers(run.behaviour.signature(payload.sign(task.key, body)))
        with ThreadPoolExecutor(run.behaviour.at_once) as pool:
            reached = list(
                pool.map(lambda _: self._knock(run, task, result, body, headers), range(run.behaviour.at_once))
            )
        if not any(reached):
            with self._changed:
                if not result.final:
                    result.status, result.message = Status.UNREACHABLE, "no delivery was answered 200"
            return
        self.wait(result)
        for _ in range(run.behaviour.again):
            self._knock(run, task, result, body, headers)

    def _knock(self, run: Run, task: Task, result: Result, body: bytes, headers: Mapping[str, str]) -> bool:
        """Post until it is answered 200, a few times at most."""
        for _ in range(run.behaviour.attempts):
            delivery = post(task.url, body, headers)
            with self._changed:
                result.deliveries.append(delivery)
            if delivery.status == 200:
                return True
        return False

    def wait(self, result: Result) -> None:
        """Wait until a result is final, of itself or because patience has run out; or until all of this is over."""
        with self._changed:
            while True:
                result.give_up(self.clock.seconds())
                if self._closed and not result.final:
                    result.status, result.message = Status.ERRORED, "Terraform Cloud is closed"
                if result.final:
                    return
                left = self.clock.real(result.patience - self.clock.seconds())
                self._changed.wait(max(min(left, WAIT_S), 0.001))

    def document(self, run: Run, result: Result) -> dict[str, Any]:
        """Return the payload of a request, as documented."""
        app = f"{self.url}/app/{run.workspace.organization}/workspaces/{run.workspace.name}"
        code = f"?url_code={result.url_code}" if result.url_code else ""
        plan = f"{self.url}/api/v2/plans/{run.plan_id}/json-output"
        download = f"{self.url}/api/v2/configuration-versions/{run.configuration_id}/download"
        return {
            "payload_version": 1,
            "access_token": result.token,
            "capabilities": {"outcomes": True},
            "stage": str(result.stage),
            "is_speculative": run.speculative,
            "configuration_version_id": run.configuration_id,
            "configuration_version_download_url": None if run.configuration is None else download,
            "organization_name": run.workspace.organization,
            **({} if result.stage is Stage.PRE_PLAN else {"plan_json_api_url": plan}),
            "project_id": "prj-0000000000000000",
            "project_name": "flights",
            "project_app_url": f"{self.url}/app/{run.workspace.organization}/projects/prj-0000000000000000",
            "run_app_url": f"{app}/runs/{run.id}",
            "run_created_at": f"{run.created_at:%Y-%m-%dT%H:%M:%S}.{run.created_at.microsecond // 1000:03}Z",
            "run_created_by": run.created_by,
            "run_id": run.id,
            "run_message": run.message,
            "task_result_callback_url": f"{self.url}/api/v2/task-results/{result.secret}/callback{code}",
            "task_result_enforcement_level": str(result.level),
            "task_result_id": result.id,
            **payload.origin_fields(run.origin),
            "workspace_app_url": app,
            "workspace_id": run.workspace.id,
            "workspace_name": run.workspace.name,
            "workspace_working_directory": run.workspace.working_directory,
        }


def _attempt(run: Run, step: str, do: Any) -> Any:
    """Do what Terraform would; whatever goes wrong with it ends the run."""
    try:
        return do()
    except StackError as error:
        run.fail(f"{step}: {error}")
        return None
