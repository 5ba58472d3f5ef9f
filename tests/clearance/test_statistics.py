"""Intervals of shares and percentiles, against published values, exact formulas and the laws of intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.statistics import (
    block_ns,
    block_numbers,
    clopper_pearson,
    count_blocks,
    quantile_interval,
    ratio_interval,
    seconds_to_decide,
)
from clearance.statistics.distributions import beta_quantile, log_beta_cdf, t_quantile

SHARES = st.floats(0.001, 0.999)
LEVELS = st.floats(0.5, 0.9999)
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("p", "df", "expected"),
    [(0.975, 1, 12.7062), (0.975, 10, 2.2281), (0.975, 29, 2.0452), (0.995, 5, 4.0321), (0.95, 1e7, 1.6449)],
)
def test_t_is_that_of_the_tables(p, df, expected):
    """Student's t is what printed tables have (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""
    assert pytest.approx(expected, abs=5e-5) == t_quantile(p, df)


@given(SHARES, st.floats(0.01, 1e6))
def test_beta_with_one_parameter_of_1_has_a_formula(p, b):
    """The quantile of a beta distribution with a parameter of 1 is a power."""
    assert pytest.approx(-math.expm1(math.log1p(-p) / b), rel=1e-9) == beta_quantile(p, 1, b)
    assert pytest.approx(p ** (1 / b), rel=1e-9, abs=1e-300) == beta_quantile(p, b, 1)


@given(SHARES)
def test_the_arcsine_distribution_has_a_formula(p):
    """The quantile of the beta distribution with both parameters 1/2 is a squared sine."""
    assert pytest.approx(math.sin(math.pi * p / 2) ** 2, rel=1e-9) == beta_quantile(p, 0.5, 0.5)


