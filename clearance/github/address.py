"""Where GitHub's API is said to be, and how it is reached: over https, through the proxy that the environment names."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

import urllib3

from clearance.model import ClearanceError
from clearance.render.words import clean


def check(api: str) -> str:
    """Check where the token would go: over https, or to this machine. Raises ClearanceError."""
    try:
        where = urlsplit(api)
        port = where.port
    except ValueError as error:
        raise ClearanceError(f"{clean(api, 200)} is no address: {error}", "set GITHUB_API_URL") from error
    if (
        not where.hostname
        or port == 0
        or (where.scheme != "https" and where.hostname not in {"127.0.0.1", "localhost"})
    ):
        raise ClearanceError(f"{clean(api, 200)} is no place for a token", "GITHUB_API_URL begins with https://")
    return api.rstrip("/")


def connect(api: str) -> urllib3.PoolManager:
    """Connect directly, or through the proxy that the environment names."""
    where = urlsplit(api)
    proxy = urllib.request.getproxies().get(where.scheme)
    if proxy and not urllib.request.proxy_bypass(where.hostname or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()
