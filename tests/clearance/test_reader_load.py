"""The reader of load recordings: measures by service level, and a sentence for whatever makes a run no proof."""

import msgspec
import numpy as np
import pytest

from clearance.model import Materials, Severity
from clearance.readers.load import read
from clearance.recording import Outcome, Route, Worker, dumps, table
from tests.clearance.load_runs import ROUTES, fault, run, without


def reading(recording, slo=None):
    """What the reader says to a recording."""
    return read(dumps(recording), Materials(slo=slo))


def test_a_sound_run_is_read_without_a_problem():
    """Reach counts the requests, and nothing is objected to."""
    read_ = reading(run(rate=100, seconds=20.0))
    assert (2000, "requests", "locust 2.47.0", (), ()) == (
        read_.reach,
        read_.unit,
        read_.tool,
        read_.problems,
        read_.findings,
    )
