"""Reads uv.lock: which packages, at which versions, a dependency group stands for. Does no I/O."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from clearance.model import Json, PolicyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The closure of a group. `versions` are by normalised name, several where platforms differ."""

    digest: str
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def contradicts(self, name: str, version: str) -> bool:
        """Whether the group holds this package, and in no such version."""
        known = self.versions.get(normalised(name), ())
        return bool(known) and not any(_same(version, each) for each in known)


def _same(one: str, other: str) -> bool:
    """Whether two versions agree as far as both go: a tool may leave out the last part (PEP 440, "release")."""
    releases = [re.match(r"v?((?:\d+[.!])*\d+)", version.strip()) for version in (one, other)]
    if not all(releases):
        return one == other
    pairs = zip(*(map(int, re.split("[.!]", found[1])) for found in releases if found), strict=False)
    return all(left == right for left, right in pairs)


def normalised(name: str) -> str:
    """The one spelling of a package's or a group's name (PyPA, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.lru_cache(maxsize=64)
def closure(text: str, group: str, *, project: bool) -> Locked:
    """What a group stands for, over all platforms, with the project's own dependencies where it is installed too.

    Raises PolicyError for a lock that cannot be read and for a group that it does not know.
    """
    packages = _packages(text)
    roots = [package for entries in packages.values() for package in entries if _is_project(package)]
    groups = {normalised(name): wants for root in roots for name, wants in root.get("dev-dependencies", {}).items()}
    if normalised(group) not in groups:
        raise PolicyError(
            f"uv.lock knows no dependency group {group!r}",
            f"it knows {', '.join(sorted(groups)) or 'none'}; after a change to pyproject.toml run `uv lock`",
        )
    wanted = list(groups[normalised(group)])
    if project:
        wanted += [want for root in roots for want in root.get("dependencies", [])]
    found = _walk(packages, wanted)
    content = json.dumps([wanted, [found[key] for key in sorted(found)]], sort_keys=True, default=str)
    versions: dict[str, tuple[str, ...]] = {}
    for (name, _), package in found.items():
        if version := str(package.get("version", "")):
            versions[name] = (*versions.get(name, ()), version)
    return Locked(digest=hashlib.sha256(content.encode()).hexdigest(), versions=versions)


@functools.lru_cache(maxsize=4)
def _packages(text: str) -> Mapping[str, list[Json]]:
    """Every entry under its name; a name has several where platforms differ."""
    out: dict[str, list[Json]] = {}
    try:
        for entry in tomllib.loads(text)["package"]:
            out.setdefault(normalised(entry["name"]), []).append(entry)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PolicyError(f"uv.lock cannot be read: {error!r}", "write it anew with `uv lock`") from error
    return out


def _is_project(package: Json) -> bool:
    """Whether it is the folder that the lock belongs to, or a member of its workspace."""
    source = package.get("source", {})
    return "." in (source.get("editable"), source.get("virtual"))


def _walk(packages: Mapping[str, list[Json]], wanted: list[Json]) -> dict[tuple[str, str], Json]:
    """Follow the dependencies, with the extras that are asked for; keys are (name, version and source)."""
    found: dict[tuple[str, str], Json] = {}
    seen: set[tuple[str, str]] = set()
    pending = list(wanted)
    while pending:
        want = pending.pop()
        for package in packages.get(normalised(want["name"]), []):
            if want.get("version", package.get("version")) != package.get("version"):
                continue
            key = (normalised(package["name"]), json.dumps([package.get("version"), package.get("source")]))
            for extra in ("", *want.get("extra", ())):
                if (f"{key}", extra) not in seen:
                    seen.add((f"{key}", extra))
                    pending += _needs(package, extra)
            if not _is_project(package):
                found[key] = package
    return found


def _needs(package: Json, extra: str) -> Iterator[Json]:
    """A package's own dependencies, or those of one of its extras."""
    yield from package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
