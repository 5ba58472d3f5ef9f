"""What keeps a run from proving anything: each a sentence with its arithmetic and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from clearance.readers.load.generator import overtaxed, own_lateness_ms
from clearance.readers.load.join import Split
from clearance.readers.load.measures import MOST_ROUTES, Held, last_look
from clearance.readers.load.plain import plain
from clearance.readers.load.run import NANO, Run
from clearance.recording import Outcome
from clearance.slo import Validity

_ENDED: Final = ("time", "decided", "limit")
_JITTER_NS: Final = 1_000_000
_SLACK_S: Final = 15.0  # for the further requests of tasks under way
_MOST: Final = 10


def problems(run: Run, levels: tuple[Held, ...], split: Split, validity: Validity) -> tuple[str, ...]:
    """All that is wrong with a run as evidence, the gravest first."""
    return (
        *_whole(run),
        *_rows(run, split),
        *_beyond(run),
        *_asked(run, levels),
        *_schedule(run, validity),
        *overtaxed(run, validity),
        *_joined(run, split, validity),
    )


def _whole(run: Run) -> Iterator[str]:
    header = run.header
    if header.stopped not in _ENDED:
        why = plain(header.stopped) or "nobody says why"
        yield f"the run was broken off after {header.seconds:,.1f} s: {why}; run it again"
    if header.stopped == "decided" and not 1 <= header.looked <= last_look(run):
        yield (
            f"the run ended as decided, by look {header.looked}, and its {header.seconds:,.1f} s have "
            f"{last_look(run)}: nobody knows on what; run it again"
        )
    yield from (f"the generator says: {plain(text)}" for text in header.problems[:_MOST])
    if header.problems[_MOST:]:
        yield f"the generator says {len(header.problems) - _MOST:,} things more"
    lost = [worker for worker in header.workers if not worker.finished]
    if lost:
        names = ", ".join(plain(worker.name) for worker in lost[:_MOST])
        yield (
            f"{len(lost):,} of {len(header.workers):,} workers did not live to the end ({names}): what they had not "
            "handed over is missing; find out what ended them and run again"
        )
    said = sum(worker.requests for worker in header.workers)
    if said != len(run):
        yield f"the workers made {said:,} requests and the recording holds {len(run):,}: samples were lost; run again"
    if not header.workers:
        yield "no worker is named in the recording, so nobody knows whether it is whole; run again"
    if header.raised:
        times = sum(header.raised.values())
        first = plain(max(header.raised, key=lambda text: header.raised[text]))
        yield f"{times:,} tasks ended in an exception outside of a request, most often {first!r}: put the users right"
    if not len(run):
        yield f"not one request was made in {header.seconds:,.1f} s: see that the users have tasks and that they start"


def _rows(run: Run, split: Split) -> Iterator[str]:
    requests, arrivals = run.recording.requests, run.recording.arrivals
    late = arrivals["started"][arrivals["started"] >= 0] - arrivals["intended"][arrivals["started"] >= 0]
    for count, words in (
        (int((requests["ended"] < requests["sent"]).sum()), "requests ended before they were sent"),
        (int((requests["sent"] < requests["intended"] - _JITTER_NS).sum()), "requests were sent before their moment"),
        (int((late < -_JITTER_NS).sum()), "arrivals started before their moment"),
        (split.ids_repeated, "requests carry an id that another one has, so no line of the service's can be theirs"),
        (split.odd, "durations that the service stated are below zero or without an end"),
    ):
        if count:
            yield f"{count:,} {words}: the recording contradicts itself; run again, and report it if it stays"


def _beyond(run: Run) -> Iterator[str]:
    took = f"the run's {run.header.seconds:,.1f} s: it did not end when it says"
    after = int((run.recording.arrivals["intended"] > run.header.seconds * NANO + _JITTER_NS).sum())
    if after:
        yield f"{after:,} arrivals were to start after {took}"
    late = int((run.recording.requests["sent"] > (run.header.seconds + _SLACK_S) * NANO).sum())
    if late:
        yield f"{late:,} requests were sent after {took}"


def _asked(run: Run, levels: tuple[Held, ...]) -> Iterator[str]:
    called = {route for route, rows in zip(run.routes, run.rows, strict=True) if len(rows)}
    for held in levels:
        route = held.level.indicator.route
        if len(run) and route is not None and route not in called:
            known = ", ".join(sorted(called)[:_MOST])
            yield (
                f"the level {held.level.name} is about {plain(route)}, which was never called ({known} were): "
                "let a user call it, or spell it as the users do"
            )
        elif len(run) and not held.total:
            yield (
                f"the level {held.level.name} counts not one of the {len(run):,} requests: they are of another "
                "operation, or were due in the warm-up"
            )
    if len(called) > MOST_ROUTES:
        yield (
            f"{len(called):,} routes were called and {MOST_ROUTES} are held one by one: give requests to one route one "
            "name (`name=` in Locust), without their parameters"
        )


def _schedule(run: Run, validity: Validity) -> Iterator[str]:
    header, arrivals = run.header, run.recording.arrivals
    if not header.schedule:
        yield (
            "closed arrivals hide stalls: users waited for answers, so a stall held back the very requests that would "
            "have shown it; give a schedule (`--arrivals constant:100`)"
        )
        return
    planned, started = header.intended, int((arrivals["started"] >= 0).sum())
    if planned != len(arrivals["intended"]):
        yield (
            f"the schedule held {planned:,} arrivals and the recording tells of {len(arrivals['intended']):,}: "
            "some were lost, or the run did not end when it says; run again"
        )
    if not planned:
        yield f"the schedule {plain(header.schedule)} asked for nothing in {header.seconds:,.1f} s"
    elif started < validity.min_achieved * planned:
        yield (
            f"{started:,} of {planned:,} intended arrivals were started ({started / planned:.1%}, at least "
            f"{validity.min_achieved:.1%}): ask for less, or give it more users, workers or machines"
        )
    if len(run) < started * validity.min_achieved:
        yield f"{started:,} arrivals made {len(run):,} requests: arrivals that ask for nothing prove nothing"
    own = own_lateness_ms(run)
    if len(own) and (p99 := float(np.quantile(own, 0.99, method="inverted_cdf"))) > validity.max_lag_ms:
        yield (
            f"the generator itself began late, by {p99:,.1f} ms at p99 (at most {validity.max_lag_ms:g} ms) where a "
            "user stood ready: give it a core of its own, or more workers"
        )


def _joined(run: Run, split: Split, validity: Validity) -> Iterator[str]:
    if not run.header.spans:
        return
    answered, lost = unjoined(run, split)
    if split.by != "spans":
        yield (
            f"the service's own lines were asked for ({plain(run.header.spans)}) and there is none: see that it logs "
            "the x-request-id and that the lines can be fetched"
        )
    elif lost > validity.max_unjoined * answered:
        yield (
            f"{lost:,} of {answered:,} answered requests have no line of the service's own ({lost / answered:.1%}, at "
            f"most {validity.max_unjoined:.1%}): some answers came from elsewhere, or lines were lost"
        )
    if split.repeated > validity.max_unjoined * max(1, answered):
        yield f"{split.repeated:,} of the service's own lines carry an id that another has: let each be logged once"


def unjoined(run: Run, split: Split) -> tuple[int, int]:
    """How many requests were answered by the service itself, rightly or not, and how many of them were not joined."""
    answered = run.recording.requests["outcome"] <= Outcome.WRONG
    return int(answered.sum()), int((answered & ~split.joined).sum())
