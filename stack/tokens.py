"""An issuer of access tokens for the local stack: a key of its own, and the JWKS that its tokens are held against."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE: Final = "flights-api"
ALGORITHM: Final = "RS256"  # the JWT authorizers of HTTP APIs take RSA signatures alone
LIFETIME_S: Final = 12 * 3600
SCOPES: Final = ("flights:write", "flights:read", "canary:read")


class Issuer:
    """Issues tokens under `url`. Its key is made with it and never leaves the process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def jwks(self) -> dict[str, Any]:
        """The public half of the key, as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [self._key.as_dict(private=False)]}

    def discovery(self) -> dict[str, Any]:
        """What a client needs to find the keys (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }

    def issue(self, scope: str, *, expires_in: float = LIFETIME_S, **claims: Any) -> str:
        """Issue a token for `scope` (space separated), valid for so many seconds from now; negative: expired already.

        `claims` are added, and take the place of the ordinary ones of the same name.
        """
        now = int(time.time())
        ordinary = {
            "iss": self.url,
            "sub": "local",
            "aud": AUDIENCE,
            "scope": scope,
            "iat": now + min(0, int(expires_in)),
            "exp": now + int(expires_in),
            "jti": str(uuid.uuid4()),
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, {**ordinary, **claims}, self._key)
