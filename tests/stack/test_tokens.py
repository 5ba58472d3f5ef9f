"""The token issuer: what it signs, the authorizer takes; what is expired or from elsewhere, it refuses."""

import json
import time

import pytest

from stack.authorizer import Authorized, Authorizer, Refusal
from stack.routes import Route
from stack.tokens import AUDIENCE, SCOPES, Issuer

URL = "http://127.0.0.1:1/"
ISSUER = Issuer(URL)
OTHER = Issuer(URL)


def decide(token, scope):
    authorizer = Authorizer(ISSUER.jwks(), issuer=URL, audience=[AUDIENCE])
    return authorizer(f"Bearer {token}", Route(method="GET", path="/", authorized=True, scopes=(scope,)))


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_its_scope(scope):
    """A token for a scope passes where that scope is asked for, and carries it as a claim."""
    granted = decide(ISSUER.issue(scope), scope)
    assert isinstance(granted, Authorized)
    assert granted.context["jwt"]["claims"]["scope"] == scope


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (ISSUER.issue("flights:write"), Refusal(403)),
        (ISSUER.issue("flights:read", expires_in=-1), 401),
        (OTHER.issue("flights:read"), 401),
        (ISSUER.issue("flights:read", aud="elsewhere"), 401),
        (ISSUER.issue("flights:read", iss="http://elsewhere"), 401),
        (ISSUER.issue("flights:read", nbf=time.time() + 3600), 401),
    ],
    ids=["another scope", "expired", "another key", "another audience", "another issuer", "not yet"],
)
def test_other_tokens_open_nothing(token, expected):
    """A token of another scope is forbidden; one that is expired, early or of a stranger opens nothing."""
    refused = decide(token, "flights:read")
    assert isinstance(refused, Refusal)
    assert refused.status == getattr(expected, "status", expected)


def test_the_key_set_has_the_public_half_alone():
    """The key set names its key, algorithm and use, and holds none of the private numbers."""
    (key,) = ISSUER.jwks()["keys"]
    assert {"kty": "RSA", "use": "sig", "alg": "RS256"}.items() <= key.items()
    assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()
    assert json.loads(json.dumps(ISSUER.jwks())) == ISSUER.jwks()


def test_the_discovery_document_leads_to_the_keys():
    """The discovery document names the issuer of the tokens and the place of its keys."""
    issuer = Issuer("http://127.0.0.1:9")
    assert issuer.discovery()["issuer"] == "http://127.0.0.1:9"
    assert issuer.discovery()["jwks_uri"] == "http://127.0.0.1:9/.well-known/jwks.json"
