"""A slow service planted in a copy of this repository: the load check must fail it, on what the SLO file says."""

import pytest

from tests.copies import Copy


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def test_a_sleep_in_the_read_path_fails(copy):
    """Where each read by key takes 400 ms longer, the level of the reads is missed, and for certain."""
    find = '        """Return the flight of that key."""\n'
    copy.replace("service/store.py", find, f"{find}        sleep(0.4)\n")
    copy.replace("load/plans.py", "seconds=65, warm_up=15", "seconds=20, warm_up=8")  # it is missed from the start
    code, reasons, verdict = copy.judge("load")
    (measure,) = [each for each in verdict["rulings"][0]["measures"] if each["name"] == "reads"]
    assert (code, "reads" in reasons, measure["low"] > 0.01) == (1, True, True)
