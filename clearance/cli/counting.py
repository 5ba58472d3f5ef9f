"""Counts, without running anything, the tests that a Python module is sure to hold."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_SKIPPED = ("skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure")
_BINDERS = ("scenario", "scenarios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a module holds: `tests` by its functions, whether it `binds` scenarios, and the packages it `imports`."""

    tests: int = 0
    binds: bool = False
    imports: frozenset[str] = frozenset()


def look(source: bytes) -> Module:
    """Read a module. A test with parameters counts once, one that may be skipped does not; no Python has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Module()
    imports = frozenset(_imports(tree))
    binds = any(name.split(".")[0] == "pytest_bdd" for name in imports) and any(map(_binds, ast.walk(tree)))
    return Module(tests=_tests(tree.body) if not _marked(tree.body) else 0, binds=binds, imports=imports)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _binds(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in _BINDERS


def _tests(body: list[ast.stmt]) -> int:
    """Count functions and methods by name, as pytest and unittest collect them; a later namesake takes the place."""
    found: dict[str, int] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            found[node.name] = 0 if _skipped(node) or _binding(node) else 1
        elif isinstance(node, ast.ClassDef) and _collected(node):
            found[node.name] = 0 if _skipped(node) else _tests(node.body)
    return sum(found.values())


def _collected(node: ast.ClassDef) -> bool:
    if any(_name(base).endswith("TestCase") for base in node.bases):
        return True
    made = any(isinstance(each, ast.FunctionDef) and each.name in {"__init__", "__new__"} for each in node.body)
    opted = any(isinstance(each, ast.Assign) and _name(each.targets[0]) == "__test__" for each in node.body)
    return node.name.startswith("Test") and not made and not opted


def _skipped(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(_name(decorator) in _SKIPPED for decorator in node.decorator_list)


def _binding(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_name(decorator) in _BINDERS for decorator in node.decorator_list)


def _marked(body: list[ast.stmt]) -> bool:
    """Whether a mark, or a call for the whole module, may skip it."""
    named = (node for node in body if isinstance(node, ast.Assign) for t in node.targets if _name(t) == "pytestmark")
    calls = (node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    return any(_name(each) in (*_SKIPPED, "importorskip") for node in (*named, *calls) for each in ast.walk(node))


def _name(node: ast.AST) -> str:
    """The last part of a dotted name, of what is called or named."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
