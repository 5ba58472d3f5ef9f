"""What every request has in common: scopes, identity, timing, metrics, and events with gaps."""

import json
from pathlib import Path

import pytest

from service.app import Handler
from service.routes import OPERATIONS

HEALTH = "/v1/health"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class TestScopes:
    @pytest.mark.parametrize(
        ("method", "path", "query"),
        [
            ("POST", "/v1/flights", ""),
            ("GET", "/v1/flights", ""),
            ("GET", "/v1/flights/2013-01-01/UA/1/EWR", ""),
            ("GET", "/v1/stats/delays", "group_by=month"),
        ],
    )
    @pytest.mark.parametrize(
        ("authorizer", "status"),
        [
            (None, 401),
            ({}, 401),
            ({"jwt": None}, 401),
            ({"jwt": {"claims": None}}, 401),
            ({"jwt": {"claims": {}, "scopes": ["flights:read", "flights:write"]}}, 403),
            ({"jwt": {"claims": {"scope": ""}}}, 403),
            ({"jwt": {"claims": {"scope": 5}}}, 403),
            ({"jwt": {"claims": {"scope": "flights:readwrite flights"}}}, 403),
            ({"lambda": {"scope": "flights:read flights:write"}}, 401),
        ],
    )
    def test_refused(self, api, method, path, query, authorizer, status):
        """Without a checked token the answer is 401, without the scope 403, both as problems."""
        event = api.event(method, path, query, body='{"records": [1]}')
        event["requestContext"]["authorizer"] = authorizer
        answer = api.send(event)

        assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"])
        assert ("Bearer" if status == 401 else None) == answer.headers.get("www-authenticate")

    @pytest.mark.parametrize(("scope", "status"), [("flights:write", 403), ("canary:read", 200), ("flights:read", 200)])
    def test_reading(self, api, scope, status):
        """Reading takes flights:read or canary:read."""
        assert status == api.get("/v1/flights", scope=scope).status

    @pytest.mark.parametrize(("scope", "status"), [("flights:read", 403), ("canary:read", 403), ("flights:write", 200)])
    def test_writing(self, api, flight, scope, status):
        """Writing takes flights:write."""
        assert status == api.post({"records": [flight]}, scope=scope).status

    @pytest.mark.parametrize(
        "scope", ["openid flights:read", ["openid", "flights:read"], "[openid flights:read]", "[openid, flights:read]"]
    )
    def test_shapes(self, api, scope):
        """Scopes come as text, as a list, or as the gateway writes a list."""
        assert 200 == api.get("/v1/flights", scope=scope).status

    def test_health_needs_none(self, api):
        """Health is asked without a token."""
        answer = api.get(HEALTH, scope=None)

        assert (200, {"status": "ok"}) == (answer.status, answer.body)


class TestColdStart:
    def test_only_the_first_request_was_cold(self, api):
        """An environment says of its first request, and of no other, that it was cold."""
        assert ["true", None] == [api.get(HEALTH).emf[0].get("cold_start") for _ in range(2)]


