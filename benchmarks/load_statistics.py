"""How often the intervals of a load run hold the truth, and how often a look too many would have passed it wrongly.

Simulated, with seeds: the same tables every time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks import load_models as models
from benchmarks.load_pairs import JUDGED, answer
from benchmarks.load_runs import Pairs, kept
from benchmarks.measure import Figure
from clearance.readers.load_comparison import LEVEL
from clearance.statistics import Interval, Sequence, clopper_pearson, compare, quantile_interval, ratio_interval

RUNS, SECONDS, SEED = 1000, 60, 20261124
PEEKING_RUNS, LIMIT, FIRST, EVERY = 500, 300, 60, 10
PAIRS, JOBS = (8, 16, 30), 2000
BUDGET = 0.01

Seconds = tuple[Any, Any]


def measure() -> Iterator[Figure]:
    """The coverage of shares and percentiles, the false passes of looking early, the false alarms of comparing."""
    for part in (_shares, _percentiles, _peeking, _regressions, _power):
        yield from list(part())  # each prints its table first


def _cases() -> Iterator[tuple[str, Seconds, float]]:
    """Each model's name, the seconds of its runs, and the share that is true."""
    for share in (0.01, 0.001):
        dice = np.random.default_rng(SEED)
        bad = models.independent(dice, RUNS, SECONDS, share)
        yield f"independent, {share:.1%} bad", models.by_second(bad), share
    for share, memory in ((0.01, 0.1), (0.05, 0.5), (0.01, 0.5), (0.01, 2.0)):
        bad = models.slow_spells(np.random.default_rng(SEED), RUNS, SECONDS, share, memory)
        yield f"AR(1) log latency, memory {memory:g} s, {share:.0%} bad", models.by_second(bad), share
    for every, seconds in ((5, SECONDS), (10, SECONDS), (20, SECONDS), (60, SECONDS), (60, 5 * SECONDS)):
        bad = models.freezes(np.random.default_rng(SEED), RUNS, seconds, every)
        yield (
            f"freezes of 0.2-2 s, every {every} s, run of {seconds} s",
            models.by_second(bad),
            models.freezes_share(every),
        )
    bad, total, share = models.bursts(np.random.default_rng(SEED), RUNS, SECONDS)
    yield "bursts of 2 s, four times the arrivals, 5 % bad", (bad, total), share


def _shares() -> Iterator[Figure]:
    print(f"  shares: {RUNS} runs of {SECONDS} s at {models.RATE} requests/s each, intervals of 95 %, seed {SEED}")
    print("  | requests | truly bad | runs without a bad one | covered, as if independent | covered | truth above |")
    print("  |---|---|---|---|---|---|")
    for name, (bad, total), true in _cases():
        plain = [clopper_pearson(float(b.sum()), float(t.sum())) for b, t in zip(bad, total, strict=True)]
        found = [ratio_interval(b, t) for b, t in zip(bad, total, strict=True)]
        naive = _share(low <= true <= high for low, high in plain)
        held = _share(one.low <= true <= one.high for one in found)
        above = _share(one.high < true for one in found)
        none = _share(not b.any() for b in bad)
        print(f"  | {name} | {true:.2%} | {none:.1%} | {naive:.1%} | {held:.1%} | {above:.1%} |", flush=True)
        yield Figure(name=name, value=100 * held, unit="%")


def _percentiles() -> Iterator[Figure]:
    runs = RUNS // 2
    print(f"  percentiles: {runs} runs of {SECONDS} s, log-normal latencies with a memory, intervals of 95 %")
    print("  | percentile | memory | covered, as if independent | covered |")
    print("  |---|---|---|---|")
    for memory in (0.1, 0.5):
        rows = np.exp(models.log_latencies(np.random.default_rng(SEED), runs, SECONDS, memory))
        blocks = np.arange(rows.shape[1]) // models.RATE
        for p in (0.5, 0.95, 0.99):
            true = float(np.exp(NormalDist().inv_cdf(p)))
            plain = [_as_if_independent(row, p) for row in rows]
            naive = _share(low <= true <= high for low, high in plain)
            found = [quantile_interval(row, blocks, p) for row in rows]
            held = _share(one.low <= true <= one.high for one in found)
            print(f"  | p{100 * p:g} | {memory:g} s | {naive:.1%} | {held:.1%} |", flush=True)
            yield Figure(name=f"p{100 * p:g}, memory {memory:g} s", value=100 * held, unit="%")


def _as_if_independent(values: Any, p: float) -> tuple[float, float]:
    low, high = clopper_pearson(p * len(values), len(values))
    ordered = np.sort(values)
    return ordered[int(low * len(values))], ordered[min(len(values) - 1, int(high * len(values)))]


def _share(truths: Any) -> float:
    return float(np.mean(list(truths)))


