"""The percentiles of delays, held against batches small enough to know them by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bdd import parsers, then, when

from features.airline import found, value_of
from features.steps.listing import filters

if TYPE_CHECKING:
    import requests

    from features.airline import Airline
    from features.api import Api


@when(
    parsers.re(r"the analyst asks for the delays of the airline by (?P<group>\w+)(?: with (?P<text>.+))?"),
    target_fixture="answer",
)
def asks_delays(api: Api, airline: Airline, group: str, text: str | None) -> requests.Response:
    params = {"group_by": group, **filters(airline, text or "nothing else")}
    return api.ask("the analyst", "/v1/stats/delays", params)


def stated(group: dict[str, Any], column: str, group_by: str) -> Any:
    """Return what a group says in a column: `group`, `flights`, or as in `departure p90`."""
    if column == "group":
        return group[group_by]
    side, _, percentile = column.partition(" ")
    return group[side][percentile] if percentile else group[side]


@then("the groups are")
def groups_are(answer: requests.Response, airline: Airline, datatable: list[list[str]]) -> None:
    body = found(answer)
    names = {
        "the airline": airline.carrier,
        "the month": f"{airline.first_day:%Y-%m}",
        "the next month": f"{airline.next_month():%Y-%m}",
    }
    columns, *rows = datatable
    expected = [[names[cell] if cell in names else value_of(cell) for cell in row] for row in rows]
    actual = [[stated(group, column, body["group_by"]) for column in columns] for group in body["groups"]]
    assert expected == actual


@then("there are no groups")
def no_groups(answer: requests.Response) -> None:
    assert found(answer)["groups"] == []
