"""How sure a number is: intervals of correlated samples, decisions while a run goes on, base against head; pure."""

from clearance.statistics.comparison import Comparison, Side, compare, fewest_pairs, order
from clearance.statistics.intervals import (
    Interval,
    block_ns,
    block_numbers,
    clopper_pearson,
    count_blocks,
    quantile_interval,
    ratio_interval,
    seconds_to_decide,
)
from clearance.statistics.sequence import LOOK_BLOCK_NS, Answer, Sequence, decide, warm_blocks

__all__ = [
    "LOOK_BLOCK_NS",
    "Answer",
    "Comparison",
    "Interval",
    "Sequence",
    "Side",
    "block_ns",
    "block_numbers",
    "clopper_pearson",
    "compare",
    "count_blocks",
    "decide",
    "fewest_pairs",
    "order",
    "quantile_interval",
    "ratio_interval",
    "seconds_to_decide",
    "warm_blocks",
]
