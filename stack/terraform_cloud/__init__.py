"""A stand-in for Terraform Cloud that run tasks cannot tell from it, as far as the documentation goes."""

from stack.terraform_cloud.behaviour import Behaviour, Door, Trouble
from stack.terraform_cloud.cloud import ALL_STAGES, Task, TerraformCloud
from stack.terraform_cloud.payload import Level, Origin, Stage
from stack.terraform_cloud.result import Result, Status
from stack.terraform_cloud.run import STEPS, Run, State, Workspace

__all__ = [
    "ALL_STAGES",
    "STEPS",
    "Behaviour",
    "Door",
    "Level",
    "Origin",
    "Result",
    "Run",
    "Stage",
    "State",
    "Status",
    "Task",
    "TerraformCloud",
    "Trouble",
    "Workspace",
]
