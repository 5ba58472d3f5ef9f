"""A first policy from what stands in a repository: facts in, the text of a `clearance.toml` out, each line explained.

What was counted becomes the `reach`, so that green over nothing is impossible from the first day on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Value = str | int | bool | tuple[str, ...] | Mapping[str, str]

_WIDTH = 120
_HEAD = """\
# The policy: what a change to this repository must show before it may merge, and the one place with a threshold in it.
# `clearance init` wrote it from what it found here; from now on it is yours. `clearance schema` prints its shape.
#
# Each check runs a tool, reads the report that the tool leaves, and asks how much was looked at: less than `reach` is
# UNKNOWN, and unknown never passes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Where a tool comes from: a locked dependency group, else a `program` on PATH or below the root; neither: nowhere.

    `with_project` says that the group is installed beside the project itself.
    """

    package: str
    group: str | None = None
    program: str | None = None
    with_project: bool = False
    locked: bool = False  # whether there is a lock that it could be put into

    @property
    def there(self) -> bool:
        """Whether it can be run."""
        return self.group is not None or self.program is not None

    @property
    def source(self) -> str:
        """Say where it comes from."""
        if self.group is not None:
            return f"group {self.group}"
        return f"{self.program}" if self.program and "/" in self.program else "PATH" if self.program else "not here"

    @property
    def remedy(self) -> str:
        """How to get it."""
        if self.locked:
            return f"uv add --group {self.package} {self.package}"
        return f"pip install {self.package}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tests that pytest runs: `paths` are what it is given, `ignored` what of that is another suite's.

    `count` of them were found, in the plural `unit`: tests or scenarios. `python_path` is where the code lies.
    """

    name: str
    tool: Tool
    count: int
    unit: str
    paths: tuple[str, ...]
    inputs: tuple[str, ...]
    ignored: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    python_path: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scanner is to look at: `count` things (`unit`) in `paths`, which `inputs` are the patterns of."""

    tool: Tool
    count: int
    unit: str
    paths: tuple[str, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A locustfile, the SLO file beside it, and whether the locustfile imports the load generator already."""

    tool: Tool
    file: str
    slo: str
    slo_there: bool
    imported: bool
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found in a repository; None where there is nothing of that kind."""

    suites: tuple[Suite, ...] = ()
    code: Scan | None = None
    terraform: Scan | None = None
    workflows: Scan | None = None
    migrations: Scan | None = None
    load: Load | None = None
    leftovers: tuple[str, ...] = ()  # what installing the project leaves in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A key of a check, and why it is there."""

    key: str
    value: Value
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A check's table. Where its `tool` is nowhere, it is written as a comment, to be uncommented."""

    name: str
    what: str
    tool: Tool
    lines: tuple[Line, ...]


def write(blocks: Iterable[Block]) -> str:
    """Write the policy."""
    return "\n".join([_HEAD, *(f"{_written(block)}\n" for block in blocks)]).rstrip("\n") + "\n"


def _written(block: Block) -> str:
    lines = [f"# {block.what}", f"[check.{block.name}]"]
    for line in block.lines:
        lines += _explained(line)
    if block.tool.there:
        return "\n".join(lines)
    missing = (
        f"# {block.tool.package} is nowhere to be found: `{block.tool.remedy}`, then take a # from each line below."
    )
    return "\n".join([missing, *(f"# {line}" for line in lines)])


def _explained(line: Line) -> Iterator[str]:
    """Give the key with its explanation behind it, or above it where the line is long."""
    text = f"{line.key} = {toml(line.value)}"
    both = f"{text}  # {line.why}"
    if len(both) <= _WIDTH and "\n" not in text:
        yield both
    else:
        yield f"# {line.why}"
        yield from text.splitlines()


def toml(value: Value) -> str:
    """Write a value; an array that is too long for a line gets one line an item (TOML 1.0, "Array")."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_string(text)}" for key, text in value.items()) + " }"
    short = f"[{', '.join(map(_string, value))}]"
    return short if len(short) < _WIDTH - 10 else "[\n" + "".join(f"  {_string(each)},\n" for each in value) + "]"


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _string(name)


def _string(text: str) -> str:
    """Write a TOML string: JSON's escapes are among TOML's, which also wants DEL escaped (TOML 1.0, "String").

    A script of several lines is written as it is, between three quotes.
    """
    if "\n" in text and "'''" not in text and all(c.isprintable() or c == "\n" for c in text):
        return f"'''{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


_SLO = """\
# What this service promises to those who call it, as shares of bad requests (OpenSLO v1). A beginning: put in what you
# promise. `clearance schema slo` prints the shape of an object; a load run is judged by this file and by nothing else.
apiVersion: openslo/v1
kind: Service
metadata:
  name: service
spec:
  description: The service that the locustfile calls.
---
# Of all requests, those that are answered as they must be: all but one in a hundred.
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
spec:
  service: service
  indicator:
    spec:
      ratioMetric:
        bad:
          metricSource: { type: clearance, spec: { metric: failed } }
        total:
          metricSource: { type: clearance, spec: { metric: requests } }
  timeWindow:
    - { duration: 28d, isRolling: true }
  budgetingMethod: Occurrences
  objectives:
    - targetPercent: 99
---
# Of all requests after the warm-up, those with a good answer within half a second of when they were due.
apiVersion: openslo/v1
kind: SLO
metadata:
  name: latency
spec:
  service: service
  indicator:
    spec:
      ratioMetric:
        bad:
          metricSource: { type: clearance, spec: { metric: latency_ms, atMost: 500 } }
        total:
          metricSource: { type: clearance, spec: { metric: requests } }
  timeWindow:
    - { duration: 28d, isRolling: true }
  budgetingMethod: Occurrences
  objectives:
    - targetPercent: 95
"""


def slo() -> str:
    """Give an SLO file to begin with."""
    return _SLO