def _peeking() -> Iterator[Figure]:
    """Runs whose true share is the budget itself or hardly more: whoever passes them is wrong."""
    share = BUDGET * 1.01
    print(f"  looking early: {PEEKING_RUNS} runs, {share:.2%} bad, budget {BUDGET:.0%}, until decided or {LIMIT} s")
    print(
        "  passed by a look every 10 s from 60 s on, each at 95 %; by the looks of the sequence; by one look at the end"
    )
    print("  | requests | peeking | sequence | one look |")
    print("  |---|---|---|---|")
    cases: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("independent", lambda: models.independent(np.random.default_rng(SEED), PEEKING_RUNS, LIMIT, share)),
        *(
            (f"AR(1) log latency, memory {memory:g} s", lambda memory=memory: _spells(share, memory))
            for memory in (0.1, 0.3, 1.0)
        ),
    )
    for name, make in cases:
        bad, total = models.by_second(make())
        naive = _share(_peeked(b, t) for b, t in zip(bad, total, strict=True))
        looked = _share(_looked(b, t) for b, t in zip(bad, total, strict=True))
        once = _share(ratio_interval(b, t).high <= BUDGET for b, t in zip(bad, total, strict=True))
        print(f"  | {name} | {naive:.1%} | {looked:.1%} | {once:.1%} |", flush=True)
        yield Figure(name=f"falsely passed by peeking, {name}", value=100 * naive, unit="%")
        yield Figure(name=f"falsely passed by the sequence, {name}", value=100 * looked, unit="%")


def _spells(share: float, memory: float) -> Any:
    return models.slow_spells(np.random.default_rng(SEED), PEEKING_RUNS, LIMIT, share, memory)


def _peeked(bad: Any, total: Any) -> bool:
    return _passes(ratio_interval(bad[:at], total[:at]) for at in range(FIRST, len(bad) + 1, EVERY))


def _looked(bad: Any, total: Any) -> bool:
    sequence = Sequence()
    looks = range(1, sequence.due(len(bad)) + 1)
    answers = (sequence.decide(bad[: sequence.at(k)], total[: sequence.at(k)], BUDGET, k) for k in looks)
    return next((answer for answer in answers if answer != "undecided"), "") == "pass"


def _passes(intervals: Iterator[Interval]) -> bool:
    """Whether the first interval that decides does so for a pass."""
    deciding = (one for one in intervals if one.high <= BUDGET or one.low > BUDGET)
    return any(one.high <= BUDGET for one in itertools.islice(deciding, 1))


def _regressions() -> Iterator[Figure]:
    """Jobs drawn from recorded runs of a program against itself: its sides change places at random."""
    recorded = kept()["same"]
    print(f"  comparing: {JOBS} jobs a row, drawn from {len(recorded)} recorded ones; alarms: at most (95 %)")
    print("  | pairs | false alarms | at most | undecided | 30 % slower: found |")
    print("  |---|---|---|---|---|")
    for pairs in PAIRS:
        dice = np.random.default_rng(SEED)
        same = [answer(_drawn(dice, recorded, pairs)) for _ in range(JOBS)]
        slower = [answer(_drawn(dice, recorded, pairs, times=1.3)) for _ in range(JOBS // 4)]
        alarms = same.count("slower")
        _, high = clopper_pearson(alarms, JOBS)
        found = slower.count("slower") / len(slower)
        undecided = same.count("undecided") / JOBS
        print(f"  | {pairs} | {alarms / JOBS:.2%} | {high:.2%} | {undecided:.1%} | {found:.1%} |", flush=True)
        goal = {"at_most": 2.0} if pairs == PAIRS[-1] else {}
        yield Figure(name=f"false alarms of {pairs} pairs, upper bound", value=100 * high, unit="%", **goal)
        yield Figure(name=f"30 % slower found with {pairs} pairs", value=100 * found, unit="%")


def _power() -> Iterator[Figure]:
    """How many pairs it takes where the numbers of runs scatter so much, log-normally; head is 30 % slower."""
    jobs = JOBS // 4
    print(f"  30 % slower, found: {jobs} jobs each, floors of a tenth and 1 ms of 10, by how much runs scatter")
    print("  | scatter | " + " | ".join(f"{pairs} pairs" for pairs in PAIRS) + " |")
    print("  " + "|---" * (len(PAIRS) + 1) + "|")
    for scatter in (0.05, 0.1, 0.15, 0.2, 0.3):
        dice = np.random.default_rng(SEED)
        found = [_share(_is_found(dice, pairs, scatter) for _ in range(jobs)) for pairs in PAIRS]
        print(f"  | {scatter:.0%} | " + " | ".join(f"{share:.1%}" for share in found) + " |", flush=True)
        yield Figure(name=f"30 % found, {PAIRS[-1]} pairs, scatter {scatter:.0%}", value=100 * found[-1], unit="%")


def _is_found(dice: np.random.Generator, pairs: int, scatter: float) -> bool:
    base, head = np.exp(dice.normal(0, scatter, (2, pairs))) * [[10.0], [13.0]]
    return compare(base, head, max_slowdown=0.1, min_slowdown=1, level=LEVEL).answer == "slower"


def _drawn(dice: np.random.Generator, recorded: list[Pairs], pairs: int, *, times: float = 1.0) -> Pairs:
    """A job of so many pairs, by twos (base head head base) from one recorded job; head `times` as slow."""
    one = recorded[dice.integers(len(recorded))]
    fours = dice.integers(len(one[JUDGED[0]]) // 2, size=pairs // 2)
    rows = (2 * fours[:, None] + [0, 1]).ravel()
    turned = np.repeat(dice.random(pairs // 2) < 0.5, 2)[:, None]
    drawn = {name: np.where(turned, one[name][rows][:, ::-1], one[name][rows]) for name in JUDGED}
    return {name: values * [1.0, times] for name, values in drawn.items()}
