"""What a parcel knows of itself."""

from datetime import UTC, datetime, timedelta

import pytest
from parcels.tracking import Parcel, Scan, is_number

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_parcel_that_nobody_saw():
    """It is nowhere yet."""
    assert Parcel("1000000009").place == "not seen yet"


def test_scans_come_in_any_order():
    """The latest moment counts, not the latest message."""
    parcel = Parcel("1000000009")
    parcel.see(Scan(NOON, "Leipzig"))
    parcel.see(Scan(NOON - timedelta(hours=3), "Hamburg"))
    assert parcel.place == "Leipzig"


def test_a_scan_that_comes_twice():
    """It counts once."""
    parcel = Parcel("1000000009")
    parcel.see(Scan(NOON, "Leipzig"))
    parcel.see(Scan(NOON, "Leipzig"))
    assert len(parcel.scans) == 1


@pytest.mark.parametrize(("text", "right"), [("1000000009", True), ("1000000008", False), ("19", False), ("", False)])
def test_numbers(text, right):
    """A number is ten digits whose sum ends in 0."""
    assert is_number(text) == right