class TestIdentity:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ("abc-123", "abc-123"),
            ("", "JKJaXmPLvHcESHA="),
            ("a b", "JKJaXmPLvHcESHA="),
            ("x" * 129, "JKJaXmPLvHcESHA="),
        ],
    )
    def test_request_id(self, api, given, told):
        """A sane x-request-id is kept, any other replaced by the gateway's, and both are in the log line."""
        answer = api.get(HEALTH, headers={"x-request-id": given})

        assert (told, told) == (answer.headers["x-request-id"], answer.emf[0]["request_id"])
        assert "JKJaXmPLvHcESHA=" == answer.emf[0]["gateway_request_id"]

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (TRACE, TRACE),
            ("", None),
            (TRACE.upper(), None),
            (TRACE.replace("b7ad6b7169203331", "0" * 16), None),
            (f"{TRACE}\n", None),
        ],
    )
    def test_traceparent(self, api, given, told):
        """A valid traceparent is carried through to the answer and the log line, any other dropped."""
        answer = api.get(HEALTH, headers={"traceparent": given})

        assert (told, told) == (answer.headers.get("traceparent"), answer.emf[0].get("traceparent"))

    def test_server_timing(self, api, flight):
        """Server-Timing splits the total into reading and writing."""
        names = [
            [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")]
            for answer in (api.store(flight), api.get("/v1/flights"), api.get("/nothing"))
        ]

        assert [["total", "db_write"], ["total", "db_read"], ["total"]] == names


class TestMetrics:
    def test_one_line(self, api):
        """A request prints one line of embedded metrics, with a dimension set for the service and one for the route."""
        (line,) = api.get("/v1/flights").emf
        (directive,) = line["_aws"]["CloudWatchMetrics"]

        assert "FlightsQuality" == directive["Namespace"]
        assert [["stage", "service"], ["stage", "service", "route", "op"]] == directive["Dimensions"]
        assert {"latency_ms": "Milliseconds", "fault": "Count", "db_read_ms": "Milliseconds"} == {
            metric["Name"]: metric["Unit"] for metric in directive["Metrics"]
        }
        assert {"stage": "test", "service": "flights", "route": "GET /v1/flights", "op": "read"}.items() <= line.items()
        assert ([0], 1, 200) == (line["fault"], len(line["db_read_ms"]), line["status"])

    @pytest.mark.parametrize(
        ("method", "path", "route", "operation"),
        [
            ("POST", "/v1/flights", "POST /v1/flights", "write"),
            (
                "GET",
                "/v1/flights/2013-01-01/UA/1/EWR",
                "GET /v1/flights/{flight_date}/{carrier}/{flight}/{origin}",
                "read",
            ),
            ("GET", "/v1/flights/a/b/c/d/e", "unmatched", "unmatched"),
            ("GET", "/.env", "unmatched", "unmatched"),
            ("DELETE", "/v1/flights", "unmatched", "unmatched"),
        ],
    )
    def test_route(self, api, method, path, route, operation):
        """A route is its template, and what matches none is one route, so that strangers can't mint metrics."""
        (line,) = api.send(api.event(method, path)).emf

        assert (route, operation) == (line["route"], line["op"])

    def test_fault(self, api, environment):
        """An answer of 500 and above counts as a fault."""
        broken = Handler({**environment, "FLIGHTS_DB_PASSWORD_READER": "wrong"})
        (line,) = type(api)(broken).get(HEALTH).emf

        assert ([1], 503) == (line["fault"], line["status"])

    def test_operations_are_the_routes(self):
        """The routes that metrics know are the routes that are described."""
        paths = json.loads(Path("service/openapi.json").read_text())["paths"]

        assert set(OPERATIONS) == {f"{method.upper()} {path}" for path, item in paths.items() for method in item}


class TestProblems:
    @pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/v2/flights"), ("PUT", "/v1/flights")])
    def test_no_route(self, api, method, path):
        """What no route takes is a 404 problem."""
        answer = api.send(api.event(method, path, scope="flights:read"))

        assert {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing at this path.",
        } == answer.body

    def test_misconfigured(self, api, environment):
        """A fault of our own is a 500 problem that tells nothing of the inside."""
        broken = Handler({**environment, "FLIGHTS_DB_DSN": ""})
        answer = type(api)(broken).get("/v1/flights")

        assert (500, "Something went wrong on our side.") == (answer.status, answer.body["detail"])
        assert "FLIGHTS" not in json.dumps(answer.body)

    @pytest.mark.parametrize(
        "event",
        [
            {},
            [],
            None,
            "event",
            {"requestContext": {}},
            {"requestContext": "text"},
            {"requestContext": {"http": ["GET"]}},
            {"requestContext": {"http": "GET"}},
            {"Records": []},
            {"rawPath": None, "headers": None},
            {"rawPath": 5, "headers": [["x-request-id", "a"]]},
            {"httpMethod": "GET", "path": "/v1/health", "requestContext": {"elb": {"targetGroupArn": "arn"}}},
            {
                "version": "1.0",
                "httpMethod": "GET",
                "path": "/v1/health",
                "multiValueHeaders": {"x-request-id": ["a"]},
                "requestContext": {"stage": "prod", "identity": {}},
            },
        ],
    )
    def test_no_event(self, api, event):
        """What is no event of an HTTP API is answered all the same."""
        assert (500, "unknown") == ((answer := api.send(event)).status, answer.headers["x-request-id"])


class TestEvents:
    @pytest.mark.parametrize("path", ["/prod/v1/health", "/v1/health"])
    def test_named_stage(self, api, path):
        """A named stage may stand in the path, and behind a custom domain doesn't."""
        event = api.event("GET", HEALTH, stage="prod")

        assert 200 == api.send({**event, "rawPath": path}).status

    @pytest.mark.parametrize("gap", ["pathParameters", "queryStringParameters", "headers", "stageVariables", "cookies"])
    @pytest.mark.parametrize("present", [True, False])
    def test_gaps(self, api, gap, present):
        """Members of the event may be null or absent."""
        event = api.event("GET", "/v1/flights", scope="flights:read")
        event.pop(gap, None)

        assert 200 == api.send({**event, gap: None} if present else event).status
