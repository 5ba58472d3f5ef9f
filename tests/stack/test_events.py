"""Payload format 2.0: requests to events, answers to responses."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.events import MalformedAnswerError, Request, Response, clf_time, event, response

PLAIN = {
    "method": "GET",
    "raw_path": "/v1/flights/2013-01-01",
    "query": "",
    "protocol": "HTTP/1.1",
    "headers": [(b"host", b"api.example:8080"), (b"user-agent", b"probe/1")],
    "body": b"",
    "source_ip": "192.0.2.1",
    "request_id": "JKJaXmPLvHcESHA=",
    "moment": 1583953438.4,
    "route_key": "GET /v1/flights/{date}",
    "path_parameters": {"date": "2013-01-01"},
}


def made(**changes):
    """Compose the event of a request that differs from the plain one."""
    return json.loads(event(Request(**{**PLAIN, **changes})))


def test_a_plain_request_in_full():
    """The event of a plain request has exactly the keys of the format, and none for what the request lacks."""
    expected = {
        "version": "2.0",
        "routeKey": "GET /v1/flights/{date}",
        "rawPath": "/v1/flights/2013-01-01",
        "rawQueryString": "",
        "headers": {"host": "api.example:8080", "user-agent": "probe/1"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "api.example",
            "domainPrefix": "api",
            "http": {
                "method": "GET",
                "path": "/v1/flights/2013-01-01",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "probe/1",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "GET /v1/flights/{date}",
            "stage": "$default",
            "time": "11/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583953438400,
        },
        "pathParameters": {"date": "2013-01-01"},
        "isBase64Encoded": False,
    }
    assert expected == made()


def test_the_authorizers_context():
    """What the authorizer found out stands in the request context."""
    assert {"jwt": {"claims": {}}} == made(authorizer={"jwt": {"claims": {}}})["requestContext"]["authorizer"]


def test_no_path_variables():
    """A route without variables has no `pathParameters`."""
    assert "pathParameters" not in made(path_parameters={})


def test_cookies():
    """Cookies of all Cookie headers are a list of their own, and no header."""
    fields = [(b"cookie", b"a=1; b=2"), (b"x", b"y"), (b"cookie", b"c=3;d=4;")]
    document = made(headers=fields)
    assert (["a=1", "b=2", "c=3", "d=4"], {"x": "y"}) == (document["cookies"], document["headers"])


def test_duplicate_headers():
    """Headers of one name are joined with a comma and no space."""
    assert {"accept": "a,b", "x": "1"} == made(headers=[(b"accept", b"a"), (b"x", b"1"), (b"accept", b"b")])["headers"]


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("a=1&b=2&a=3", {"a": "1,3", "b": "2"}),
        ("a=&b", {"a": "", "b": ""}),
        ("q=J%C3%BCrgen+M%20%26", {"q": "Jürgen M &"}),
        ("%61=%ff", {"a": "\ufffd"}),
    ],
)
def test_query(query, parameters):
    """Query parameters are decoded, duplicates joined with a comma; the raw query stays as it came."""
    document = made(query=query)
    assert (query, parameters) == (document["rawQueryString"], document["queryStringParameters"])


@pytest.mark.parametrize(
    ("content_type", "body", "text", "encoded"),
    [
        (b"application/json", b'{"a":"\xc3\xa4"}', '{"a":"ä"}', False),
        (b"Application/JSON; charset=utf-8", b"{}", "{}", False),
        (b"text/csv", b"a,b", "a,b", False),
        (b"application/xml", b"<a/>", "<a/>", False),
        (b"application/javascript", b"1", "1", False),
        (b"application/x-www-form-urlencoded", b"a=1", "YT0x", True),
        (b"application/octet-stream", b"\x00\xff", "AP8=", True),
        (b"text/plain", b"\xff", "/w==", True),
        (b"", b"a", "YQ==", True),
    ],
)
def test_body(content_type, body, text, encoded):
    """Text is carried as it is, everything else as base64."""
    document = made(headers=[(b"content-type", content_type)], body=body)
    assert (text, encoded) == (document["body"], document["isBase64Encoded"])


@given(st.binary(min_size=1), st.sampled_from([b"text/plain", b"application/json", b"image/png", b""]))
def test_a_body_survives(body, content_type):
    """Whatever the body and its type, the handler can get the same bytes back."""
    document = made(headers=[(b"content-type", content_type)], body=body)
    text = document["body"]
    assert body == (base64.b64decode(text) if document["isBase64Encoded"] else text.encode())


@given(st.text(), st.text())
def test_a_path_survives(path, query):
    """Whatever bytes stand in a path or a query, the event is JSON."""
    assert isinstance(made(raw_path="/" + path, query=query), dict)


def test_time_is_in_utc():
    """The moment is written as in log files, in UTC."""
    assert "01/Jan/1970:00:00:00 +0000" == clf_time(0)


JSON_TYPE = (b"content-type", b"application/json")
TEXT_TYPE = (b"content-type", b"text/plain;charset=UTF-8")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"a": "ä"}, Response(200, (JSON_TYPE,), b'{"a": "\\u00e4"}')),
        ("hello", Response(200, (JSON_TYPE,), b"hello")),
        (None, Response(200, (JSON_TYPE,), b"null")),
        ([1], Response(200, (JSON_TYPE,), b"[1]")),
        ({"statusCode": 201}, Response(201, (TEXT_TYPE,), b"")),
        ({"statusCode": 200, "body": "ä"}, Response(200, (TEXT_TYPE,), "ä".encode())),
        ({"statusCode": 200, "body": None, "headers": None}, Response(200, (TEXT_TYPE,), b"")),
        ({"statusCode": 204, "body": "x"}, Response(204, (TEXT_TYPE,), b"")),
        (
            {"statusCode": 200, "headers": {"Content-Type": "application/json", "X-Count": 3, "X-On": True}},
            Response(200, (JSON_TYPE, (b"x-count", b"3"), (b"x-on", b"true")), b""),
        ),
        (
            {"statusCode": 200, "headers": {"content-length": "7", "Transfer-Encoding": "chunked", "Connection": "x"}},
            Response(200, (TEXT_TYPE,), b""),
        ),
        (
            {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"]},
            Response(200, (TEXT_TYPE, (b"set-cookie", b"a=1; Secure"), (b"set-cookie", b"b=2")), b""),
        ),
        ({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}, Response(200, (TEXT_TYPE,), b"\x00\xff")),
    ],
)
def test_response(answer, expected):
    """An answer becomes the response that it describes, or a JSON document where it describes none."""
    assert expected == response(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"\xff",
        b'{"statusCode": "200"}',
        b'{"statusCode": true}',
        b'{"statusCode": null}',
        b'{"statusCode": 99}',
        b'{"statusCode": 600}',
        b'{"statusCode": 1e400}',
        b'{"statusCode": 200, "headers": []}',
        b'{"statusCode": 200, "headers": "x"}',
        b'{"statusCode": 200, "headers": {"a": []}}',
        b'{"statusCode": 200, "headers": {"a": null}}',
        b'{"statusCode": 200, "headers": {"a b": "c"}}',
        b'{"statusCode": 200, "headers": {"": "c"}}',
        b'{"statusCode": 200, "headers": {"a": "b\\r\\nset-cookie: c"}}',
        b'{"statusCode": 200, "cookies": "a=1"}',
        b'{"statusCode": 200, "cookies": [1]}',
        b'{"statusCode": 200, "cookies": ["a\\nb"]}',
        b'{"statusCode": 200, "body": {}}',
        b'{"statusCode": 200, "body": 1}',
        b'{"statusCode": 200, "body": "!", "isBase64Encoded": true}',
        b'{"statusCode": 200, "body": "\xc3\xa4", "isBase64Encoded": true}',
        b'{"statusCode": 200, "body": "x", "isBase64Encoded": "yes"}',
        b'{"statusCode": 200, "body": "\\ud800"}',
    ],
)
def test_a_malformed_answer(payload):
    """An answer of a shape that the gateway cannot send is an error of the function."""
    with pytest.raises(MalformedAnswerError):
        response(payload)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON_VALUES, st.fixed_dictionaries({}, optional=dict.fromkeys(["headers", "cookies", "body"], JSON_VALUES)))
def test_whatever_a_function_answers(status, rest):
    """Whatever JSON a function answers becomes a response without line breaks in its head, or a malformed answer."""
    try:
        made_of_it = response(json.dumps({"statusCode": status, **rest}).encode())
    except MalformedAnswerError:
        return
    assert 200 <= made_of_it.status <= 599
    assert not any(b"\n" in part or b"\r" in part for header in made_of_it.headers for part in header)
