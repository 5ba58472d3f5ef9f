"""A batch over HTTP: what stands, what is rejected, what is superseded, and what the database holds afterwards."""

import base64
import json
from itertools import pairwise

import pytest


def stored(admin):
    rows = admin.execute("SELECT flight, dest, version FROM flights.flight WHERE flight_date > '1970-01-01' ORDER BY 1")
    return rows.fetchall()


class TestGoodBatches:
    def test_created(self, api, admin, flight):
        """A new record is created, and answers with its index."""
        answer = api.store(flight)

        assert (200, "created") == (answer.status, answer.body["results"][0]["status"])
        assert {
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "results": [{"index": 0, "status": "created"}],
        } == answer.body
        assert [(1545, "IAH", 1)] == stored(admin)

    def test_again(self, api, admin, flight):
        """The same batch sent again changes nothing, not even the version."""
        api.store(flight, {**flight, "flight": 2})

        assert 2 == api.store(flight, {**flight, "flight": 2}).body["unchanged"]
        assert [(2, "IAH", 1), (1545, "IAH", 1)] == stored(admin)

    def test_correction(self, api, admin, flight):
        """A record that differs replaces the stored one and raises its version."""
        api.store(flight)

        assert ["updated", "created"] == [
            result["status"] for result in api.store({**flight, "dest": "LAX"}, {**flight, "flight": 2}).body["results"]
        ]
        assert [(2, "IAH", 1), (1545, "LAX", 2)] == stored(admin)

    @pytest.mark.parametrize("missing", [None, "NA", ...], ids=["null", "NA", "absent"])
    def test_missing_values(self, api, flight, missing):
        """A missing value may come as null, as the text NA or not at all, and is read back as null."""
        names = ("tailnum", "dep_time", "arr_time", "dep_delay", "arr_delay", "air_time")
        record = {**flight, **dict.fromkeys(names, missing)}
        answer = api.store({name: value for name, value in record.items() if value is not ...})
        read = api.get("/v1/flights/2013-01-01/UA/1545/EWR")

        assert (200, 200) == (answer.status, read.status)
        assert {**flight, **dict.fromkeys(names)} == read.body

    def test_unchanged_nulls(self, api, flight):
        """A null that stays null is no change."""
        api.store({**flight, "tailnum": None})

        assert 1 == api.store({**flight, "tailnum": "NA"}).body["unchanged"]

    @pytest.mark.parametrize("clock", [0, 2400, 2359, 517.0])
    def test_clock(self, api, flight, clock):
        """A clock runs from 0 to 2400, and a whole number may be written with a point."""
        api.store({**flight, "dep_time": clock})

        assert clock == api.get("/v1/flights/2013-01-01/UA/1545/EWR").body["dep_time"]

    def test_full_batch(self, api, admin, flight):
        """A thousand records are stored at once."""
        answer = api.store(*({**flight, "flight": number} for number in range(1, 1001)))

        assert (200, 1000, 1000) == (answer.status, answer.body["created"], len(stored(admin)))


DEEP = "[" * 100_000 + "]" * 100_000


