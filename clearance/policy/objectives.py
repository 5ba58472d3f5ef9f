"""A check's objectives: those of its own table, and the levels of the SLO file that it names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from clearance import slo
from clearance.model import Objective, PolicyError
from clearance.policy.shape import CheckTable, ObjectiveTable


def make(name: str, table: CheckTable, contents: Mapping[str, bytes]) -> tuple[Objective, ...]:
    """Make them. `contents` are the bytes of the files that the policy names, by path.

    Raises PolicyError for a budget that nothing can meet, for two of one measure, and for what is wrong in the SLO
    file.
    """
    if table.slo is None and not table.hold_levels:
        raise PolicyError(f"[check.{name}] has hold_levels and no slo", "leave it out, or name the SLO file")
    wanted = [*(_stated(f"[check.{name}]", each) for each in table.objectives), *_levels(table, contents)]
    seen = set()
    for each in wanted:
        if (each.measure, each.each) in seen:
            raise PolicyError(
                f"[check.{name}] has two objectives for {each.measure}",
                f"keep the one in {table.slo}" if table.slo else "keep one of them",
            )
        seen.add((each.measure, each.each))
    return tuple(wanted)


def _stated(where: str, table: ObjectiveTable) -> Objective:
    low, high = table.at_least, table.at_most
    if any(bound is not None and math.isnan(bound) for bound in (low, high)):
        raise PolicyError(f"{where}: the objective for {table.measure} is nan", "no number can meet it")
    if low is None and high is None:
        raise PolicyError(f"{where}: the objective for {table.measure} has no bound", "give at_most or at_least")
    if low is not None and high is not None and low > high:
        raise PolicyError(
            f"{where}: the objective for {table.measure} asks for at least {low} and at most {high}",
            "no number can meet it",
        )
    return Objective(measure=table.measure, at_most=high, at_least=low, min_samples=table.min_samples, each=table.each)


def _levels(table: CheckTable, contents: Mapping[str, bytes]) -> Iterator[Objective]:
    """Hold each level as a whole and, where a route has samples enough, route by route."""
    levels = slo.parse(contents[table.slo], table.slo).levels if table.slo is not None else ()
    for level in levels if table.hold_levels else ():
        for each in (False, True):
            yield Objective(measure=level.name, at_most=level.budget, min_samples=level.min_samples, each=each)
