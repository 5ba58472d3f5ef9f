"""Reading over HTTP: by key, in pages, as statistics; and what no reader ever sees."""

import pytest

DAYS = ("2013-01-01", "2013-01-02", "2013-02-01")


@pytest.fixture
def flights(api, flight):
    """Two carriers, three origins, three days and two destinations: 36 flights in no order."""
    found = [
        {**flight, "flight_date": day, "carrier": carrier, "flight": number, "origin": origin, "dest": dest}
        for day in DAYS
        for carrier in ("UA", "9E")
        for origin in ("JFK", "EWR", "LGA")
        for number, dest in ((7, "IAH"), (10, "LAX"))
    ]
    assert 200 == api.store(*sorted(found, key=lambda row: hash(tuple(row.values())))).status
    return sorted(found, key=lambda row: (row["flight_date"], row["carrier"], row["flight"], row["origin"]))


def walk(api, query, scope="flights:read"):
    """Follow the cursors to the end; the flights, and how many pages there were."""
    found, pages, cursor = [], 0, None
    while cursor is not None or pages == 0:
        answer = api.get("/v1/flights", query + (f"&cursor={cursor}" if cursor else ""), scope)
        assert answer.status == 200, answer.body
        found += answer.body["flights"]
        cursor, pages = answer.body["next_cursor"], pages + 1
    return found, pages


class TestByKey:
    def test_found(self, api, flights):
        """A stored flight is read back as it was sent."""
        assert flights[0] == api.get("/v1/flights/2013-01-01/9E/7/EWR").body

    def test_not_found(self, api):
        """A flight that isn't there is a 404 problem."""
        answer = api.get("/v1/flights/2013-01-01/UA/1/EWR")

        assert (404, "There is no such flight.") == (answer.status, answer.body["detail"])

    @pytest.mark.parametrize(
        ("path", "fields"),
        [
            ("2013-1-1/UA/1/EWR", ["flight_date"]),
            ("2013-01-01/ua/1/EWR", ["carrier"]),
            ("2013-01-01/UA/zero/EWR", ["flight"]),
            ("2013-01-01/UA/0/EWR", ["flight"]),
            ("2013-01-01/UA/99999999999999999999/EWR", ["flight"]),
            ("2013-01-01/UA/01/EWR", ["flight"]),
            ("2013-01-01/UA/+1/EWR", ["flight"]),
            ("2013-01-01/UA/1.0/EWR", ["flight"]),
            ("2013-01-01/UA/1_0/EWR", ["flight"]),
            ("2013-01-01/UA/%201/EWR", ["flight"]),
            ("1-1-1/U/x/E", ["flight_date", "carrier", "flight", "origin"]),
            ("2013-01-01/UA/1/%45W%00", ["origin"]),
        ],
    )
    def test_malformed(self, api, path, fields):
        """A malformed key is a 422 problem that names each part."""
        answer = api.get(f"/v1/flights/{path}")

        assert (422, fields) == (answer.status, [field for _, field in answer.faults])

    def test_percent_encoded(self, api, flights):
        """A key may arrive percent-encoded."""
        assert flights[0] == api.get("/v1/flights/2013%2D01%2D01/%39E/7/%45WR").body


class TestPages:
    @pytest.mark.parametrize(("limit", "pages"), [(1, 36), (5, 8), (36, 1), (500, 1)])
    def test_all(self, api, flights, limit, pages):
        """Following the cursors yields every flight once, in the order of the keys."""
        assert (flights, pages) == walk(api, f"limit={limit}")

    @pytest.mark.parametrize(
        ("query", "keep"),
        [
            ("from=2013-01-02", lambda row: row["flight_date"] >= "2013-01-02"),
            ("to=2013-01-01", lambda row: row["flight_date"] <= "2013-01-01"),
            ("from=2013-01-02&to=2013-01-02", lambda row: row["flight_date"] == "2013-01-02"),
            ("carrier=9E", lambda row: row["carrier"] == "9E"),
            ("origin=JFK", lambda row: row["origin"] == "JFK"),
            ("dest=LAX&carrier=UA", lambda row: (row["dest"], row["carrier"]) == ("LAX", "UA")),
            ("dest=XXX", lambda _: False),
        ],
    )
    def test_filters(self, api, flights, query, keep):
        """Each filter narrows the pages, whatever their size."""
        assert [row for row in flights if keep(row)] == walk(api, f"{query}&limit=4")[0]

    def test_rows_added_between_pages(self, api, flights, flight):
        """A flight stored between two pages neither repeats nor hides another."""
        first = api.get("/v1/flights", "limit=10").body
        api.store({**flight, "flight_date": "2012-12-31"})
        rest = walk(api, f"limit=100&cursor={first['next_cursor']}")[0]

        assert flights == first["flights"] + rest

    @pytest.mark.parametrize(
        "query",
        ["carrier=9E", "from=2013-01-01", "to=2014-01-01", "origin=JFK", "dest=LAX"],
    )
    @pytest.mark.usefixtures("flights")
    def test_cursor_of_other_filters(self, api, query):
        """A cursor is good for the filters that it was made with and for no others."""
        cursor = api.get("/v1/flights", "limit=1").body["next_cursor"]
        answer = api.get("/v1/flights", f"limit=1&cursor={cursor}&{query}")

        assert (422, [(None, "cursor")]) == (answer.status, answer.faults)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=ten", "limit"),
            ("limit=1&limit=2", "limit"),
            ("limit=1.0", "limit"),
            ("limit=1_0", "limit"),
            ("limit=%201", "limit"),
            ("limit=" + "1" * 5000, "limit"),
            ("from=yesterday", "from"),
            ("from=2013-01-02&to=2013-01-01", "to"),
            ("carrier=", "carrier"),
            ("carrier=UA&carrier=9E", "carrier"),
            ("carrier=UA,9E", "carrier"),
            ("origin=%00%00%00", "origin"),
            ("dest=%ED%A0%80", "dest"),
            ("cursor=", "cursor"),
            ("cursor=%00", "cursor"),
            ("cursor=abc", "cursor"),
            ("cursor=W10", "cursor"),
            ("cursor=" + "A" * 5000, "cursor"),
            ("cursor=a&cursor=b", "cursor"),
            ("carier=UA", "carier"),
            ("From=2013-01-01", "From"),
        ],
    )
    def test_bad_question(self, api, query, field):
        """A parameter that is bad or unknown is a 422 problem that names it."""
        answer = api.get("/v1/flights", query)

        assert (422, [(None, field)]) == (answer.status, answer.faults)


