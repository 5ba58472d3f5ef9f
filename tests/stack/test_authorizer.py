"""The JWT authorizer over genuine signatures."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from stack.authorizer import Authorized, Authorizer, Refusal
from stack.routes import Route

NOW = 1_800_000_000
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
JWKS = KeySet([KEY, CURVE]).as_dict(private=False)
CLAIMS = {
    "iss": "https://issuer.example",
    "aud": "flights",
    "exp": NOW + 60,
    "nbf": NOW,
    "iat": NOW,
    "scope": "flights:read other",
}
READ = Route(method="GET", path="/", authorized=True, scopes=("flights:read", "canary:read"))


def authorizer(now=NOW):
    """Compose the authorizer under test, at a moment."""
    return Authorizer(JWKS, issuer="https://issuer.example", audience=["flights", "else"], clock=lambda: now)


def token(key=KEY, header=(), **changes):
    """Sign a token whose claims differ from the good ones; None leaves a claim out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one"} | dict(header), claims, key)


def confused():
    """Sign a token with the public key as if that were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    signed = f"{head}.{token().split('.')[1]}"
    code = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"


@pytest.mark.parametrize("header", ["Bearer {}", "{}"])
def test_a_good_token_passes(header):
    """A token passes with or without `Bearer` before it, and its claims come out as texts."""
    good = token(roles=["a", "b"], admin=True, weight=1.5)
    passed = authorizer()(header.format(good), READ)
    claims = {name: str(value) for name, value in CLAIMS.items()} | {"roles": "[a b]", "admin": "true", "weight": "1.5"}
    assert Authorized({"jwt": {"claims": claims, "scopes": ["flights:read", "canary:read"]}}) == passed


def test_a_route_without_scopes():
    """Where a route names no scopes, any good token passes, and `scopes` is null."""
    passed = authorizer()(token(scope=None), Route(method="GET", path="/", authorized=True))
    assert isinstance(passed, Authorized)
    assert passed.context["jwt"]["scopes"] is None


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer"])
def test_no_token(header):
    """Without a token the answer is 401 and names the scheme."""
    refused = authorizer()(header, READ)
    assert isinstance(refused, Refusal)
    assert (401, b"www-authenticate") == (refused.status, refused.headers[0][0])
    assert refused.headers[0][1].startswith(b"Bearer")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("nonsense", b"signed"),
        ("a.b.c", b"signed"),
        ("\xe4.\xf6.\xfc", b"signed"),
        (token(OTHER), b"signed"),
        (token(KEY, {"kid": "two"}), b"signed"),
        (token(CURVE, {"alg": "ES256", "kid": "curve"}), b"signed"),
        (token()[:-8] + "AAAAAAAA", b"signed"),
        (confused(), b"signed"),
        (f"{base64.urlsafe_b64encode(b'{}').decode()}.{token().split('.')[1]}.", b"signed"),
        (f"eyJhbGciOiJub25lIn0.{token().split('.')[1]}.", b"signed"),  # {"alg":"none"}
        (token(iss="https://evil.example"), b"issuer"),
        (token(iss=None), b"issuer"),
        (token(aud="others"), b"audience"),
        (token(aud=[]), b"audience"),
        (token(aud=[{}]), b"audience"),
        (token(aud=None), b"audience"),
        (token(aud="others", client_id="flights"), b"audience"),
        (token(exp=NOW), b"expired"),
        (token(exp=None), b"expired"),
        (token(nbf=NOW + 1), b"not valid yet"),
        (token(iat=NOW + 1), b"not valid yet"),
        (token(exp=float("nan")), b"expired"),
        (token(exp=float("inf")), b"expired"),
        (token(exp=True), b"expired"),
        (f"{token()},{token()}", b"signed"),
        (jws.serialize_compact({"alg": "RS256", "kid": "one"}, b"[" * 4000, KEY), b"signed"),
    ],
)
def test_a_bad_token(bad, why):
    """A token that is not good is refused with 401 and the reason."""
    refused = authorizer()(f"Bearer {bad}", READ)
    assert isinstance(refused, Refusal)
    assert (401, True) == (refused.status, why in refused.headers[0][1])


@pytest.mark.parametrize(
    "changes", [{"aud": ["x", "flights"]}, {"aud": None, "client_id": "else"}, {"scope": None, "scp": ["canary:read"]}]
)
def test_other_forms_of_claims(changes):
    """Several audiences, a client id in place of an audience and `scp` in place of `scope` are taken."""
    assert isinstance(authorizer()(token(**changes), READ), Authorized)


@pytest.mark.parametrize("scope", [None, "", "flights:write", "flights:readonly", "FLIGHTS:READ"])
def test_a_token_that_lacks_the_scope(scope):
    """A good token without one of the route's scopes is refused with 403."""
    assert Refusal(403) == authorizer()(token(scope=scope), READ)


def test_a_token_that_is_remembered_still_expires():
    """The signature is remembered, the clock is not: a token expires for the one who has just used it."""
    now = [NOW]
    held = Authorizer(JWKS, issuer="https://issuer.example", audience=["flights"], clock=lambda: now[0])
    good = token()
    before = held(good, READ)
    now[0] = NOW + 60
    assert (Authorized, Refusal) == (type(before), type(held(good, READ)))


def test_a_memory_with_an_end():
    """However many tokens come, the authorizer remembers no more than a bounded number of them."""
    held = authorizer()
    for number in range(1100):
        assert isinstance(held(token(number=number), READ), Authorized)
    assert len(held._claims) == 1024


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
HEADS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "cty", "crit", "b64", "enc", "zip", "jwk", "x5c"]), VALUES
)


@given(HEADS | HEADS.map(lambda head: head | {"alg": "RS256", "kid": "one"}) | VALUES)
def test_any_head(head):
    """Whatever a stranger writes into a token's head, the token is refused with 401."""
    written = base64.urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip("=")
    refused = authorizer()(f"Bearer {written}.{token().split('.')[1]}.AAAA", READ)
    assert isinstance(refused, Refusal)
    assert 401 == refused.status


def test_a_head_that_marks_nothing_as_critical():
    """A `crit` that is no list is refused as any other fault."""
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"one","crit":5}').decode().rstrip("=")
    assert isinstance(refused := authorizer()(f"{head}.e30.AAAA", READ), Refusal)
    assert 401 == refused.status


@pytest.mark.parametrize("scope", [5, 1.5, True, {"flights:read": 1}, [["flights:read"]], [None], []])
def test_scopes_of_no_known_form(scope):
    """A scope that is neither text nor a list of texts grants nothing."""
    assert Refusal(403) == authorizer()(token(scope=scope), READ)
