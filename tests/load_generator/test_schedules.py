"""What schedules and their shares promise, whatever their numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.load.lanes import CIRCLE, Lanes, divide
from clearance.load.schedules import ScheduleError, parse, parse_seconds

RATES = st.integers(1, 500)
SPANS = st.integers(1, 20)
PLANNED = st.one_of(
    st.builds("constant:{}".format, RATES),
    st.builds("ramp:{}-{}:{}s".format, RATES, RATES, SPANS),
    st.builds("steps:{},{},{}:{}s".format, RATES, RATES, RATES, SPANS),
    st.builds("spike:{}-{}:{}s@{}s".format, RATES, RATES, SPANS, SPANS),
)
ANY = st.one_of(PLANNED, st.builds("poisson:{}".format, RATES))


def starts(text, count):
    """The first starts of a schedule."""
    blocks = itertools.islice(parse(text).blocks(), -(-count // 1024))
    return np.concatenate(list(blocks))[:count]


@given(ANY)
def test_starts_ascend(text):
    """Starts never go back in time, and the first is not before the origin."""
    first = starts(text, 3000)
    assert first[0] >= 0
    assert bool((np.diff(first) >= 0).all())


@given(PLANNED, st.floats(0.01, 60))
def test_counts_follow_the_rate(text, seconds):
    """Before any moment there are as many starts as the integral of the rate says, to within one."""
    schedule = parse(text)
    assert schedule.count(seconds) == pytest.approx(schedule.expected(seconds), abs=1.001)


@given(RATES)
@settings(max_examples=30)
def test_poisson_counts(rate):
    """A Poisson schedule has its rate, within six standard deviations, and steps as varied as they are long."""
    schedule = parse(f"poisson:{rate}")
    seconds = 2000 / rate
    assert abs(schedule.count(seconds) - 2000) < 6 * math.sqrt(2000)
    steps = np.diff(starts(f"poisson:{rate}", 4000))
    assert steps.std() / steps.mean() == pytest.approx(1, abs=0.2)


@given(ANY)
def test_the_same_text_has_the_same_starts(text):
    """Every process makes the same starts of a text."""
    assert starts(text, 1500).tolist() == starts(text, 1500).tolist()


@pytest.mark.parametrize(
    ("text", "seconds", "counts"),
    [
        ("constant:120", None, {1: 120, 10: 1200}),
        ("ramp:20-200:30s", 30, {30: 3300, 31: 3500}),
        ("steps:50,100,150:20s", 60, {20: 1000, 40: 3000, 60: 6000}),
        ("spike:100-400:5s@20s", None, {20: 2000, 25: 4000, 26: 4100}),
        ("constant:0.5", None, {10: 5}),
        ("ramp:10-20:500ms", 0.5, {0.5: 8}),
    ],
)
def test_forms(text, seconds, counts):
    """Each form of a schedule means the rates and the end that it names."""
    schedule = parse(text)
    assert seconds == schedule.seconds
    assert counts == {end: schedule.count(end) for end in counts}


@pytest.mark.parametrize(
    "text",
    [
        *("", "constant", "constant:0", "constant:-1", "constant:nan", "constant:1e9", "constant:99999999", "burst:5"),
        *("steps:1,2", "steps:,1:2s", "ramp:0-5:3s", "ramp:1-2:0s", "spike:1-2:3s"),
    ],
)
def test_what_is_no_schedule(text):
    """A schedule that means nothing is refused with the forms that there are."""
    with pytest.raises(ScheduleError) as refused:
        parse(text)
    assert "spike:100-400:5s@20s" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("2m", 120), ("1h", 3600), ("7", 7), ("1.5s", 1.5)]
)
def test_spans_of_time(text, seconds):
    """Spans of time have the usual units, seconds without one."""
    assert seconds == parse_seconds(text)


@pytest.mark.parametrize("text", ["", "5d", "-1s", "1 s", "s"])
def test_what_is_no_span_of_time(text):
    """A span of time that means nothing is refused."""
    with pytest.raises(ScheduleError):
        parse_seconds(text)


WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.floats(0, 100), min_size=1, max_size=12).filter(
    lambda weights: sum(weights.values()) > 0.001
)


@given(WEIGHTS)
def test_the_circle_is_divided(weights):
    """Arcs of all weights that are not nothing make up the circle without gap or overlap."""
    arcs = sorted(divide(weights).values(), key=lambda arc: (arc.low, arc.high))
    assert [0, *(arc.high for arc in arcs)] == [*(arc.low for arc in arcs), CIRCLE]


@given(ANY, WEIGHTS)
@settings(max_examples=50, deadline=None)
def test_lanes_make_up_the_whole(text, weights):
    """All lanes together have each start once, in whatever processes they are, and each as many as its weight says."""
    schedule, arcs = parse(text), divide(weights)
    end = int(starts(text, 2000)[-1])
    dealt = {name: Lanes(schedule, {name: arc}, end).left() for name, arc in arcs.items()}
    whole = starts(text, 4000)
    whole = whole[whole < end]
    assert whole.tolist() == np.sort(np.concatenate(list(dealt.values()))).tolist()
    total = sum(weights[name] for name in arcs)
    assert all(abs(len(dealt[name]) - len(whole) * weights[name] / total) < 12 for name in arcs)


@given(ANY, st.lists(st.sampled_from(["a", "b", "back"]), max_size=200))
@settings(max_examples=50, deadline=None)
def test_nothing_is_lost_on_the_way(text, actions):
    """What is taken, given back and left is each start before the end, once."""
    end = int(starts(text, 300)[-1]) + 1
    lanes = Lanes(parse(text), divide({"a": 2, "b": 1}), end)
    taken: list[tuple[str, int]] = []
    for action in actions:
        if action == "back":
            if taken:
                lanes.give_back(*taken.pop())
        elif (start := lanes.take(action)) is not None:
            taken.append((action, start))
    whole = starts(text, 1024)
    assert whole[whole < end].tolist() == sorted([*lanes.left().tolist(), *(start for _, start in taken)])
