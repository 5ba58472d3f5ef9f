"""Which URLs may be asked: those of hosts that were listed, over TLS, or on this very machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from clearance.model import ClearanceError
from clearance.runtask.request import Secret

DEFAULT = "app.terraform.io"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to ask, taken apart once, so that what was checked is what is asked. `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: Secret

    @property
    def url(self) -> Secret:
        """The whole of it, for a redirection that is relative to it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return Secret(f"{self.scheme}://{host}:{self.port}{self.target.reveal()}")


class Hosts:
    """The hosts that may be called: `host` for its port 443 (on this machine: any port), or `host:port`."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._listed = frozenset(_normal(one) for one in listed)
        if not self._listed:
            raise ClearanceError("no host of Terraform Cloud may be called", f"list some, such as {DEFAULT}")

    @classmethod
    def parse(cls, text: str | None) -> Hosts:
        """Read a list with commas between; the host of Terraform Cloud where there is none."""
        listed = [one.strip() for one in (text or DEFAULT).split(",")]
        return cls(one for one in listed if one)

    def __repr__(self) -> str:
        return f"Hosts({', '.join(sorted(self._listed))})"

    def place(self, url: Secret, via: Place | None = None) -> Place | None:
        """Take a URL apart, or return None where it may not be asked.

        `via` is where a redirection came from: it may lead to a listed host, and to the archive of the one it came
        from, which is named `archivist.` in the same domain.
        """
        place = secure(url)
        if place is None:
            return None
        if place.host in self._listed and (loopback(place.host) or place.port == _PORTS["https"]):
            return place
        if f"{place.host}:{place.port}" in self._listed:
            return place
        if via is not None and place.port == via.port and place.host == _archive(via.host):
            return place
        return None

    def onward(self, place: Place, location: str) -> Place | None:
        """Return where a redirection from a place leads, or None where we do not go."""
        try:
            return self.place(Secret(urljoin(place.url.reveal(), location)), place) if location else None
        except ValueError:
            return None


def secure(url: Secret) -> Place | None:
    """Take a URL apart, or return None where it could be read in two ways, or what is asked be read on the way."""
    place = _apart(url.reveal())
    return place if place is not None and (place.scheme == "https" or loopback(place.host)) else None


def loopback(host: str) -> bool:
    """Whether a host is this machine, by its very name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _apart(url: str) -> Place | None:
    if not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or not re.fullmatch(r"[a-z0-9.:-]+", host):
        return None
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return Place(
        scheme=parts.scheme, host=host, port=_PORTS[parts.scheme] if port is None else port, target=Secret(target)
    )


def _archive(host: str) -> str | None:
    """Name the host that keeps the objects of another: that of app.terraform.io is archivist.terraform.io."""
    _, dot, domain = host.partition(".")
    return f"archivist.{domain}" if dot and "." in domain and not _is_address(host) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _normal(listed: str) -> str:
    found = re.fullmatch(r"(?:\[([0-9a-f:]+)\]|([a-z0-9][a-z0-9.-]*))(:[1-9][0-9]{0,4})?", listed.strip().lower())
    if found is None:
        raise ClearanceError(f"{listed!r} is no host", "write app.terraform.io, or host:port")
    return (found[1] or found[2]) + (found[3] or "")
