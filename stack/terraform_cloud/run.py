"""One run, from being queued to being applied: which stage comes next, and what a stage's results make of the run."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from stack.terraform_cloud.behaviour import WELL, Behaviour, Door, Trouble
from stack.terraform_cloud.payload import UPLOADED, Level, Origin, Stage
from stack.terraform_cloud.result import Result, Status


class State(StrEnum):
    """Where a run is; names follow the API's, see https://developer.hashicorp.com/terraform/cloud-docs/run/states."""

    PENDING = "pending"
    PRE_PLANNED = "pre_plan_completed"
    PLANNED = "planned"
    POST_PLANNED = "post_plan_completed"
    FINISHED = "planned_and_finished"
    CONFIRMED = "confirmed"
    PRE_APPLIED = "pre_apply_completed"
    APPLIED = "applied"
    POST_APPLIED = "post_apply_completed"
    ERRORED = "errored"


# What comes next, and where it leads; a plan-only run ends after its third step.
STEPS: Final[tuple[tuple[str, State], ...]] = (
    ("pre_plan", State.PRE_PLANNED),
    ("plan", State.PLANNED),
    ("post_plan", State.POST_PLANNED),
    ("confirm", State.CONFIRMED),
    ("pre_apply", State.PRE_APPLIED),
    ("apply", State.APPLIED),
    ("post_apply", State.POST_APPLIED),
)


SINCE: Final = (1, 1, 9)  # the Terraform from which on run tasks are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What a run belongs to; no run task is asked about one whose Terraform is too old, and nobody is told."""

    name: str = "flights-prod"
    organization: str = "acme"
    working_directory: str = "infra/service"
    terraform: tuple[int, int, int] = (1, 11, 4)
    id: str = field(default_factory=lambda: f"ws-{secrets.token_hex(8)}")


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """A run. `plan` makes the plan's JSON when its time has come, `apply` applies it; either may raise.

    `warnings` are what advisory tasks, and tasks after the apply, would have held.
    """

    workspace: Workspace
    created_at: datetime
    configuration: bytes | None = None
    plan: Callable[[], bytes] = lambda: b"{}"
    apply: Callable[[], object] = lambda: None
    speculative: bool = False
    message: str = "Queued manually"
    created_by: str = "ann"
    origin: Origin = UPLOADED
    behaviour: Behaviour = WELL
    id: str = field(default_factory=lambda: f"run-{secrets.token_hex(8)}")
    configuration_id: str = field(default_factory=lambda: f"cv-{secrets.token_hex(8)}")
    plan_id: str = field(default_factory=lambda: f"plan-{secrets.token_hex(8)}")
    state: State = State.PENDING
    why: str = ""
    planned: bytes | None = None
    warnings: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    done: int = 0
    troubles: dict[Door, deque[Trouble]] = field(init=False)

    def __post_init__(self) -> None:
        self.troubles = {door: deque(self.behaviour.troubles.get(door, ())) for door in Door}

    @property
    def over(self) -> bool:
        """Whether no step comes any more."""
        return self.state in {State.ERRORED, State.FINISHED} or self.done == len(STEPS)

    def result(self, stage: Stage | str) -> Result:
        """Return what the first task answered at a stage. Raises LookupError where it was not asked."""
        for result in self.results:
            if result.stage == stage:
                return result
        raise LookupError(f"the run was not at {stage}: it is {self.state}, {self.why}")

    def went(self, state: State) -> None:
        """A step has ended well."""
        self.done += 1
        self.state = State.FINISHED if self.speculative and state is State.POST_PLANNED else state

    def fail(self, why: str) -> None:
        """Nothing more is done."""
        self.state, self.why = State.ERRORED, why


def fold(run: Run, stage: Stage, results: list[Result]) -> None:
    """Hold the run for what mandatory tasks say before it is applied; everything else is a warning.

    Anything but passed counts, a task that was not reached or said nothing too. Source: "Run Tasks", "Understanding run
    tasks within a run", https://developer.hashicorp.com/terraform/cloud-docs/workspaces/settings/run-tasks
    """
    holding: list[str] = []
    for result in results:
        if result.status is not Status.PASSED:
            said = f"{stage} {result.status}: {result.message}".rstrip(": ")
            blocks = result.level is Level.MANDATORY and stage is not Stage.POST_APPLY
            (holding if blocks else run.warnings).append(said)
    if holding:
        run.fail("; ".join(holding))
