"""The acts: a run that is cleared goes the whole way, and each run that is not is held, with its reason."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stack.rehearsal.deployment import CANARY, SCOPE, Deployment, ask
from stack.rehearsal.infrastructure import Infrastructure
from stack.rehearsal.telling import Account
from stack.terraform_cloud import ALL_STAGES, STEPS, Run, Stage, State, Status, TerraformCloud, Workspace

FUNCTION: Final = "aws_lambda_function.service"
TOUCHED: Final = "infra/service/locals.tf"
SEEN: Final = {"flight_date": "1970-01-01", "carrier": "CY", "flight": 1, "origin": "CAN", "dest": "ARY"}


@dataclass(kw_only=True)
class Scene:
    """Where a gate is registered; `plan` is that of the cleared run, once there is one."""

    cloud: TerraformCloud
    account: Account
    archive: bytes
    workspace: Workspace = field(default_factory=Workspace)
    plan: bytes = b""

    def run(
        self,
        message: str,
        *,
        configuration: bytes | None = None,
        plan: Callable[[], bytes] | None = None,
        apply: Callable[[], object] = lambda: None,
    ) -> Run:
        """Queue a run: of the cleared configuration, and with the cleared plan, unless others are given."""
        run = Run(
            workspace=self.workspace,
            created_at=self.cloud.clock.now(),
            configuration=configuration or self.archive,
            plan=plan or (lambda: self.plan),
            apply=apply,
            message=message,
        )
        return self.cloud.queue(run)


def cleared(
    scene: Scene, infrastructure: Infrastructure, deployment: Deployment, prepare: Callable[[str], object]
) -> None:
    """A run whose content is cleared is planned, applied and asked. `prepare` is told where the API is, once it is."""

    def plan() -> bytes:
        scene.plan = infrastructure.plan()
        return scene.plan

    def apply() -> None:
        infrastructure.apply()
        prepare(base_url(infrastructure, deployment))

    run = scene.run("cleared content", plan=plan, apply=apply)
    for step, _ in STEPS:
        scene.cloud.walk(run, until=step)
        if run.state is State.ERRORED:
            scene.account.add(f"the cleared run at {step}", run.why, well=False)
            return
        if step == "apply":
            asked(scene, infrastructure, deployment)
        if step in ALL_STAGES:
            result = run.result(step)
            scene.account.add(f"the cleared run at {step}", f"{result.status}: {result.message}", well=not run.warnings)


def base_url(infrastructure: Infrastructure, deployment: Deployment) -> str:
    """Say where the API is that was applied."""
    named = infrastructure.output("api_endpoint").partition("://")[2]
    return deployment.emulator.api(named.partition(".")[0])


def asked(scene: Scene, infrastructure: Infrastructure, deployment: Deployment) -> None:
    """The canary answers through gateway and function from PostgreSQL, to who has a right to it and to nobody else."""
    base = base_url(infrastructure, deployment)
    issuer = deployment.issuer
    sang = ask(base, CANARY, issuer.issue(SCOPE))
    record = sang.document if isinstance(sang.document, dict) else {}
    well = sang.status == 200 and {name: record.get(name) for name in SEEN} == SEEN
    shown = " ".join(str(record.get(name)) for name in SEEN)
    scene.account.add("the canary, by the API that was applied", f"{sang.status}: {shown}", well=well)
    refused = {
        "no token": ask(base, CANARY).status,
        "an expired one": ask(base, CANARY, issuer.issue(SCOPE, expires_in=-5)).status,
        "another scope": ask(base, CANARY, issuer.issue("flights:write")).status,
    }
    said = ", ".join(f"{name}: {status}" for name, status in refused.items())
    scene.account.add("who may not ask it", said, well=list(refused.values()) == [401, 401, 403])


def held(scene: Scene, name: str, run: Run, stage: Stage, *reasons: str) -> None:
    """A run must be held at a stage, for a reason with each of some words in it, and go no further."""
    scene.cloud.walk(run)
    result = next((each for each in run.results if each.stage is stage), None)
    if result is None or run.state is not State.ERRORED or result.status is not Status.FAILED:
        scene.account.add(f"{name} at {stage}", f"{run.state}, {run.why}", well=False)
        return
    details = [str(each["description"]) for each in result.outcomes]
    named = [each for each in details if any(reason in each.lower() for reason in reasons)]
    everything = " ".join([result.message, *details]).lower()
    said = " | ".join([result.message, *(each for each in named[:1] if each not in html.unescape(run.why))])
    scene.account.add(f"{name} at {stage}", said, well=all(reason in everything for reason in reasons))


def changed_meanwhile(scene: Scene) -> None:
    """A plan that is another before the apply than it was after planning is not applied, however harmless it is."""
    run = scene.run("a plan changed between the stages")
    scene.cloud.walk(run, until="confirm")
    run.planned = enlarged(scene.plan)
    held(scene, "a plan changed between the stages, held", run, Stage.PRE_APPLY, "not the one that was judged")


def enlarged(plan: bytes) -> bytes:
    """Give the function of a plan a little more memory."""
    document = json.loads(plan)
    for change in document["resource_changes"]:
        if change["address"] == FUNCTION:
            change["change"]["after"]["memory_size"] += 64
    return json.dumps(document).encode()
