"""The JWT authorizer of an HTTP API: from an Authorization header and a route's scopes to claims or a refusal.

The rules are those of "Control access to HTTP APIs with JWT authorizers",
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stack.routes import Route

_ALGORITHMS: Final = ["RS256", "RS384", "RS512"]  # AWS takes RSA signatures alone
_REMEMBERED: Final = 1024  # tokens whose signature is known to be good


@dataclass(frozen=True, slots=True)
class Authorized:
    """A good token. `context` is what the function finds under `requestContext.authorizer`."""

    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request may not pass: the status, and the headers that go with it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()


_FORBIDDEN: Final = Refusal(403)


def _unauthorized(why: str = "") -> Refusal:
    """Refuse with 401; a token that was given but is not good is told what is wrong with it."""
    details = f' scope="" error="invalid_token" error_description="{why}"' if why else ""
    return Refusal(401, ((b"www-authenticate", b"Bearer" + details.encode()),))


class Authorizer:
    """Checks tokens against a JWKS: the signature once a token; the clock, the claims and the scopes every time."""

    def __init__(
        self, jwks: Mapping[str, Any], *, issuer: str, audience: Sequence[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type] # a JWKS is what a JWKS is
        self._issuer = issuer
        self._audience = frozenset(audience)
        self._clock = clock
        self._claims: dict[str, Mapping[str, Any]] = {}

    def __call__(self, header: str | None, route: Route) -> Authorized | Refusal:
        """Decide on one request; `header` is the Authorization header, with or without `Bearer` before the token."""
        token = (header or "").removeprefix("Bearer ").strip()
        if not token:
            return _unauthorized()
        claims = self._claims.get(token) or self._verified(token)
        if claims is None:
            return _unauthorized("the token is not signed with a key of the issuer")
        if why := self._fault_of(claims):
            return _unauthorized(why)
        if route.scopes and not _held_scopes(claims).intersection(route.scopes):
            return _FORBIDDEN
        texts = {name: _text(value) for name, value in claims.items()}
        return Authorized({"jwt": {"claims": texts, "scopes": list(route.scopes) or None}})

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        try:
            decoded = jwt.decode(token, self._keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            return None  # anybody may write anything into a token's head, and not all of it is expected by the library
        if "kid" not in decoded.header:
            return None
        if len(self._claims) >= _REMEMBERED:
            self._claims.pop(next(iter(self._claims)))
        self._claims[token] = decoded.claims
        return decoded.claims

    def _fault_of(self, claims: Mapping[str, Any]) -> str:
        """Say what is wrong with the claims now, or nothing: iss, aud (or else client_id), exp, nbf, iat."""
        now = self._clock()
        meant_for = claims.get("aud", claims.get("client_id"))
        audience = meant_for if isinstance(meant_for, list) else [meant_for]
        expires, *since = [claims.get("exp"), claims.get("nbf", 0), claims.get("iat", 0)]
        if claims.get("iss") != self._issuer:
            return "the token does not have a valid issuer"
        if not any(one in self._audience for one in audience if isinstance(one, str)):
            return "the token does not have a valid audience"
        if not _is_number(expires) or now >= expires:
            return "the token has expired"
        if not all(_is_number(moment) and now >= moment for moment in since):
            return "the token is not valid yet"
        return ""


def _is_number(value: object) -> TypeGuard[float]:
    return (isinstance(value, float) and math.isfinite(value)) or (type(value) is int)


def _held_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    held = claims.get("scope", claims.get("scp"))
    listed = held.split() if isinstance(held, str) else held if isinstance(held, list) else []
    return frozenset(scope for scope in listed if isinstance(scope, str))


def _text(value: object) -> str:
    """Write a claim as the authorizer hands it on: text as it is, a list in brackets without commas, else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + " ".join(map(_text, value)) + "]"
    return msgspec.json.encode(value).decode()
