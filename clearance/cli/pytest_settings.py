"""What a project tells its pytest, as far as a first policy must know it: in which files, and which modules are tests.

https://docs.pytest.org/en/stable/reference/customize.html: of its files pytest reads the first that is about it.
"""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

USUAL = ("test_*.py", "*_test.py")
_FILES = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_WHOLE = ("pytest.ini", ".pytest.ini")  # about pytest also where they are empty
_PROJECT = "pyproject.toml"

Read = Callable[[str], bytes]
Table = Mapping[str, Any]


def files(read: Read, there: Iterable[str], home: str) -> tuple[str, ...]:
    """Name the files in a project's folder that set its pytest up; `there` are the repository's files."""
    start, found = f"{home}/" if home else "", set(there)
    named = [name for name, section in _FILES.items() if f"[{section}]".encode() in read(f"{start}{name}")]
    named += [name for name in _WHOLE if name not in named]
    named += [_PROJECT] if _of_project(read(f"{start}{_PROJECT}")) is not None else []
    return tuple(f"{start}{name}" for name in named if f"{start}{name}" in found)


def test_names(read: Read, there: Iterable[str], home: str) -> tuple[str, ...]:
    """Give the patterns of a project's test modules, its setting `python_files`: pytest's own where it has none."""
    for path in sorted(files(read, there, home), key=lambda each: _ORDER.index(each.rpartition("/")[2])):
        name, data = path.rpartition("/")[2], read(path)
        settings = _of_project(data) if name == _PROJECT else _of_ini(data, _FILES[name])
        said = (settings or {}).get("python_files")
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        return tuple(map(str, words)) or USUAL
    return USUAL


def is_named(path: str, names: Iterable[str]) -> bool:
    """Whether a module's name is one of the patterns; one with a slash is about the end of its path."""
    name = path.rpartition("/")[2]
    return any(fnmatchcase(f"/{path}", f"*/{each}") if "/" in each else fnmatchcase(name, each) for each in names)


_ORDER = ("pytest.ini", ".pytest.ini", _PROJECT, "tox.ini", "setup.cfg")


def _of_project(data: bytes) -> Table | None:
    """The table of pytest in a pyproject.toml, None where it says nothing of pytest."""
    try:
        tools = tomllib.loads(data.decode()).get("tool", {})
    except (ValueError, RecursionError):
        return None
    found = tools.get("pytest") if isinstance(tools, dict) else None
    if not isinstance(found, dict):
        return None
    options = found.get("ini_options", found)
    return options if isinstance(options, dict) else {}


def _of_ini(data: bytes, section: str) -> Table:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(data.decode("utf-8-sig"))
        return dict(parser[section]) if parser.has_section(section) else {}
    except (configparser.Error, UnicodeDecodeError):
        return {}
