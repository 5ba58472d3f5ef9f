"""Holds Terraform whose providers can't be had against their documentation: pure, from texts to what is wrong.

It is less than `terraform validate`: that an argument exists where it stands and that none is missing, not what it may
be. The parser is passed in; it raises ValueError for what is no HCL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Parse = Callable[[str], dict[str, Any]]
_META = frozenset({"count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection", "timeouts"})
_OF_A_PROVIDER = frozenset({"alias", "version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong: a rule, `syntax` or `argument`, the words, and the resource where there is one."""

    rule: str
    message: str
    resource: str | None = None


def faults(text: str, documented: Mapping[str, Any], parse: Parse) -> tuple[Fault, ...]:
    """Return what is wrong with a file. `documented` is infra/documented.toml.

    Resources of a provider of which the documentation names nothing are passed over: another check has that provider.
    """
    try:
        document = parse(text)
    except ValueError as error:
        return (Fault(rule="syntax", message=f"the HCL parser refuses it: {error}"),)
    return tuple(_faults(document, documented))


def _faults(document: Mapping[str, Any], documented: Mapping[str, Any]) -> Iterator[Fault]:
    known, ours = documented.get("resource", {}), _prefixes(documented)
    for kind, name, body in _labelled(document, "resource"):
        address = f"{kind}.{name}"
        if kind in known:
            yield from _of(body, known[kind], address, address, _META)
        elif kind.startswith(ours):
            yield Fault(rule="argument", message=f"{address}: infra/documented.toml has no {kind}", resource=address)
    for block in document.get("provider", []):
        for name, body in block.items():
            if name in documented.get("provider", {}):
                yield from _of(body, documented["provider"][name], f"provider.{name}", None, _OF_A_PROVIDER)


def _of(
    body: Mapping[str, Any],
    known: Mapping[str, Any],
    where: str,
    resource: str | None,
    free: frozenset[str] = frozenset(),
) -> Iterator[Fault]:
    blocks = known.get("block", {})
    given = {name: value for name, value in body.items() if not name.startswith("__") and name not in free}
    inner = list(_blocks(given, blocks))
    present = {name for name, _ in inner}
    for name in sorted(given.keys() - {"dynamic"} - blocks.keys() - {*known["required"], *known["optional"]}):
        yield Fault(rule="argument", message=f"{where}: there is no argument {name}", resource=resource)
    for name in sorted(set(known["required"]) - given.keys()):
        yield Fault(rule="argument", message=f"{where}: the argument {name} is missing", resource=resource)
    for name in sorted(present - blocks.keys()):
        yield Fault(rule="argument", message=f"{where}: there is no block {name}", resource=resource)
    for name, content in inner:
        if name in blocks:
            yield from _of(content, blocks[name], f"{where}: {name}", resource)


def _blocks(given: Mapping[str, Any], blocks: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the blocks that are written out, and what dynamic ones make."""
    for name in blocks.keys() & given.keys():
        yield from ((name, content) for content in given[name])
    for made in given.get("dynamic", []):
        for name, body in made.items():
            yield from ((name, content) for content in body.get("content", []))


def _labelled(document: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for block in document.get(kind, []):
        for label, named in block.items():
            yield from ((label, name, body) for name, body in named.items())


def _prefixes(documented: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{name}_" for name in documented.get("provider", {}))
