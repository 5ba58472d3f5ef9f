"""Locust's own statistics, `locust --json` or `--json-file`: how many requests, how many failed, and roughly how long.

They tell less than a recording does, which the `load` reader takes: response times are rounded to two digits and count
from the moment of sending, by users who wait for their answers, so that a stall holds back the requests that would have
shown it. Source: Locust 2.47, `stats.py` (`StatsEntryDict`, `bucket_response_time`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from clearance.model import Finding, Materials, Measure, Reading, Severity
from clearance.readers.decoding import Count, decode
from clearance.readers.identity import identified
from clearance.readers.load.measures import has_end
from clearance.readers.load.plain import plain
from clearance.statistics import clopper_pearson, ratio_interval

_PERCENTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_SHOWN: Final = 200
_ROUNDED: Final = ((100, 0.5), (1_000, 5.0), (10_000, 50.0), (math.inf, 500.0))  # below so many ms, by so many

Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]  # Locust 2.20 writes "140.0", 2.47 "140"
Moment = Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)]  # the last second of the year 9999


class _Entry(msgspec.Struct, frozen=True, gc=False):
    name: str
    method: str | None
    num_requests: Count
    num_failures: Count
    response_times: dict[Milliseconds, Count]
    num_none_requests: Count = 0
    max_response_time: Annotated[float, msgspec.Meta(ge=0, le=1e12)] = 0.0
    last_request_timestamp: Moment | None = None
    num_reqs_per_sec: dict[Count, Count] = {}
    num_fail_per_sec: dict[Count, Count] = {}

    @property
    def label(self) -> str:
        """Method and name, on one line."""
        return plain(f"{self.method or ''} {self.name}".strip())


def read(report: bytes, materials: Materials) -> Reading:
    """Read Locust's statistics: reach is the number of requests.

    Findings: `failed-requests` (high) for each entry that has some, resource is `METHOD NAME`. Measures: `failed`, the
    share of requests that failed, from blocks of a second; `closed p50`, `closed p95` and `closed p99` in ms, which say
    by their name that a stall of the target hides in them: their intervals hold the rounding, and take the samples for
    independent of each other. Problems: no request at all, counts that contradict each other, and an SLO file. Raises
    UnreadableError for what is no such list.
    """
    entries = decode(report, list[_Entry], "Locust's list of statistics (--json)")
    moments = [each.last_request_timestamp for each in entries if each.last_request_timestamp]
    return Reading(
        reach=sum(each.num_requests for each in entries),
        unit="requests",
        findings=identified("locust", ((finding, "") for finding in _failures(entries))),
        measures=(*_failed(entries), *_percentiles(entries)),
        problems=(*_problems(entries), *_unheld(materials)),
        tool="locust",
        made_at=datetime.fromtimestamp(max(moments), UTC) if moments else None,
    )


def _failures(entries: list[_Entry]) -> Iterator[Finding]:
    failing = sorted((each for each in entries if each.num_failures), key=lambda each: -each.num_failures)
    for each in failing[:_SHOWN]:
        every = each.num_failures >= each.num_requests
        yield Finding(
            rule="failed-requests",
            message=f"{each.num_failures:,} of {each.num_requests:,} requests failed"
            + (": all of them; see that the target is up, and answers what the users expect" if every else ""),
            severity=Severity.HIGH,
            resource=each.label,
        )
    if failing[_SHOWN:]:
        yield Finding(
            rule="failed-requests",
            message=f"{sum(each.num_failures for each in failing[_SHOWN:]):,} more requests failed",
            severity=Severity.HIGH,
            resource=f"{len(failing) - _SHOWN:,} further names",
        )


def _failed(entries: list[_Entry]) -> Iterator[Measure]:
    asked, failed = Counter[int](), Counter[int]()
    for each in entries:
        asked.update(each.num_reqs_per_sec)
        failed.update(each.num_fail_per_sec)
    seconds = sorted(asked)
    if not asked.total() or any(failed[second] > asked[second] for second in failed):
        return
    share = ratio_interval([failed[second] for second in seconds], [asked[second] for second in seconds])
    yield Measure(
        name="failed",
        value=share.value,
        low=share.low,
        high=share.high,
        samples=share.samples,
        seconds=float(len(seconds)),
    )


def _percentiles(entries: list[_Entry]) -> Iterator[Measure]:
    """Order statistics of the rounded times; one whose interval has no end, for want of samples, is left out."""
    times = Counter[float]()
    for each in entries:
        times.update(each.response_times)
    count = times.total()
    for name, share in _PERCENTILES if count else ():
        low, high = clopper_pearson(share * count, count)
        if not has_end(share, count):
            continue
        value, least, most = (_at(times, math.ceil(count * p - 1e-9)) for p in (share, low, high + 1 / count))
        yield Measure(
            name=f"closed {name}",
            value=value,
            low=max(0.0, least - _rounding(least)),
            high=most + _rounding(most),
            unit="ms",
            samples=count,
        )


def _at(times: Counter[float], place: int) -> float:
    """The rounded time of the request at a place, counted from 1, in the order of their times."""
    passed = 0
    for time in sorted(times):
        passed += times[time]
        if passed >= place:
            return time
    return max(times)


def _rounding(time: float) -> float:
    """How far from the truth a rounded time may lie; one that ends a range may have been rounded from above it."""
    return next(by for below, by in _ROUNDED if time < below)


def _unheld(materials: Materials) -> Iterator[str]:
    if materials.slo is not None:
        yield (
            "an SLO file cannot be held against Locust's own statistics, which are rounded and of closed arrivals: "
            "`import clearance.load` in the locustfile, run with --recording, and give the check the reader load"
        )


def _problems(entries: list[_Entry]) -> Iterator[str]:
    requests = sum(each.num_requests for each in entries)
    if not requests:
        yield "not one request was made: see that the users have tasks, and in Locust's log that none of them raised"
    for each in entries[:_SHOWN]:
        timed = sum(each.response_times.values())
        if timed + each.num_none_requests != each.num_requests:
            yield f"{each.label}: {each.num_requests:,} requests, and times of {timed:,}; run again"
        if each.num_failures > each.num_requests:
            yield f"{each.label}: {each.num_failures:,} failures of {each.num_requests:,} requests; run again"
        longest = max((time for time, number in each.response_times.items() if number), default=0)
        if abs(longest - each.max_response_time) > _rounding(longest) + 0.5:
            yield (
                f"{each.label}: the longest time is {each.max_response_time:,.1f} ms, and {longest:,.1f} ms when "
                "rounded, which is not how Locust rounds; take out what replaces its `bucket_response_time`"
            )
