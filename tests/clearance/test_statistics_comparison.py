"""Head against base: Wilcoxon's tables, a textbook's example, and the laws of a comparison with two floors."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearance.statistics import compare, fewest_pairs, order
from clearance.statistics.comparison import _ranks_outside, shift

TIMES = st.lists(st.floats(0.1, 1000), min_size=1, max_size=25)


@pytest.mark.parametrize(
    ("pairs", "tail", "critical"),
    [
        (5, 0.025, None), (6, 0.025, 0), (8, 0.025, 3), (10, 0.025, 8), (15, 0.025, 25), (20, 0.025, 52),
        (7, 0.005, None), (8, 0.005, 0), (10, 0.005, 3), (20, 0.005, 37),
    ],
)  # fmt: skip
def test_ranks_are_those_of_wilcoxons_table(pairs, tail, critical):
    """The greatest rank sum that is rare enough is the one that tables of the signed rank test have."""
    assert _ranks_outside(pairs, tail) == (0 if critical is None else critical + 1)


def test_the_textbooks_example():
    """Hollander and Wolfe's nine depressed patients: the shift is -0.46, within -0.786 and -0.010."""
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    found = compare(before, after, max_slowdown=0.1, min_slowdown=0)
    assert pytest.approx((-0.46, -0.786, -0.010)) == (
        found.difference.value, found.difference.low, found.difference.high,
    )  # fmt: skip
    assert found.answer == "not slower"


@pytest.mark.parametrize(
    ("times", "more", "answer"),
    [
        (1.0, 0.0, "not slower"),
        (0.5, 0.0, "not slower"),
        (1.3, 0.0, "slower"),
        (1.0, 1.9, "not slower"),  # 19 %, and below the absolute floor
        (1.0, 2.5, "slower"),
        (1.09, 0.0, "not slower"),  # below the relative floor
    ],
)
def test_only_beyond_both_floors_is_slower(times, more, answer):
    """Head is slower only by more than a tenth of base, and by more than 2 ms of its 10 ms."""
    base = np.linspace(9.9, 10.1, 10)
    assert answer == compare(base, base * times + more, max_slowdown=0.1, min_slowdown=2).answer


def test_between_is_undecided():
    """Where the pairs disagree about the floors, nothing is decided."""
    base, head = [10.0] * 8, [10, 14, 10, 14, 10, 14, 10, 14]
    assert compare(base, head, max_slowdown=0.1, min_slowdown=2).answer == "undecided"


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_too_few_pairs_decide_nothing(level):
    """With one pair less than it takes, not even ten times as slow is a regression; with all of them it is."""
    enough = fewest_pairs(level)
    answers = [
        compare([10] * pairs, [100] * pairs, max_slowdown=0.1, min_slowdown=2, level=level).answer
        for pairs in (enough - 1, enough)
    ]
    assert ["undecided", "slower"] == answers


def test_runs_take_turns():
    """Base goes first, then head twice, then base: a drift that is steady meets both alike."""
    sides = order(6)
    assert sides == ("base", "head", "head", "base") * 3
    assert [sum(at for at, side in enumerate(sides) if side == which) for which in ("base", "head")] == [33, 33]


@given(TIMES, st.randoms(use_true_random=False), st.floats(0.5, 0.999))
def test_intervals_hold_their_values(base, dice, level):
    """The ratio and the difference lie in their intervals, and a ratio is never negative."""
    head = [value * dice.uniform(0.5, 2) for value in base]
    found = compare(base, head, max_slowdown=0.1, min_slowdown=1, level=level)
    for interval in (found.ratio, found.difference):
        assert interval.low <= interval.value <= interval.high
    assert found.ratio.low >= 0


@given(TIMES, st.randoms(use_true_random=False))
def test_sides_that_change_places_turn_the_answer(base, dice):
    """Base against head is the reciprocal, and the negative, of head against base."""
    head = [value * dice.uniform(0.5, 2) for value in base]
    there, back = (compare(*sides, max_slowdown=0.1, min_slowdown=1) for sides in ((base, head), (head, base)))
    assert pytest.approx(1 / there.ratio.value) == back.ratio.value
    assert pytest.approx(-there.difference.value, abs=1e-9) == back.difference.value
    assert pytest.approx(-there.difference.low, abs=1e-9) == back.difference.high


@given(st.lists(st.floats(0.5, 1.5), min_size=6, max_size=25), st.randoms(use_true_random=False))
def test_pairs_have_no_order(head, dice):
    """The order of the pairs does not matter."""
    mixed = list(head)
    dice.shuffle(mixed)
    one, other = (compare([1.0] * len(head), sides, max_slowdown=0.1, min_slowdown=0) for sides in (head, mixed))
    assert pytest.approx((one.ratio.low, one.ratio.high)) == (other.ratio.low, other.ratio.high)


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=20), st.floats(0, 5))
def test_slower_runs_never_look_faster(differences, more):
    """One run that took longer lowers neither the estimate nor a bound."""
    values = np.array(differences)
    slower = values.copy()
    slower[0] += more
    assert all(b >= a - 1e-9 for a, b in zip(shift(values, level=0.95), shift(slower, level=0.95), strict=True))


@given(st.floats(1.5, 100))
def test_one_wild_run_decides_nothing(wild):
    """Among twelve pairs alike, one run however slow leaves head not slower."""
    head = [10.0] * 11 + [10.0 * wild]
    assert compare([10.0] * 12, head, max_slowdown=0.1, min_slowdown=1).answer == "not slower"


@pytest.mark.parametrize(("base", "head"), [([], []), ([1], [1, 2]), ([0], [1]), ([1], [-1]), ([math.nan], [1])])
def test_what_is_no_pair_of_times_is_refused(base, head):
    """Sides of unlike length, none at all, and times that are not above 0 are refused."""
    with pytest.raises(ValueError, match="above 0"):
        compare(base, head, max_slowdown=0.1, min_slowdown=1)


@given(st.lists(st.floats(0.2, 5), min_size=8, max_size=8), st.floats(0, 3), st.floats(0, 3))
def test_a_higher_floor_never_makes_a_regression(ratios, floor, more):
    """What is not slower by one floor is not slower by a higher one."""
    base = [10.0] * 8
    head = [10 * ratio for ratio in ratios]
    low = compare(base, head, max_slowdown=floor, min_slowdown=1).answer
    high = compare(base, head, max_slowdown=floor + more, min_slowdown=1).answer
    assume(low != "undecided")
    assert (low, high) != ("not slower", "slower")
