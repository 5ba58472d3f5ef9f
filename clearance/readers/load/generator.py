"""Whether the generator was up to its load: its processor, its own delay, the machine below it, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from clearance.readers.load.run import NANO, Column, Floats, Run
from clearance.slo import Validity

_HEALTH: Final = (  # a column of the pulse, which percentile, the limit's name, words for more than that
    ("cpu", 0.95, "max_cpu", "used {:.0%} of its core at p95 (at most {:.0%}): use more workers, or ask for less"),
    ("steal", 0.95, "max_steal", "lost {:.0%} of its machine to others at p95 (at most {:.0%}): take a calmer one"),
)


def own_lateness_ms(run: Run) -> Floats:
    """How late the generator began after the warm-up, where nothing but itself was in the way, in milliseconds."""
    arrivals = run.recording.arrivals
    mine = (arrivals["waited"] != 0) & (arrivals["started"] >= 0)
    mine &= arrivals["intended"] >= run.header.warmup_s * NANO
    return np.asarray((arrivals["started"][mine] - arrivals["intended"][mine]) / 1e6, dtype=np.float64)


def overtaxed(run: Run, validity: Validity) -> Iterator[str]:
    """Say where the generator, or the machine below it, was not up to the load."""
    pulse, header = run.recording.pulse, run.header
    if not abs(header.clock_step_s) <= validity.max_clock_step_s:
        yield (
            f"the machine's clock was set by {header.clock_step_s:+,.3f} s during the run (at most "
            f"{validity.max_clock_step_s:g} s): what is joined by that clock is wrong; let it settle and run again"
        )
    silent = len(header.workers) - len(np.unique(pulse["worker"]))
    if silent > 0:
        yield f"{silent:,} of {len(header.workers):,} workers left no sign of their health: run again"
    if not (pulse["at"] >= header.warmup_s * NANO).any():
        yield "no worker gave a sign of its health after the warm-up, so nobody knows if they kept up: run again"
        return
    for column, share, limit, words in _HEALTH:
        worst, most = worst_beats(run, column, share), getattr(validity, limit)
        if worst is None:
            yield f"a worker of the generator did not state its {column}, so nobody knows if it kept up: run again"
        elif worst > most:
            yield f"latencies are partly the generator's own, of which a worker {words.format(worst, most)}"

    delay = delay_ms(run)
    if delay is None:
        yield "a worker of the generator did not state its lag_ms, so nobody knows if it kept up: run again"
    elif delay > validity.max_lag_ms:
        yield (
            f"latencies are partly the generator's own, of which a worker woke up {delay:,.1f} ms late at p99 (at most "
            f"{validity.max_lag_ms:g} ms): give it a core of its own"
        )


def delay_ms(run: Run) -> float | None:
    """The p99 of the worst worker's own delay after the warm-up, from its beats; None where one cannot be.

    Who comes at a moment of a stall of `lag` ms waits for what is left of it, so all stalls together delay a share
    sum(max(lag - d, 0)) / time of all moments by more than d; p99 is the d at which that share is a hundredth.
    """
    pulse, warmup = run.recording.pulse, run.header.warmup_s * NANO
    found = []
    for worker in np.unique(pulse["worker"]):
        mine = (pulse["worker"] == worker) & (pulse["at"] >= warmup)
        lags = np.sort(pulse["lag_ms"][mine].astype(np.float64))[::-1]
        if len(lags):
            hundredth = 0.01 * float(pulse["at"][mine].max() - warmup) / 1e6
            found.append(float(np.max((np.cumsum(lags) - hundredth) / np.arange(1, len(lags) + 1))))
    return max(0.0, *found) if found and _possible(pulse["lag_ms"]) else None


def worst_beats(run: Run, column: str, share: float) -> float | None:
    """The worst worker's exact percentile of beats after the warm-up; None where one cannot be, or none is there."""
    pulse = run.recording.pulse
    late = pulse["at"] >= run.header.warmup_s * NANO
    each = (pulse[column][late & (pulse["worker"] == worker)] for worker in np.unique(pulse["worker"]))
    values = [float(np.quantile(beats, share, method="inverted_cdf")) for beats in each if len(beats)]
    return max(values) if values and _possible(pulse[column][late]) else None


def _possible(values: Column) -> bool:
    return bool((np.isfinite(values) & (values >= 0)).all())
