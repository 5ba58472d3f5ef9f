"""A load run in words and rows: its answer in one sentence, each plot's text alternative, and the short tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from clearance.model import Decision, Json, Ruling
from clearance.render import words
from clearance.render.load_facts import (
    DASH,
    Heatmap,
    Level,
    Percentiles,
    Timeline,
    amount,
    milliseconds,
    percent,
    rate,
    record,
    records,
    seconds,
    text,
    whole,
)

Rows = list[tuple[str, str]]
_LISTED = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0)
_SPANS = 12


def sentence(ruling: Ruling, levels: Sequence[Level], details: Json) -> str:
    """Return what was found, by how large a run, and the first reason where it isn't a pass."""
    totals = record(details.get("totals"))
    said = {Decision.FAIL: "missed", Decision.UNKNOWN: "not decided", Decision.PASS: "met"}
    numbers = Counter(level.decision for level in levels)
    found = ", ".join(f"{numbers[decision]} {word}" for decision, word in said.items() if numbers[decision])
    run = f"{whole(amount(totals.get('requests')))} requests in {seconds(amount(details.get('seconds')))}"
    head = f"{words.count(len(levels), 'objective')}: {found}" if levels else "No objective was measured"
    why = "" if ruling.decision is Decision.PASS or not ruling.reasons else f" {words.clean(ruling.reasons[0], 400)}"
    return f"{head}, by {run}.{why}"


def next_step(level: Level) -> str:
    if level.decision is Decision.UNKNOWN and level.more_seconds:
        return f"run about {whole(max(1.0, level.more_seconds))} seconds longer"
    return ""


def about(details: Json) -> Rows:
    """Return what was run, where, and how it ended."""
    base = text(details.get("base_url")) or DASH
    told: Rows = [
        ("Target", base),
        ("Schedule", text(details.get("schedule")) or "none: each user waited for its answer (closed arrivals)"),
        ("Took", seconds(amount(details.get("seconds")))),
        ("Warm-up", seconds(amount(details.get("warmup_s")))),
        ("Ended by", text(details.get("stopped")) or DASH),
        ("Started", text(details.get("started_at")) or DASH),
        ("Generator", text(details.get("tool")) or DASH),
    ]
    return told + pairs(details.get("environment"), lambda value: text(value, 300))


def pairs(value: object, show: Callable[[object], str]) -> Rows:
    """Return an object's members as rows of text, none of them empty."""
    shown = ((text(name, 80), show(one)) for name, one in list(record(value).items())[:40])
    return [(name, said) for name, said in shown if name and said]


def honesty(details: Json) -> Rows:
    """Return how far the run can be believed: the schedule kept, the generator's own health, the joins."""
    told, totals = record(details.get("honesty")), record(details.get("totals"))
    intended, started = amount(totals.get("intended")), amount(totals.get("started"))
    kept = DASH if intended is None or started is None else f"{whole(started)} of {whole(intended)}"
    if intended and started is not None:
        kept += f" ({percent(started / intended)})"
    joined_by = text(totals.get("joined_by"), 40)
    late = " / ".join(milliseconds(amount(told.get(name))) for name in ("late_p50_ms", "late_p99_ms", "late_max_ms"))
    cpu, steal = (
        f"{percent(amount(told.get(f'{name}_p95')))} / {percent(amount(told.get(f'{name}_max')))}"
        for name in ("cpu", "steal")
    )
    return [
        ("Intended arrivals that were started", kept),
        ("Late starts, p50 / p99 / longest", late),
        ("Late starts that were the generator's own doing, p99", milliseconds(amount(told.get("own_late_p99_ms")))),
        ("Generator's share of one core, p95 / highest", cpu),
        ("Generator's own scheduling delay, p99", milliseconds(amount(told.get("lag_p99_ms")))),
        ("Taken by the hypervisor, p95 / highest", steal),
        ("Wall clock set by", seconds(amount(told.get("clock_step_s")))),
        ("Requests without the service's own line", _unjoined(totals)),
        ("The service's time comes from", joined_by or "nowhere: nobody asked"),
    ]


def _unjoined(totals: Json) -> str:
    unjoined, requests = amount(totals.get("unjoined")), amount(totals.get("requests"))
    if unjoined is None:
        return DASH
    return f"{whole(unjoined)} ({percent(unjoined / requests)})" if requests else whole(unjoined)


def apart(details: Json) -> list[list[str]]:
    """Return what is counted apart: cold starts and the warm-up, as name, number, p50, p99, longest."""
    cold, warm = record(details.get("cold")), record(details.get("warmup"))
    rows = [("Cold starts", cold.get("count"), cold), ("Warm-up", warm.get("requests"), warm)]
    return [
        [name, whole(amount(number)), *(milliseconds(amount(one.get(column))) for column in ("p50", "p99", "max"))]
        for name, number, one in rows
        if amount(number)
    ]


