"""One Postgres server a session, one database a module; the handler in this process, asked by payload 2.0 events."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import psycopg
import pytest
from hypothesis import settings
from jsonschema import Draft202012Validator
from psycopg import sql

from service.app import Handler
from service.logins import Login, connect, password_variable
from service.migrate import load, migrate
from service.roles import bootstrap
from stack.postgres import Server, start

if TYPE_CHECKING:
    from collections.abc import Iterator

FLIGHT = {
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
_databases = count()
# A law holds on a busy machine, too.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with start(durable=False) as running:
        yield running


def make_environment(server: Server, name: str) -> dict[str, str]:
    """Make a database and the environment that a deployment would see, without roles or schema."""
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {
        "FLIGHTS_DB_DSN": f"host={server.host} port={server.port} dbname={name}",
        "FLIGHTS_DB_ADMIN_USER": server.admin_user,
        "FLIGHTS_DB_ADMIN_PASSWORD": server.admin_password,
        "FLIGHTS_STAGE": "test",
        **{password_variable(login): f"{login.name} secret" for login in Login},
    }


@pytest.fixture(scope="module")
def bare(server: Server) -> dict[str, str]:
    return make_environment(server, f"flights_{next(_databases)}")


@pytest.fixture(scope="module")
def environment(bare: dict[str, str]) -> dict[str, str]:
    bootstrap(bare)
    with connect(Login.MIGRATOR, bare) as connection:
        migrate(connection, load())
    return bare


@pytest.fixture
def admin(server: Server, environment: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees everything, to a database that holds the canary alone."""
    name = psycopg.conninfo.conninfo_to_dict(environment["FLIGHTS_DB_DSN"])["dbname"]
    with server.connect(str(name)) as connection:
        connection.execute("DELETE FROM flights.flight WHERE flight_date > '1970-01-01'")
        yield connection


@dataclass
class Answer:
    """What came back: the status, the headers by lower-case name, the body decoded, and the lines that were logged."""

    status: int
    headers: dict[str, str]
    body: Any
    emf: list[dict[str, Any]] = field(default_factory=list)

    @property
    def faults(self) -> list[tuple[Any, str]]:
        return [(fault.get("index"), fault["field"]) for fault in self.body["errors"]]


OPENAPI = json.loads((Path(__file__).parents[2] / "service" / "openapi.json").read_text())


@cache
def described(route: str, status: int, media: str) -> Draft202012Validator:
    """The schema of an answer, as the committed description has it; KeyError where it knows no such answer."""
    method, path = route.split(" ")
    content = OPENAPI["paths"][path][method.lower()]["responses"][str(status)]["content"]
    return Draft202012Validator({**content[media]["schema"], "components": OPENAPI["components"]})


def check_described(route: str, answer: Answer) -> None:
    """Hold an answer against the description: nothing may be answered that is not in it."""
    if route != "unmatched":
        described(route, answer.status, answer.headers["content-type"]).validate(answer.body)
    elif answer.status < 500:
        assert {"type", "title", "status", "detail"} == answer.body.keys()


@dataclass
class Api:
    """The handler, asked as the gateway asks it; every answer is held against the committed description."""

    handler: Handler

    @staticmethod
    def event(method: str, path: str, query: str = "", **more: Any) -> dict[str, Any]:
        return make_event(method, path, query, **more)

    def send(self, event: dict[str, Any]) -> Answer:
        logged = io.StringIO()
        with redirect_stdout(logged):
            response = self.handler(event, None)
        headers = {name.lower(): value for name, value in response["headers"].items()}
        lines = [json.loads(line) for line in logged.getvalue().splitlines()]
        answer = Answer(response["statusCode"], headers, json.loads(response["body"]), lines)
        check_described(lines[0]["route"], answer)
        return answer

    def get(self, path: str, query: str = "", scope: str = "flights:read", **more: Any) -> Answer:
        return self.send(make_event("GET", path, query, scope=scope, **more))

    def post(self, body: Any, scope: str = "flights:write", **more: Any) -> Answer:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.send(make_event("POST", "/v1/flights", body=text, scope=scope, **more))

    def store(self, *records: Any) -> Answer:
        return self.post({"records": list(records)})


def make_event(
    method: str,
    path: str,
    query: str = "",
    *,
    scope: Any = None,
    headers: dict[str, str] | None = None,
    stage: str = "$default",
    **more: Any,
) -> dict[str, Any]:
    """An event of an HTTP API, payload format 2.0, in the shape that AWS documents; `more` replaces whole members."""
    route = f"{method} /{{proxy+}}"
    pairs: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        pairs[name] = f"{pairs[name]},{value}" if name in pairs else value
    authorizer = {} if scope is None else {"authorizer": {"jwt": {"claims": {"scope": scope}, "scopes": None}}}
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path if stage == "$default" else f"/{stage}{path}",
        "rawQueryString": query,
        "headers": {"content-type": "application/json", "host": "api.example", **(headers or {})},
        **({"queryStringParameters": pairs} if pairs else {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            **authorizer,
            "domainName": "api.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": stage,
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "isBase64Encoded": False,
        **more,
    }


@pytest.fixture
def api(environment: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Api]:
    request.getfixturevalue("admin")  # which empties the table
    handler = Handler(environment)
    yield Api(handler)
    handler.close()


@pytest.fixture
def flight() -> dict[str, Any]:
    return dict(FLIGHT)