class TestDelays:
    @pytest.fixture(autouse=True)
    def delayed(self, api, flight):
        rows = [
            *({**flight, "flight": number, "dep_delay": number, "arr_delay": None} for number in range(1, 102)),
            {**flight, "carrier": "9E", "origin": "JFK", "flight_date": "2013-12-31", "dep_delay": -3, "arr_delay": 4},
            {**flight, "carrier": "9E", "origin": "JFK", "flight_date": "2014-01-01", "dep_delay": 0, "arr_delay": 5},
        ]
        assert 200 == api.store(*rows).status

    def test_by_carrier(self, api):
        """Percentiles are over the delays that are known, and null where none is."""
        assert {
            "group_by": "carrier",
            "groups": [
                {
                    "carrier": "9E",
                    "flights": 2,
                    "departure": {"p50": -1.5, "p90": -0.3, "p99": -0.03},
                    "arrival": {"p50": 4.5, "p90": 4.9, "p99": 4.99},
                },
                {
                    "carrier": "UA",
                    "flights": 101,
                    "departure": {"p50": 51, "p90": 91, "p99": 100},
                    "arrival": {"p50": None, "p90": None, "p99": None},
                },
            ],
        } == api.get("/v1/stats/delays", "group_by=carrier").body

    @pytest.mark.parametrize(
        ("query", "labels"),
        [
            ("group_by=route", ["EWR-IAH", "JFK-IAH"]),
            ("group_by=month", ["2013-01", "2013-12", "2014-01"]),
            ("group_by=month&to=2013-12-31", ["2013-01", "2013-12"]),
            ("group_by=month&from=2013-02-01&carrier=9E", ["2013-12", "2014-01"]),
            ("group_by=route&origin=JFK&dest=IAH", ["JFK-IAH"]),
            ("group_by=carrier&dest=XXX", []),
        ],
    )
    def test_groups(self, api, query, labels):
        """Groups come by route or month, in order, and follow the filters."""
        answer = api.get("/v1/stats/delays", query).body

        assert labels == [group[answer["group_by"]] for group in answer["groups"]]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("", "group_by"),
            ("group_by=day", "group_by"),
            ("group_by=month&limit=1", "limit"),
            ("group_by=month&to=x", "to"),
        ],
    )
    def test_bad_question(self, api, query, field):
        """A bad, missing or unknown parameter is named."""
        assert (422, [(None, field)]) == (
            (answer := api.get("/v1/stats/delays", query)).status,
            answer.faults,
        )


CANARY = "/v1/flights/1970-01-01/CY/1/CAN"


class TestCanary:
    @pytest.mark.usefixtures("flights")
    def test_sees_its_row(self, api):
        """The canary's token reads, lists and counts one row, whatever is stored beside it."""
        assert "ARY" == api.get(CANARY, scope="canary:read").body["dest"]
        assert ["CAN"] == [row["origin"] for row in walk(api, "limit=1", "canary:read")[0]]
        assert 1 == api.get("/v1/stats/delays", "group_by=month", "canary:read").body["groups"][0]["flights"]

    @pytest.mark.usefixtures("flights")
    def test_sees_nothing_else(self, api):
        """What a reader finds is not there for the canary's token."""
        assert (200, 404) == tuple(
            api.get("/v1/flights/2013-01-01/9E/7/EWR", scope=scope).status for scope in ("flights:read", "canary:read")
        )

    def test_readers_never_see_it(self, api):
        """The canary is not there for a reader: not by key, in no page, in no statistics."""
        assert 404 == api.get(CANARY).status
        assert [] == api.get("/v1/flights", "from=1970-01-01").body["flights"]
        assert [] == api.get("/v1/stats/delays", "group_by=month").body["groups"]

    @pytest.mark.usefixtures("flights")
    def test_both_scopes(self, api):
        """A token with both scopes reads as a reader."""
        assert 404 == api.get(CANARY, scope="canary:read flights:read").status