class TestBadRecords:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("flight_date", "2013-02-30"),
            ("flight_date", "20130101"),
            ("flight_date", "2013-W01-1"),
            ("flight_date", "1979-12-31"),
            ("flight_date", "2100-01-01"),
            ("flight_date", "1970-01-01"),
            ("flight_date", "\uff12\uff10\uff11\uff13-01-01"),
            ("flight_date", 20130101),
            ("carrier", "ua"),
            ("carrier", "UAL"),
            ("carrier", "U\x00"),
            ("carrier", "\ud800\udc00"),
            ("carrier", "UA\n"),
            ("flight", 0),
            ("flight", 10_000),
            ("flight", 2**63),
            ("flight", "1545"),
            ("flight", True),
            ("flight", 1.5),
            ("origin", "ewr"),
            ("origin", None),
            ("dest", "\ud800AX"),
            ("dest", ["IAH"]),
            ("dest", {"code": "IAH"}),
            ("tailnum", "N14228XYZ"),
            ("tailnum", ""),
            ("tailnum", "N\x001422"),
            ("dep_time", 2401),
            ("dep_time", 1260),
            ("dep_time", -1),
            ("sched_dep_time", None),
            ("sched_arr_time", "NA"),
            ("dep_delay", -1441),
            ("arr_delay", 4321),
            ("air_time", 0),
            ("distance", 1e300),
            ("distance", -1400),
        ],
    )
    def test_field_named(self, api, admin, flight, field, value):
        """A bad field is named with its index, nothing of its record is stored, and its neighbours are."""
        answer = api.store({**flight, "flight": 1}, {**flight, field: value}, {**flight, "flight": 3})

        assert (422, "application/problem+json") == (answer.status, answer.headers["content-type"])
        assert [(1, field)] == answer.faults
        assert ["created", "rejected", "created"] == [result["status"] for result in answer.body["results"]]
        assert {"created": 2, "rejected": 1, "superseded": 0}.items() <= answer.body.items()
        assert [1, 3] == [row[0] for row in stored(admin)]

    @pytest.mark.parametrize("record", [None, 5, "flight", [], True])
    def test_no_object(self, api, record):
        """A record that is no object is rejected as such."""
        assert [(0, "record")] == api.store(record).faults

    def test_north_american(self, api, flight):
        """NA is missing only where a value may be missing; it is also the code of an airline."""
        assert 1 == api.store({**flight, "carrier": "NA"}).body["created"]
        assert "NA" == api.get("/v1/flights", "carrier=NA").body["flights"][0]["carrier"]

    def test_infinite(self, api, flight):
        """A number too large for a float is out of range, not a crash."""
        text = json.dumps({"records": [flight]}).replace("1400", "1e400")

        assert [(0, "distance")] == api.post(text).faults

    def test_every_fault(self, api):
        """Every fault of a record is told at once."""
        assert {
            "flight_date",
            "carrier",
            "flight",
            "origin",
            "dest",
            "sched_dep_time",
            "sched_arr_time",
            "distance",
        } == {field for _, field in api.store({}).faults}

    @pytest.mark.parametrize(
        ("name", "shown"), [("delay", "delay"), ("\x00\ud800", "\\x00\\ud800"), ("x" * 500, "x" * 64), ("é", "\\xe9")]
    )
    def test_unknown_field(self, api, flight, name, shown):
        """A field that nobody knows is named, in ASCII and at most 64 characters of it."""
        assert [(0, shown)] == api.store({**flight, name: 1}).faults

    def test_many_unknown_fields(self, api, flight):
        """A record with thousands of strange fields gets one fault that counts them, not thousands."""
        answer = api.store({**flight, **{f"x{number}": 1 for number in range(5000)}})

        assert [(0, "x0")] == answer.faults
        assert "4999 more" in answer.body["errors"][0]["message"]

    def test_field_twice(self, api, flight):
        """A record that gives one field twice is rejected, and the field named."""
        text = json.dumps({"records": [flight]}).replace('"distance": 1400', '"distance": 1400, "distance": 1401')

        assert [(0, "distance")] == api.post(text).faults


class TestSuperseded:
    def test_last_stands(self, api, admin, flight):
        """Of equal keys in one batch the last record stands; the others are named as superseded by it."""
        answer = api.store({**flight, "dest": "AAA"}, {**flight, "dest": "BBB"}, {**flight, "dest": "CCC"})

        assert 422 == answer.status
        assert [
            {"index": 0, "status": "superseded", "by": 2},
            {"index": 1, "status": "superseded", "by": 2},
            {"index": 2, "status": "created"},
        ] == answer.body["results"]
        assert [(1545, "CCC", 1)] == stored(admin)

    def test_bad_supersedes_nothing(self, api, admin, flight):
        """A rejected record doesn't displace an earlier good one of the same key."""
        answer = api.store(flight, {**flight, "dest": "bad"})

        assert ["created", "rejected"] == [result["status"] for result in answer.body["results"]]
        assert [(1545, "IAH", 1)] == stored(admin)


