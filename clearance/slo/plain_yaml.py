"""Text to plain values by YAML's core schema, and nothing that surprises: no key twice, no alias, no tag.

Source: YAML 1.2.2, chapter 10.3, "Core Schema": so `no` and `12:30` are texts here, and `010` is no eight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from clearance.model import PolicyError

LIMIT = 256 * 1024
_CORE = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's own loader, by the core schema's rules for what is no text."""


_Loader.yaml_implicit_resolvers = {}

for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(
        _CORE + _tag, re.compile(rf"(?:{_pattern})\Z"), [*_first, *([""] if _tag == "null" else [])]
    )


def documents(text: bytes, file: str) -> Iterator[Any]:
    """Give each document's value: dicts with text for keys, lists, text, numbers, booleans, None.

    Raises PolicyError, which names the line, for what is no YAML, is larger than LIMIT bytes, or would read otherwise
    than it looks.
    """
    if len(text) > LIMIT:
        raise PolicyError(f"{file} is {len(text):,} bytes large, more than the {LIMIT:,} that are read", "split it")
    try:
        loader = _Loader(text.decode("utf-8-sig"))
        while loader.check_node():
            node = loader.get_node()
            yield None if node is None else _value(node, file)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PolicyError(
            f"{file}{line}: this is no YAML: {error.problem}", "see https://yaml.org/spec/1.2.2/"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError
        said = " ".join(str(error).split())[:200] if not isinstance(error, RecursionError) else "nested without end"
        raise PolicyError(f"{file}: this is no YAML: {said}", "see https://yaml.org/spec/1.2.2/") from error


def _value(node: yaml.Node, file: str, *, seen: set[int] | None = None) -> Any:
    """Make a node's value. Each node is met once: one that is met again is an alias, which may multiply without end."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        raise _refused(node, file, "this is used a second time, by an alias (*name)", "write it out where it is used")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
        out: dict[str, Any] = {}
        for key, value in node.value:
            name = _value(key, file, seen=seen)
            if not isinstance(name, str):
                raise _refused(key, file, f"the key {name!r} is no text", "put it in quotes")
            if name in out:
                raise _refused(key, file, f"the key {name} is there twice", "keep one of them")
            out[name] = _value(value, file, seen=seen)
        return out
    if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
        return [_value(item, file, seen=seen) for item in node.value]
    return _scalar(node, file)


def _scalar(node: yaml.Node, file: str) -> Any:
    kind, text = node.tag.removeprefix(_CORE), node.value
    if not isinstance(node, yaml.ScalarNode) or kind not in {"null", "bool", "int", "float", "str"}:
        raise _refused(node, file, f"the tag {node.tag!r} is none of YAML's core schema", "leave the tag out")
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text)
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if kind == "float" else text


def _refused(node: yaml.Node, file: str, why: str, step: str) -> PolicyError:
    return PolicyError(f"{file}, line {node.start_mark.line + 1}: {why}", step)
