"""The routes of an HTTP API: read from an OpenAPI document, and the choice among them for a request. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VARIABLE: Final = re.compile(r"\{([^{}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: `ANY` or an upper-case method, and a path with `{variables}`, of which the last may be `{greedy+}`.

    `$default` as path, with `ANY`, is the route for what nothing else takes. `authorized` says that a token is asked
    for; one of `scopes` must be in it, unless there are none.
    """

    method: str
    path: str
    authorized: bool = False
    scopes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return "$default" if self.path == "$default" else f"{self.method} {self.path}"


Match: TypeAlias = tuple[Route, dict[str, str]]


class RouteTable:
    """Routes by precedence: full match, greedy, `$default`; a literal before a variable; a method before ANY."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(route, _pattern(route.path)) for route in sorted(routes, key=_precedence)]

    def match(self, method: str, raw_path: str) -> Match | None:
        """Choose the route for a method and a percent-encoded path, with its path variables decoded, or None."""
        for route, pattern in self._routes:
            if route.method in (method, "ANY") and (matched := pattern.fullmatch(raw_path)):
                names = _VARIABLE.findall(route.path)
                return route, {name: unquote(value) for (name, _), value in zip(names, matched.groups(), strict=True)}
        return None


def routes_from_openapi(document: Mapping[str, Any]) -> tuple[Route, ...]:
    """Read the routes and their scopes from an OpenAPI 3 document.

    Each alternative of an operation's `security` may ask for one scheme and at most one scope, since the authorizer
    lets any one of a route's scopes through; ValueError names an operation that asks for more.
    """
    return tuple(
        _route(method, path, operation.get("security", document.get("security", [])))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    )


def _route(method: str, path: str, security: Sequence[Mapping[str, Sequence[str]]]) -> Route:
    scopes: list[str] = []
    for alternative in security:
        asked = list(alternative.values())
        if len(asked) != 1 or len(asked[0]) > 1 or (not asked[0] and len(security) > 1):
            raise ValueError(f"{method.upper()} {path}: a JWT authorizer cannot ask for {dict(alternative)}")
        scopes += asked[0]
    return Route(method=method.upper(), path=path, authorized=bool(security), scopes=tuple(scopes))


def _pattern(path: str) -> re.Pattern[str]:
    if path == "$default":
        return re.compile(".*", re.DOTALL)
    literals = _VARIABLE.split(path)[::3]
    greedy = [plus for _, plus in _VARIABLE.findall(path)]
    groups = ["(.+)" if plus else "([^/]+)" for plus in greedy]
    return re.compile("".join(re.escape(text) + group for text, group in zip(literals, [*groups, ""], strict=True)))


def _precedence(route: Route) -> tuple[bool, bool, list[bool], bool]:
    variables = [_VARIABLE.fullmatch(part) for part in route.path.split("/")]
    greedy = any(variable and variable[2] for variable in variables)
    return route.path == "$default", greedy, [variable is not None for variable in variables], route.method == "ANY"
