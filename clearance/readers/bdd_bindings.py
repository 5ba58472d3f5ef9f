"""How a test module binds scenarios, read from its source: which of its functions are scenarios, and of which features.

pytest-bdd's JUnit names the test function alone; a function under `@scenario` may bear any name. The source is parsed,
never run.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a module's source says.

    `decorated` maps a function to the texts in its `@scenario(...)`, `plain` are its other functions, `generated` the
    places given to `scenarios(...)`, relative to `folder`.
    """

    folder: str
    decorated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    generated: tuple[str, ...] = ()


class Modules:
    """The test modules among a check's inputs, parsed when a report first names them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._dotted = {path[:-3].replace("/", "."): path for path in files if path.endswith(".py")}
        self._parsed: dict[str, Module | None] = {}

    def named(self, classname: str) -> Module | None:
        """Find the module that a JUnit `classname` (`features.test_login`) means; None if it is unknown or unclear."""
        if classname not in self._parsed:
            path = self._path(classname)
            self._parsed[classname] = _module(path, self._files[path]) if path else None
        return self._parsed[classname]

    def is_method(self, classname: str) -> bool:
        """Whether it means a class of a known module: what stands in a class is no scenario."""
        module, _, last = classname.rpartition(".")
        return last[:1].isupper() and self.named(module) is not None

    def _path(self, classname: str) -> str | None:
        if classname in self._dotted:
            return self._dotted[classname]
        near = [path for dotted, path in self._dotted.items() if _is_tail(classname, dotted)]
        return near[0] if len(near) == 1 else None


def covers(module: Module, feature: str) -> bool:
    """Whether `scenarios(...)` in the module reaches this feature file; a place that is not understood reaches all."""
    if not module.generated:
        return True
    for place in module.generated:
        near = posixpath.normpath(posixpath.join(module.folder, place))
        tail = posixpath.normpath(place).lstrip("./")
        if near in (".", feature) or feature.startswith(near + "/"):
            return True
        if tail and (("/" + feature).endswith("/" + tail) or f"/{tail}/" in "/" + feature):
            return True
    return False


def _is_tail(classname: str, dotted: str) -> bool:
    """Whether one is the end of the other: pytest's root may lie above or below the repository's."""
    return bool(classname) and (dotted.endswith("." + classname) or classname.endswith("." + dotted))


def _module(path: str, source: bytes) -> Module | None:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    decorated: dict[str, tuple[str, ...]] = {}
    plain: set[str] = set()
    generated: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            texts = [text for call in node.decorator_list if _called(call) == "scenario" for text in _texts(call)]
            if texts:
                decorated[node.name] = tuple(texts)
            elif not any(_called(call) == "scenario" for call in node.decorator_list):
                plain.add(node.name)
        elif isinstance(node, ast.Expr) and _called(node.value) == "scenarios":
            generated += _texts(node.value) or ["."]
    return Module(
        folder=posixpath.dirname(path), decorated=decorated, plain=frozenset(plain), generated=tuple(generated)
    )


def _called(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _texts(node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [value.value for value in given if isinstance(value, ast.Constant) and isinstance(value.value, str)]
