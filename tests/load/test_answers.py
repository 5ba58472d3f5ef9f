"""What is a wrong answer: each kind of wrong is told, and a right answer is read."""

import json

import pytest

from load.answers import Flight, Page, WrongError, read_delays, read_flight, read_page, read_settled

RECORD = {
    "flight_date": "2013-01-01",
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "tailnum": "N14228",
    "dep_time": 517,
    "sched_dep_time": 515,
    "arr_time": 830,
    "sched_arr_time": 819,
    "dep_delay": 2,
    "arr_delay": 11,
    "air_time": 227,
    "distance": 1400,
}
FLIGHT = Flight(**RECORD)
FILTERS = {"from": "2013-01-01", "to": "2013-01-02", "carrier": "UA", "limit": 2}


def body(value):
    return json.dumps(value).encode()


def page(*numbers, cursor=None, **changes):
    """A page of flights that differ in their numbers."""
    return body({"flights": [{**RECORD, "flight": n, **changes} for n in numbers], "next_cursor": cursor})


def delays(*names, flights=5, percentiles=(1.0, 2.0, 3.0), group_by="carrier"):
    stated = dict(zip(("p50", "p90", "p99"), percentiles, strict=True))
    groups = [{group_by: name, "flights": flights, "departure": stated, "arrival": stated} for name in names]
    return body({"group_by": group_by, "groups": groups})


def settled(*statuses, first=0, **sums):
    counted = {name: statuses.count(name) for name in ("created", "updated", "unchanged")}
    results = [{"index": index, "status": status} for index, status in enumerate(statuses, first)]
    return body({**counted, **sums, "results": results})


def test_the_right_answers_are_read():
    """An answer that is right gives what it says."""
    assert read_flight(body(RECORD), FLIGHT) == FLIGHT
    assert read_page(page(1, 2, cursor="on"), FILTERS, None).next_cursor == "on"
    assert read_page(page(), FILTERS, FLIGHT.key) == Page(flights=[], next_cursor=None)
    assert read_delays(delays("AA", "UA"), "carrier", {"UA"}) == {"AA": 5, "UA": 5}
    assert read_delays(delays("AA", percentiles=(None, None, None)), "carrier", exactly={"AA": 5}) == {"AA": 5}
    assert read_settled(settled("created", "unchanged"), 2, {"created", "unchanged"}).created == 1


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: read_flight(b"", FLIGHT), "not the Flight"),
        (lambda: read_flight(b"<html>", FLIGHT), "not the Flight"),
        (lambda: read_flight(body({}), FLIGHT), "not the Flight"),
        (lambda: read_flight(body(RECORD | {"more": 1}), FLIGHT), "not the Flight"),
        (lambda: read_flight(body(RECORD | {"origin": "JFK"}), FLIGHT), "origin is 'JFK', not 'EWR'"),
        (lambda: read_flight(body(RECORD | {"arr_delay": None}), FLIGHT), "arr_delay is None, not 11"),
        (lambda: read_page(page(2, 1), FILTERS, None), "order"),
        (lambda: read_page(page(1, 1), FILTERS, None), "order"),
        (lambda: read_page(page(1545), FILTERS, FLIGHT.key), "beyond"),
        (lambda: read_page(page(1, 2, 3), FILTERS, None), "holds 3 flights"),
        (lambda: read_page(page(1, cursor="on"), FILTERS, None), "is not the last"),
        (lambda: read_page(page(1, carrier="AA"), FILTERS, None), "filters"),
        (lambda: read_page(page(1, flight_date="2013-01-03"), FILTERS, None), "filters"),
        (lambda: read_page(page(1, flight_date="2012-12-31"), FILTERS, None), "filters"),
        (lambda: read_delays(delays("UA", "AA"), "carrier"), "order"),
        (lambda: read_delays(delays("UA", "UA"), "carrier"), "not by carrier"),
        (lambda: read_delays(delays("UA", group_by="route"), "carrier"), "not by carrier"),
        (lambda: read_delays(delays("UA", percentiles=(1.0, 3.0, 2.0)), "carrier"), "do not rise"),
        (lambda: read_delays(delays("UA", percentiles=(1.0, None, 2.0)), "carrier"), "do not rise"),
        (lambda: read_delays(delays("UA", flights=0), "carrier"), "0 flights"),
        (lambda: read_delays(delays("UA"), "carrier", {"AA"}), "no group AA"),
        (lambda: read_delays(delays("UA"), "carrier", exactly={"UA": 6}), "not {'UA': 6}"),
        (lambda: read_settled(settled("created"), 2, {"created"}), "each of 2 records"),
        (lambda: read_settled(settled("created", first=1), 1, {"created"}), "each of 1 records"),
        (lambda: read_settled(settled("rejected"), 1, {"created"}), "rejected, not created"),
        (lambda: read_settled(settled("created", created=2), 1, {"created"}), "sums"),
    ],
)
def test_a_wrong_answer_is_told(read, said):
    """What is wrong is said in words."""
    with pytest.raises(WrongError) as error:
        read()
    assert said in str(error.value)
