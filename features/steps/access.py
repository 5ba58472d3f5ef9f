"""Tokens: forged ones, ones that ran out, ones for other scopes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import requests
from pytest_bdd import given, parsers, then, when

from features.airline import found
from features.deployment import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from features.airline import Airline
    from features.api import Api


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _unsigned(token: str) -> str:
    return f"{_encode(json.dumps({'alg': 'none', 'typ': 'JWT'}).encode())}.{token.split('.')[1]}."


def _password_signed(token: str) -> str:
    header = {**json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")), "alg": "HS256"}
    signed = f"{_encode(json.dumps(header).encode())}.{token.split('.')[1]}"
    return f"{signed}.{_encode(hmac.digest(b'password', signed.encode(), hashlib.sha256))}"


def _other_claims(token: str) -> str:
    header, _, signature = token.split(".")
    claims = {**_claims(token), "scope": "flights:read flights:write"}
    return f"{header}.{_encode(json.dumps(claims).encode())}.{signature}"


FORGED: Mapping[str, Callable[[str], str]] = {
    "a word": lambda _: "please",
    "empty": lambda _: "",
    "unsigned": _unsigned,
    "signed with a password": _password_signed,
    "the analyst's with other claims": _other_claims,
    "the analyst's cut short": lambda token: token[:-20],
}


def issue(api: Api, scope: str, *, expires_in: int) -> Token:
    """Have the local stack's issuer make a token; raises requests.HTTPError when it does not."""
    order: dict[str, str | int] = {"scope": scope, "expires_in": expires_in}
    answer = requests.post(f"{api.deployment.control_url}/tokens", json=order, timeout=10)
    answer.raise_for_status()
    return Token(answer.json()["token"])


@given(parsers.parse("a token for {scope} that ran out a minute ago"), target_fixture="token")
def ran_out(api: Api, scope: str) -> Token:
    return issue(api, scope, expires_in=-60)


@given("a token for no scope at all", target_fixture="token")
def no_scope(api: Api) -> Token:
    return issue(api, "", expires_in=60)


@given(parsers.re(r"a token for (?P<scopes>[a-z]+:[a-z]+(?: [a-z]+:[a-z]+)*)"), target_fixture="token")
def token_for(api: Api, scopes: str) -> Token:
    return issue(api, scopes, expires_in=60)


@when(parsers.parse("somebody asks for {path} with a token that is {forged}"), target_fixture="answer")
def asks_with_forged(api: Api, path: str, forged: str) -> requests.Response:
    return api.ask_with(Token(FORGED[forged](api.deployment.token("flights:read").value)), path)


@when(parsers.parse("somebody asks for {path} with that token"), target_fixture="answer")
def asks_with(api: Api, path: str, token: Token) -> requests.Response:
    return api.ask_with(token, path)


@when(parsers.parse("somebody looks up flight {number:d} from {origin} with that token"), target_fixture="answer")
def looks_up_with(api: Api, airline: Airline, number: int, origin: str, token: Token) -> requests.Response:
    return api.ask_with(token, airline.path(number, origin))


@then("the service says that it is ok")
def is_ok(answer: requests.Response) -> None:
    assert found(answer)["status"] == "ok"
