"""The nouns of an SLO file, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """Which requests are bad, out of which: those without a good answer, or those not answered well in time.

    `op` and `route` narrow the total ("GET /v1/flights": method and template); None means every request. With
    `at_most_ms`, a request is bad that had no good answer within so many milliseconds; else, that had none at all.
    """

    op: Literal["read", "write"] | None = None
    route: str | None = None
    at_most_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One objective: at least `target` of the requests (0 < target < 1) are good. `name` is its measure's name.

    `min_samples` is how many requests without a bad one it takes to believe it at 95 %, two-sided.
    """

    name: str
    indicator: Indicator
    target: float
    min_samples: int

    @property
    def budget(self) -> float:
        """The share of requests that may be bad."""
        return 1 - self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """What a run must be like to prove anything; the file's annotations may change it."""

    min_achieved: float = 0.98  # share of the intended arrivals that were started
    max_cpu: float = 0.8  # share of one core that a generator's process may use
    max_lag_ms: float = 10.0  # p99 of the generator's own delay
    max_steal: float = 0.1
    max_unjoined: float = 0.01  # share of the requests without a line of the service's own
    max_clock_step_s: float = 0.1
    max_slowdown: float = 0.1  # head against base, as a share of base ...
    min_slowdown_ms: float = 2.0  # ... and in milliseconds: only more than both is a regression


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevels:
    """What an SLO file says."""

    service: str
    levels: tuple[Level, ...]
    validity: Validity
