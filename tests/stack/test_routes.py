"""Routes: which one a request takes, and how they are read from OpenAPI."""

from __future__ import annotations

import pytest

from stack.routes import Route, RouteTable, routes_from_openapi

TABLE = RouteTable(
    [
        Route(method=method, path=path)
        for method, path in [
            ("ANY", "$default"),
            ("GET", "/{rest+}"),
            ("ANY", "/pets/{rest+}"),
            ("ANY", "/pets/{kind}"),
            ("GET", "/pets/{kind}"),
            ("GET", "/pets/dog"),
            ("GET", "/pets/{kind}/{number}"),
            ("GET", "/pets/dog/{number}"),
            ("POST", "/a.b"),
        ]
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog", "GET /pets/dog", {}),
        ("GET", "/pets/cat", "GET /pets/{kind}", {"kind": "cat"}),
        ("PUT", "/pets/dog", "ANY /pets/{kind}", {"kind": "dog"}),
        ("GET", "/pets/dog/1", "GET /pets/dog/{number}", {"number": "1"}),
        ("GET", "/pets/cat/1", "GET /pets/{kind}/{number}", {"kind": "cat", "number": "1"}),
        ("GET", "/pets/cat/1/2", "ANY /pets/{rest+}", {"rest": "cat/1/2"}),
        ("GET", "/pets/a%2Fb%20%C3%A4", "GET /pets/{kind}", {"kind": "a/b ä"}),
        ("GET", "/pets/", "GET /{rest+}", {"rest": "pets/"}),
        ("GET", "/else", "GET /{rest+}", {"rest": "else"}),
        ("PUT", "/else", "$default", {}),
        ("POST", "/a.b", "POST /a.b", {}),
        ("POST", "/axb", "$default", {}),
        ("GET", "/", "$default", {}),
    ],
)
def test_choice(method, path, key, parameters):
    """The most particular route takes the request, whatever the order in which they were given."""
    route, found = TABLE.match(method, path)
    assert (key, parameters) == (route.key, found)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/b"), ("POST", "/a"), ("get", "/a"), ("GET", "/a/"), ("GET", "/A")]
)
def test_nothing_fits(method, path):
    """Without a default route a request may find none, for its method or for its path."""
    assert RouteTable([Route(method="GET", path="/a")]).match(method, path) is None


def document(**operation):
    """Compose an OpenAPI document of one path with one operation."""
    return {"paths": {"/a/{b}": {"get": operation, "parameters": [], "summary": "x"}}}


@pytest.mark.parametrize(
    ("security", "authorized", "scopes"),
    [
        ([], False, ()),
        ([{"jwt": ["flights:read"]}], True, ("flights:read",)),
        ([{"jwt": ["flights:read"]}, {"jwt": ["canary:read"]}], True, ("flights:read", "canary:read")),
        ([{"jwt": []}], True, ()),
    ],
)
def test_openapi(security, authorized, scopes):
    """Each operation is a route; its alternatives of security are the scopes of which one is enough."""
    expected = (Route(method="GET", path="/a/{b}", authorized=authorized, scopes=scopes),)
    assert expected == routes_from_openapi(document(security=security))
    assert expected == routes_from_openapi(document() | {"security": security})


@pytest.mark.parametrize(
    "security",
    [[{"jwt": ["a", "b"]}], [{"jwt": ["a"], "key": []}], [{}], [{"jwt": ["a"]}, {}], [{"jwt": ["a"]}, {"jwt": []}]],
)
def test_openapi_that_a_jwt_authorizer_cannot_express(security):
    """Security that would be weakened by any-of scopes is refused, and the operation named."""
    with pytest.raises(ValueError, match=r"GET /a/\{b\}"):
        routes_from_openapi(document(security=security))
