"""The schedules by which `python -m load` runs: the one place that says how much load, for how long.

What is good enough stands in `slo.yaml`, and how many requests it takes to tell follows from it: 99.9 % takes 3,688
good ones where requests are independent of each other, and some times as many where they come to grief together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Arrivals as `clearance.load` writes them, seconds of all and of the warm-up in them, users who take them up."""

    arrivals: str
    seconds: int
    warm_up: int
    users: int


# Environments start one after another while the rate rises, as they would on any morning: all at once, on two cores,
# would be a test of how fast Python starts.
# 70 arrivals make some 100 requests a second. More would tell more, and would need more than the 20 environments
# that there are as soon as the machine stands still for an eighth of a second: then requests are throttled, as on AWS.
GATE: Final = Plan(arrivals="ramp:2-70:15s", seconds=65, warm_up=15, users=200)
FAULTS: Final = Plan(arrivals="ramp:2-50:10s", seconds=60, warm_up=10, users=300)
FAULTS_AT: Final = ("postgres-restart@20s", "lambda-crash@32s", "slow-query@44s")

# Short runs in turn. Sixteen pairs find a slowdown of 30 % where runs of one commit scatter by 10 %, eight where they
# scatter by half of that: docs/explanation/load-statistics.md, "Base against head".
WARMING: Final = Plan(arrivals="ramp:2-60:5s", seconds=5, warm_up=5, users=100)
COMPARED: Final = Plan(arrivals="ramp:20-60:1s", seconds=5, warm_up=1, users=100)
PAIRS: Final = 16

# What `python -m stack up` is given. Reserved concurrency is 20 as in infra/; where two trees are compared, as many as
# there are users: a machine that stands still then makes requests slow on either side, and throttles none.
LOCAL: Final = ("--flights", "all", "--concurrency", "20")
SIDE_BY_SIDE: Final = ("--flights", "all", "--concurrency", str(COMPARED.users))
