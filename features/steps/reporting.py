"""What the partner does: reports batches, corrects them, sends them again; and what is told and kept of each record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bdd import given, parsers, then, when

from features.airline import ABSENT, USUAL, found
from features.steps.answers import WHO, expect_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

    from features.airline import Airline
    from features.api import Api

Table = list[list[str]]
UNWRITABLE = {"text with a NUL in it": r'"A\u0000Z"', "half a surrogate pair": r'"A\ud800Z"'}


def report(
    api: Api, airline: Airline, records: Sequence[dict[str, Any]], who: str = "the partner"
) -> requests.Response:
    """Send a batch and remember it as the airline's last one."""
    airline.last_batch = list(records)
    return api.report(who, {"records": airline.last_batch})


def statuses(answer: requests.Response) -> list[str]:
    """Return what became of each record, in the order of the batch."""
    results = answer.json()["results"]
    assert list(range(len(results))) == [result["index"] for result in results]
    return [result["status"] for result in results]


@given("an airline that has reported nothing yet")
def nothing_yet(airline: Airline) -> None:
    assert airline.last_batch == []


@given("the partner has reported")
def has_reported(api: Api, airline: Airline, datatable: Table) -> None:
    found(report(api, airline, airline.records(datatable)))


@given(parsers.parse("the partner has reported {count:d} flights"))
def has_reported_many(api: Api, airline: Airline, count: int) -> None:
    found(report(api, airline, airline.fleet(count)))


@given(
    parsers.re(
        r"the partner has reported (?P<count>\d+) flights "
        r"(?:from (?P<origin>\S+) to (?P<dest>\S+)|(?P<later>a month later)), "
        r"(?P<first>\d+) to (?P<last>\d+) minutes late, (?P<made_up>\d+) minutes made up on the way"
    ),
    converters={"count": int, "first": int, "last": int, "made_up": int},
)
def has_reported_delays(
    api: Api,
    airline: Airline,
    count: int,
    origin: str | None,
    dest: str | None,
    later: str | None,
    first: int,
    last: int,
    made_up: int,
) -> None:
    assert count == last - first + 1, "each number of minutes occurs once"
    route = {"flight_date": str(airline.next_month())} if later else {"origin": origin, "dest": dest}
    delays = range(first, last + 1)
    records = [airline.record(flight=1 + d, dep_delay=d, arr_delay=d - made_up, **route) for d in delays]
    found(report(api, airline, records))


@when(parsers.re(WHO + " reports"), target_fixture="answer")
def reports(api: Api, airline: Airline, who: str, datatable: Table) -> requests.Response:
    return report(api, airline, airline.records(datatable), who)


@when(parsers.parse("the partner reports {count:d} flights"), target_fixture="answer")
def reports_many(api: Api, airline: Airline, count: int) -> requests.Response:
    return report(api, airline, airline.fleet(count))


@when("the partner sends the same batch again", target_fixture="answer")
def sends_again(api: Api, airline: Airline) -> requests.Response:
    return report(api, airline, airline.last_batch)


@when(parsers.parse("the partner reports flight {number:d} with {name} written as {value}"), target_fixture="answer")
def reports_written(api: Api, airline: Airline, number: int, name: str, value: str) -> requests.Response:
    """Send a record whose one field is spelt out as given, which JSON libraries would not write."""
    fields = {field: json.dumps(usual) for field, usual in airline.record(flight=number).items()}
    fields[name] = UNWRITABLE.get(value, value)
    written = ", ".join(f'"{field}": {text}' for field, text in fields.items() if text != ABSENT)
    return api.report_text("the partner", f'{{"records": [{{{written}}}]}}')


@when(parsers.parse("the partner sends a batch of {size:d} MB"), target_fixture="answer")
def sends_large(api: Api, airline: Airline, size: int) -> requests.Response:
    # A good batch of one, and blanks: nothing is wrong with it but its size.
    text = json.dumps({"records": [airline.record()]})
    return api.report_text("the partner", text.ljust(size * 1024 * 1024))


@when(parsers.parse("the partner sends {text} as {content_type}"), target_fixture="answer")
def sends_text(api: Api, text: str, content_type: str) -> requests.Response:
    return api.report_text("the partner", text, content_type)


@then("the batch is accepted")
def accepted(answer: requests.Response) -> None:
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    body = found(answer)
    for status in statuses(answer):
        counts[status] += 1
    assert counts == {name: body[name] for name in counts}


@then(parsers.re(r"the records are answered (?P<expected>[a-z]+(?:, [a-z]+)*)"))
def records_answered(answer: requests.Response, expected: str) -> None:
    assert expected == ", ".join(statuses(answer))


@then(parsers.parse("{count:d} records are answered {status}"))
def many_answered(answer: requests.Response, count: int, status: str) -> None:
    assert [status] * count == statuses(answer)


@then(parsers.parse("the problem names {name} in record {index:d}"))
def problem_names(answer: requests.Response, name: str, index: int) -> None:
    errors = expect_problem(answer, 422)["errors"]
    assert (index, name) in [(error["index"], error["field"]) for error in errors]
    assert [error for error in errors if not error["message"]] == [], "each error says what is wrong"


@then("the analyst finds")
def finds(api: Api, airline: Airline, datatable: Table) -> None:
    for row in airline.rows(datatable):
        record = found(api.ask("the analyst", airline.path(row["flight"], row["origin"])))
        assert row == {name: record[name] for name in row}


@then("the analyst finds every record as it was sent")
def finds_as_sent(api: Api, airline: Airline) -> None:
    for sent in airline.last_batch:
        record = found(api.ask("the analyst", airline.path(sent["flight"], sent["origin"])))
        assert sent == {name: record[name] for name in sent}
        assert USUAL.keys() <= sent.keys()


@then(parsers.parse("the analyst does not find flight {number:d} from {origin}"))
def does_not_find(api: Api, airline: Airline, number: int, origin: str) -> None:
    expect_problem(api.ask("the analyst", airline.path(number, origin)), 404)


@then(parsers.re(r"the analyst counts (?P<count>\d+) flights? of the airline"), converters={"count": int})
def counts(api: Api, airline: Airline, count: int) -> None:
    assert count == len(airline.listed(api))
