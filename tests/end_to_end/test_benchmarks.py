"""What the benchmarks say, not how fast anything is: no test depends on a clock."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.measure import Figure, ratio, run, take_turns

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        ({"at_most": 3}, 3, True),
        ({"at_most": 3}, 3.01, False),
        ({"at_least": 0.5}, 0.5, True),
        ({"at_least": 0.5}, 0.49, False),
        ({}, 7, None),
    ],
)
def test_goals(goal, value, met):
    """A figure at its bound meets the goal, one beyond it does not, and one without a goal says neither."""
    assert met is Figure(name="x", value=value, **goal).met


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_written_down(name):
    """Each name on the command line is a module that measures, and has its rows in the README's table."""
    assert callable(importlib.import_module(f"benchmarks.{name}").measure)
    assert f"| `{name}` |" in (ROOT / "benchmarks" / "README.md").read_text("utf-8")


def test_an_unknown_name():
    """A benchmark that does not exist is an error of usage that lists those that do."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"no benchmark speed; there are {', '.join(BENCHMARKS)}" in done.stderr


def test_subjects_take_turns():
    """Every round measures each subject once, in the opposite order of the round before."""
    order = []
    numbers = iter(range(100))

    def subject(name):
        return lambda: (order.append(name), next(numbers))[1]

    taken = take_turns(3, {"a": subject("a"), "b": subject("b")})
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert taken == {"a": [0, 3, 4], "b": [1, 2, 5]}


def test_ratios_are_taken_within_a_round():
    """The ratio is the median of each round's own, so that a slow minute weighs on both of its sides."""
    assert ratio([2, 20, 8], [1, 10, 2]) == 2


def test_a_program_is_measured_with_what_it_started():
    """What a program's own child spends, holds and says is counted in, and its exit code is kept."""
    spend = "import time; hold = bytearray(64 << 20); print('spent')\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; sys.exit(3 + subprocess.run([sys.executable, '-c', {spend!r}]).returncode)"
    used = run([sys.executable, "-c", parent])
    assert (used.code, used.output) == (3, "spent\n")
    assert used.cpu >= 0.3
    assert used.peak >= 64 << 20