class TestBadBodies:
    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            ('{"records": []}', 422, "1 to 1000 records"),
            (json.dumps({"records": [{}] * 1001}), 422, "1 to 1000 records, not 1001"),
            ('{"records": {}}', 422, "records"),
            ("{}", 422, "records"),
            ("[]", 422, "records"),
            ('{"records": [1], "more": 1}', 422, "more"),
            ('{"records": [1], "records": [2]}', 422, "records"),
            ("", 400, "not JSON"),
            ("{", 400, "not JSON"),
            ("NaN", 422, "records"),
            (DEEP, 400, "deep"),
            ('{"a":' * 100_000, 400, "deep"),
            ("\ufeff{}", 400, "not JSON"),
            ("\ud800", 400, "decoded"),
            ('{"records": ["' + "x" * 4 * 1024 * 1024 + '"]}', 413, "4 MB"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_refused(self, api, admin, body, status, says):
        """A body that is no batch is refused, with a word on what or where, and nothing is stored."""
        answer = api.post(body)

        assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"])
        assert says in answer.body["detail"]
        assert [] == stored(admin)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000, "-" + "9" * 5000])
    def test_numbers_that_nothing_can_hold(self, api, flight, number):
        """A number that JSON or Python lacks is refused by its field, and its good neighbour is stored."""
        bad = json.dumps(flight | {"flight": 1, "distance": "HERE"}).replace('"HERE"', number)
        answer = api.post(f'{{"records": [{json.dumps(flight)}, {bad}]}}')

        assert ["created", "rejected"] == [result["status"] for result in answer.body["results"]]
        assert [(1, "distance")] == [(error["index"], error["field"]) for error in answer.body["errors"]]

    @pytest.mark.parametrize(
        ("body", "status"), [(b'{"records": "\xff"}', 400), (json.dumps({}).encode("utf-16"), 400), (b"{}", 422)]
    )
    def test_base64(self, api, body, status):
        """A body in base64 is decoded; what is in it must be UTF-8."""
        assert status == api.post(base64.b64encode(body).decode(), isBase64Encoded=True).status

    def test_base64_batch(self, api, flight):
        """A batch in base64 is stored like any other."""
        text = base64.b64encode(json.dumps({"records": [flight]}).encode()).decode()

        assert 1 == api.post(text, isBase64Encoded=True).body["created"]

    @pytest.mark.parametrize("body", ["{}!", "e30", "\u00e9", "\ud800"])
    def test_broken_base64(self, api, body):
        """A body that claims to be base64 and isn't is a bad request."""
        assert 400 == api.post(body, isBase64Encoded=True).status

    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            ("text/plain", 415),
            ("", 415),
            ("application/json; charset=latin-1", 415),
            ("application/jsonp", 415),
            ("Application/JSON; charset=UTF-8", 200),
        ],
    )
    def test_content_type(self, api, flight, kind, status):
        """Only application/json in UTF-8 is taken."""
        assert status == api.post({"records": [flight]}, headers={"content-type": kind}).status

    def test_no_body(self, api):
        """A request without a body is answered, not crashed on."""
        assert 400 == api.send(api.event("POST", "/v1/flights", scope="flights:write", body=None)).status
        assert 400 == api.send(api.event("POST", "/v1/flights", scope="flights:write")).status

    def test_strange_query(self, api, flight):
        """A parameter that ingest doesn't know is named."""
        assert [(None, "dry_run")] == api.post({"records": [flight]}, queryStringParameters={"dry_run": "1"}).faults


def test_faults_are_in_order(api, flight):
    """The faults of a batch come in the order of its records."""
    bad = [{**flight, "dest": "x"} if number % 2 else {**flight, "flight": 1} for number in range(20)]
    indices = [index for index, _ in api.store(*bad).faults]

    assert all(before <= after for before, after in pairwise(indices))
