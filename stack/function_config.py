"""How a function is configured, and the process environment that follows from it. Values only."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REGION: Final = "eu-central-1"
ACCOUNT: Final = "000000000000"


def _drop(_line: str) -> None:
    """Take a log line and forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionConfig:
    """How a function is run.

    `command` starts the runtime client and is given `handler` as its last argument: `(PYTHON, "-m", "awslambdaric")`.
    `environ` is the function's own; reserved names in it are overridden. `task_root` is the unpacked package.
    `timeout_s` bounds an invocation and `init_timeout_s` the initialisation before it. `concurrency` is reserved: so
    many invocations at once, never more. `memory_mb` is told to the function, but not enforced. `on_log` gets each line
    that the processes print, without its end.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    task_root: Path
    handler: str
    timeout_s: float = 10
    init_timeout_s: float = 10
    concurrency: int = 4
    memory_mb: int = 512
    name: str = "flights"
    on_log: Callable[[str], None] = _drop

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


def environ(config: FunctionConfig, runtime_api: str) -> dict[str, str]:
    """Compose a process's whole environment: what AWS sets and what the function sets, nothing of the caller's."""
    defaults = {"LANG": "en_US.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": ":UTC"}
    reserved = {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid.uuid4().hex}",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": REGION,
        "LAMBDA_TASK_ROOT": str(config.task_root),
        "_HANDLER": config.handler,
    }
    return {**defaults, **config.environ, **reserved}
