"""Deciding while a run goes on: when looks are due, what they may spend, and what no look may do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.statistics import Sequence, decide, ratio_interval

SEQUENCES = st.builds(
    Sequence,
    level=st.floats(0.5, 0.999),
    first=st.integers(1, 80),
    passes_from=st.integers(1, 80),
    growth=st.floats(1.0, 3.0),
)


def test_looks_double_to_a_minute_and_then_grow_by_a_quarter():
    """The usual looks come at 15, 30 and 60 blocks, and then at a quarter more each time."""
    assert [15, 30, 60, 75, 93, 116] == [Sequence().at(look) for look in range(1, 7)]


@given(SEQUENCES, st.integers(0, 500))
def test_a_look_is_due_when_its_blocks_are_there(sequence, blocks):
    """The last look that is due waits for no more blocks than there are, and the next one for more."""
    look = sequence.due(blocks)
    assert look == 0 or sequence.at(look) <= blocks
    assert blocks < sequence.at(look + 1)


@given(SEQUENCES, st.integers(1, 300))
def test_all_looks_together_spend_no_more_than_one(sequence, looks):
    """The errors of however many looks add up to no more than that of the whole."""
    spent = sum(1 - sequence.level_of(look) for look in range(1, looks + 1))
    assert spent <= 1 - sequence.level + 1e-9


@given(st.integers(1, 40), st.integers(0, 30))
def test_each_look_is_surer_than_a_single_one(look, bad):
    """A look's interval holds the one that a single look at the end would have."""
    counts = [bad] * 30, [100] * 30
    single, one_of_many = ratio_interval(*counts), Sequence().interval(*counts, look)
    assert one_of_many.low <= single.low
    assert single.high <= one_of_many.high


@pytest.mark.parametrize(
    ("bad", "blocks", "look", "answer"),
    [
        (0, 60, 3, "pass"),
        (0, 59, 2, "undecided"),  # before a minute nothing passes
        (50, 15, 1, "fail"),  # and everything may fail
        (50, 60, 3, "fail"),
        (1, 60, 3, "undecided"),
    ],
)
def test_a_look_decides(bad, blocks, look, answer):
    """Within the budget of 1 % a look passes, from sixty blocks on; beyond it fails; between it waits."""
    assert answer == decide([bad] * blocks, [100] * blocks, 0.01, look)


def test_nothing_asked_is_nothing_decided():
    """Without a request a look decides nothing."""
    assert ["undecided", "undecided"] == [decide([], [], 0.5, 1), decide([0] * 99, [0] * 99, 0.5, 4)]


def test_looking_early_passes_less_than_peeking():
    """Of 200 runs as bad as the budget, peeking passes more than the looks do, and these at most one in forty."""
    dice = np.random.default_rng(7)
    runs = dice.binomial(100, 0.01, (200, 120))
    total = np.full(120, 100)
    sequence = Sequence()
    peeked = sum(any(ratio_interval(run[:at], total[:at]).high <= 0.01 for at in range(20, 121, 10)) for run in runs)
    looks = range(1, sequence.due(120) + 1)
    passed = sum(
        any(sequence.decide(run[: sequence.at(k)], total[: sequence.at(k)], 0.01, k) == "pass" for k in looks)
        for run in runs
    )
    assert passed < peeked
    assert passed <= 5