def faults(details: Json) -> list[tuple[str, str, str, str]]:
    """Return what was broken on purpose: name, when, for how long, and how long until all was well again."""
    return [
        (
            text(one.get("name"), 80) or "(no name)",
            seconds(amount(one.get("at"))),
            seconds(amount(one.get("seconds"))),
            seconds(amount(one.get("recovery_s"))),
        )
        for one in records(details.get("faults"))
    ]


def workers(details: Json) -> list[tuple[str, str, str]]:
    return [
        (text(one.get("name"), 80) or "(no name)", whole(amount(one.get("requests"))), _finished(one.get("finished")))
        for one in records(details.get("workers"))
    ]


def _finished(value: object) -> str:
    return {True: "lived to the end", False: "died"}.get(value, DASH) if isinstance(value, bool) else DASH


def listed(found: Percentiles) -> tuple[list[str], list[list[str]]]:
    """Return the percentiles that a table shows, by name, and a row of each series: its name, then its values."""
    kept = [index for index, at in enumerate(found.at) if at in _LISTED]
    names = ["longest" if found.at[index] == 100 else f"p{found.at[index]:g}" for index in kept]
    return names, [[curve.name, *(milliseconds(curve.ms[index]) for index in kept)] for curve in found.curves]


def of_percentiles(found: Percentiles) -> str:
    names, series = listed(found)
    told = (f"{name}: {', '.join(map(' '.join, zip(names, values, strict=True)))}" for name, *values in series)
    return f"Latency by percentile. {'; '.join(told)}."


def of_timeline(found: Timeline) -> str:
    slow = [(ms, at) for ms, at in zip(found.p99, found.at, strict=True) if ms is not None]
    worst = f"p99 from {milliseconds(min(slow)[0])} to {milliseconds(max(slow)[0])}, " if slow else ""
    when = f"longest at {seconds(max(slow)[1])}; " if slow else ""
    errors = words.count(round(sum(_known(found.errors)) * found.step), "errors")
    return f"Latency over {seconds(found.at[-1] + found.step)}: {worst}{when}{errors}."


def of_rates(found: Timeline) -> str:
    gaps = [(a or 0) - i for i, a in zip(found.intended, found.achieved, strict=True) if i is not None]
    said = f"the widest gap {rate(max(map(abs, gaps)))}" if gaps else "no schedule to compare with"
    return f"Requests a second, intended against achieved: {said}."


def of_heatmap(found: Heatmap) -> str:
    sums = [sum(column) for column in zip(*found.counts, strict=True)]
    most, last = max(range(len(sums)), key=sums.__getitem__), max(i for i, n in enumerate(sums) if n)
    bins = [f"{milliseconds(a)} to {milliseconds(b)}" for a, b in zip(found.edges, found.edges[1:], strict=False)]
    return (
        f"Requests by latency and time, {whole(sum(sums))} in all: most of them within {bins[most]}, "
        f"the slowest within {bins[last]}."
    )


def spans(found: Timeline) -> Iterator[list[str]]:
    """Sum the timeline up into at most a dozen rows: span, rates, median p50, highest p99, errors."""
    size = -(-len(found.at) // _SPANS)
    for start in range(0, len(found.at), size):
        part = slice(start, start + size)
        last = found.at[part][-1] + found.step
        yield [
            f"{seconds(found.at[start])} to {seconds(last)}",
            rate(_mean(found.intended[part])),
            rate(_mean(found.achieved[part])),
            milliseconds(_mean(found.p50[part])),
            milliseconds(max(_known(found.p99[part]), default=None)),
            whole(sum(_known(found.errors[part])) * found.step),
        ]


def _known(values: Iterable[float | None]) -> list[float]:
    return [one for one in values if one is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None


def raised(details: Json) -> Rows:
    """Return the exceptions of tasks outside a request, and how often."""
    return pairs(details.get("raised"), lambda value: whole(amount(value)))


def routes(details: Json) -> list[list[str]]:
    """Return a row for each route, in the order given: the worst first."""
    return [
        [
            f"{text(one.get('method'), 12)} {text(one.get('name'), 120)}".strip() or "(no name)",
            text(one.get("op"), 12),
            whole(amount(one.get("requests"))),
            whole(amount(one.get("bad"))),
            *(milliseconds(amount(one.get(name))) for name in ("p50", "p95", "p99", "max")),
        ]
        for one in records(details.get("routes"))
    ]


def outcome(one: Json) -> str:
    """Return "good, 200", or what became of a request without an answer."""
    status, said = amount(one.get("status")), one.get("outcome")
    word = text(said, 30).lower() or (whole(amount(said)) if amount(said) is not None else "")
    return ", ".join(part for part in (word, f"{status:.0f}" if status else "") if part) or DASH