@given(SHARES, st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_quantile_has_its_share_to_the_left(p, a, b):
    """What lies to the left of a quantile is the share that was asked for, whatever the parameters."""
    assert pytest.approx(p, rel=1e-5) == math.exp(log_beta_cdf(beta_quantile(p, a, b), a, b))


@pytest.mark.parametrize(
    ("bad", "total", "low", "high"),
    [(0, 20, 0, 0.1684), (1, 20, 0.0013, 0.2487), (10, 100, 0.0490, 0.1762), (20, 20, 0.8316, 1)],
)
def test_the_exact_interval_is_that_of_the_tables(bad, total, low, high):
    """The exact interval of a share is what printed tables of the binomial distribution have."""
    assert pytest.approx((low, high), abs=5e-5) == clopper_pearson(bad, total)


def test_no_bad_one_in_3688_is_within_a_thousandth():
    """Three nines take 3,688 requests without a bad one, two-sided at 95 %."""
    assert [0.001 < clopper_pearson(0, 3687)[1], clopper_pearson(0, 3688)[1] <= 0.001] == [True, True]


@given(st.integers(0, 200), st.integers(1, 200), LEVELS)
def test_one_more_bad_never_lowers_a_bound(bad, more, level):
    """With as many requests, more bad ones lower neither bound of an exact interval."""
    total = 500
    fewer, worse = clopper_pearson(bad, total, level=level), clopper_pearson(bad + more, total, level=level)
    assert worse[0] >= fewer[0]
    assert worse[1] >= fewer[1]


@st.composite
def seconds(draw):
    """The counts of some blocks of time, one request at least among them."""
    totals = draw(st.lists(st.integers(0, 300), min_size=1, max_size=70).filter(any))
    return [draw(st.integers(0, total)) for total in totals], totals


@given(seconds(), LEVELS)
def test_an_interval_holds_its_value_and_is_a_share(counts, level):
    """0 <= low <= value <= high <= 1, and no more samples are effective than there are."""
    found = ratio_interval(*counts, level=level)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert 0 < found.effective <= found.samples == sum(counts[1])
    assert sum(counts[0]) / sum(counts[1]) == found.value


@given(seconds(), LEVELS, LEVELS)
def test_surer_is_wider(counts, one, other):
    """An interval that is to be surer holds the one that is less so."""
    less, more = (ratio_interval(*counts, level=level) for level in sorted((one, other)))
    assert more.low <= less.low + 1e-9
    assert less.high <= more.high + 1e-9


@given(seconds().filter(lambda counts: len(counts[0]) < 20), st.randoms(use_true_random=False))
def test_few_blocks_have_no_order(counts, dice):
    """Of fewer than twenty blocks the order does not matter: none are taken together."""
    mixed = list(zip(*counts, strict=True))
    dice.shuffle(mixed)
    there, back = ratio_interval(*counts), ratio_interval(*zip(*mixed, strict=True))
    assert (pytest.approx(there.low), pytest.approx(there.high)) == (back.low, back.high)


@given(seconds())
def test_blocks_without_a_request_say_nothing(counts):
    """Seconds in which nothing was asked change no interval."""
    bad, total = counts
    assert ratio_interval(bad, total) == ratio_interval([0, *bad, 0, 0], [0, *total, 0, 0])


@given(seconds())
def test_no_bad_request_has_no_variance(counts):
    """Without a bad request the samples count as independent, unless one block holds them all."""
    _, total = counts
    found = ratio_interval([0] * len(total), total)
    samples = sum(total) if sum(count > 0 for count in total) > 1 else 1
    assert (0.0, clopper_pearson(0, samples)[1]) == (found.low, found.high)


def test_a_design_effect_by_hand():
    """The design effect is the ratio estimator's variance over blocks, divided by that of independent samples."""
    found = ratio_interval([10, 0, 0, 0], [10, 10, 10, 10])
    between = 4 / 3 * (7.5**2 + 3 * 2.5**2) / 40**2
    assert pytest.approx(between / (0.25 * 0.75 / 39)) == found.design_effect


def test_bad_ones_in_a_row_say_less_than_scattered_ones():
    """A second of nothing but failures widens the interval that as many scattered failures have."""
    scattered, frozen = ratio_interval([1] * 60, [60] * 60), ratio_interval([60] + [0] * 59, [60] * 60)
    assert scattered.value == frozen.value
    assert scattered.high < frozen.high
    assert scattered.effective > 10 * frozen.effective


def test_a_spell_longer_than_a_block_is_seen_as_one():
    """Four bad seconds in a row widen the interval more than the same four far apart."""
    together = [10] * 4 + [0] * 56
    apart = [10 if second in (3, 17, 31, 50) else 0 for second in range(60)]
    assert ratio_interval(together, [100] * 60).high > ratio_interval(apart, [100] * 60).high


def test_one_block_is_one_sample():
    """Where all requests are in one block of time, nothing is known of how blocks differ."""
    assert ratio_interval([3], [1000]).effective == 1.0


@pytest.mark.parametrize("nothing", [([], []), ([0, 0], [0, 0])])
def test_a_share_of_nothing_is_refused(nothing):
    """There is no share of no requests, and no percentile of no values."""
    with pytest.raises(ValueError, match="no requests"):
        ratio_interval(*nothing)
    with pytest.raises(ValueError, match="no values"):
        quantile_interval([], [], 0.5)


@pytest.mark.parametrize(
    ("duration", "expected"), [(60 * SECOND, SECOND), (30 * SECOND, SECOND), (3 * SECOND, SECOND // 10), (0, 1)]
)
def test_a_block_is_a_second_or_a_thirtieth(duration, expected):
    """Blocks are a second long, or so short that thirty of them fit."""
    assert expected == block_ns(duration)


def test_requests_fall_into_blocks_from_the_first_one_on():
    """Blocks are counted from the first request, in whatever order requests are listed, and empty ones are there."""
    at, bad = [2500, 1000, 4100, 1999], [False, True, True, True]
    counted = count_blocks(at, bad, block_ns=1000)
    assert ([2, 0, 0, 1], [2, 1, 0, 1]) == tuple(list(map(int, column)) for column in counted)
    assert [1, 0, 3, 0] == list(map(int, block_numbers(at, block_ns=1000)))
    assert [0, 0] == [len(column) for column in count_blocks([], [], block_ns=1000)]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), SHARES)
def test_a_percentile_is_one_of_the_values(values, p):
    """A percentile is a value that was seen, the least that a share p does not exceed, and lies in its interval."""
    found = quantile_interval(values, np.arange(len(values)) // 7, p)
    assert found.value in values
    assert sum(value <= found.value for value in values) >= p * len(values) - 1e-6
    assert sum(value < found.value for value in values) < p * len(values) + 1e-6
    assert found.low <= found.value <= found.high


@given(st.floats(1e-3, 1e3), SHARES)
def test_a_percentile_has_its_values_unit(times, p):
    """Values that are all so many times larger have a percentile and bounds that are."""
    values, blocks = np.arange(1.0, 401.0), np.arange(400) // 10
    one, other = quantile_interval(values, blocks, p), quantile_interval(values * times, blocks, p)
    assert pytest.approx([one.value * times, one.low * times, one.high * times]) == [other.value, other.low, other.high]


def test_too_few_values_bound_no_percentile():
    """Of thirty values, no upper bound of the 99th percentile exists, nor a lower one of the first."""
    values, blocks = np.arange(30.0), np.arange(30)
    assert math.inf == quantile_interval(values, blocks, 0.99).high
    assert -math.inf == quantile_interval(values, blocks, 0.01).low


def test_a_median_of_independent_values_is_that_of_the_tables():
    """The bounds of the median of 100 values are the 40th and the 61st of them, as binomial tables have it."""
    values = np.arange(1.0, 101.0).reshape(2, 50).T.ravel()  # 1, 51, 2, 52, ...: as even as can be
    found = quantile_interval(values, np.arange(100), 0.5)
    assert (50, 40, 61) == (found.value, found.low, found.high)


def test_what_is_decided_takes_no_more_time():
    """An interval that lies on one side of the budget needs no second more."""
    found = ratio_interval([0] * 60, [100] * 60)
    assert (0.0, 0.0) == (seconds_to_decide(found, 0.5, 60), seconds_to_decide(found, found.high, 60))


def test_a_share_that_is_the_budget_is_never_decided():
    """Where the share is exactly the budget, no run of a reasonable length decides."""
    assert seconds_to_decide(ratio_interval([1] * 60, [100] * 60), 0.01, 60) is None


def test_so_many_seconds_more_decide():
    """After the seconds that are asked for, and hardly before, the same share is decided."""
    found = ratio_interval([0] * 30, [20] * 30)
    more = seconds_to_decide(found, 0.001, 30)
    enough = (30 + more) * 20
    assert [0.001 < clopper_pearson(0, enough - 20)[1], clopper_pearson(0, enough + 1)[1] <= 0.001] == [True, True]


@given(seconds(), st.floats(0.001, 0.5))
def test_seconds_to_decide_are_none_or_positive(counts, budget):
    """The advice is a number of seconds that is not negative, or none."""
    more = seconds_to_decide(ratio_interval(*counts), budget, 10)
    assert more is None or (more >= 0 and math.isfinite(more))
