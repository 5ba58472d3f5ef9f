"""`[runtask]` to a `RunTask`: which checks a run's own plan is judged as, and how long evidence is awaited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from clearance.model import PolicyError, RunTask, Stage
from clearance.policy.shape import CheckTable, RunTaskTable, duration, known

LONGEST = timedelta(minutes=45)  # Terraform Cloud gives a task up after an hour, whatever it hears
_WHERE = "[runtask]"


def make(table: RunTaskTable, checks: Mapping[str, CheckTable]) -> RunTask:
    """Make it, or raise PolicyError for a check that is not of stage plan, a wait too long, or no pattern of a type."""
    planned = [name for name, check in checks.items() if Stage.PLAN in _stages(check)]
    for key, reader in (("plan", "terraform-plan"), ("checkov", "checkov")):
        name = getattr(table, key)
        if name is None:
            continue
        if name not in planned:
            raise PolicyError(f"{_WHERE}: {key} names no check of stage plan: {name}", known(name, planned))
        if reader not in {checks[name].reader, *checks[name].reports.values()}:
            raise PolicyError(
                f"{_WHERE}: {key} names {name}, which no reader {reader} reads", f"name one with the reader {reader}"
            )
    wait = duration(table.wait)
    if wait > LONGEST:
        raise PolicyError(
            f"{_WHERE}: wait is {table.wait}, and Terraform Cloud waits an hour in all", "give 45m at most"
        )
    for pattern in table.stateful:
        if not re.fullmatch(r"[a-z0-9_*?]+", pattern) or not pattern.strip("*?"):
            raise PolicyError(f"{_WHERE}: {pattern!r} is no pattern of a resource type", 'write "google_sql_*"')
    return RunTask(wait=wait, plan=table.plan, checkov=table.checkov, stateful=tuple(table.stateful))


def _stages(check: CheckTable) -> list[Stage]:
    return check.stage if isinstance(check.stage, list) else [check.stage]
