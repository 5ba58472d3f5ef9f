"""Looks at somebody's repository, runs none of it, and gives what a first policy is made from."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from clearance.cli import counting, pytest_settings
from clearance.model import PolicyError
from clearance.policy.starter import Tool
from clearance.runner import ambient, tree
from clearance.runner.lock import closure, normalised
from clearance.subject import LEFTOVER_FOLDERS

LARGEST = 4 * 1024 * 1024
_LEFT = tree.EXCLUDED | LEFTOVER_FOLDERS | {"site-packages"}
_TEST_FOLDERS = ("tests", "test")
_BESIDE = (".venv/bin", "venv/bin")
_OF_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_WANTED = ("requirements.txt", "Pipfile")  # what a service wants installed; in a folder of tests, what they want


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A repository's files, those that git would take, and what its Python modules hold."""

    root: Path
    files: tuple[str, ...]
    environ: Mapping[str, str]

    def text(self, path: str) -> bytes:
        """The bytes of a file; none of one that is too large to be a source, or cannot be read."""
        full = self.root / path
        try:
            return full.read_bytes() if full.is_file() and full.stat().st_size <= LARGEST else b""
        except OSError:
            return b""

    def named(self, *patterns: str) -> list[str]:
        """The files whose name matches one of the patterns."""
        return [path for path in self.files if any(fnmatchcase(path.rpartition("/")[2], each) for each in patterns)]

    @cached_property
    def modules(self) -> dict[str, counting.Module]:
        """What each Python module holds, by path."""
        return {path: counting.look(self.text(path)) for path in self.named("*.py")}

    @cached_property
    def tests(self) -> list[str]:
        """The modules in which pytest looks for tests, by the names that their project tells it."""
        names = {home: pytest_settings.test_names(self.text, self.files, home) for home in self.projects}
        return [path for path in self.modules if pytest_settings.is_named(path, names[self.project(path)])]

    @cached_property
    def projects(self) -> list[str]:
        """The folders that are Python projects, the deepest first; "" is the root."""
        found = {folder(path) for path in self.named(*_OF_PROJECT)}
        found |= {place for place in map(folder, self.named(*_WANTED)) if place.rpartition("/")[2] not in _TEST_FOLDERS}
        return sorted(found | {""}, key=lambda each: (-each.count("/"), -len(each), each))

    def project(self, path: str) -> str:
        """The project that a file belongs to: the nearest folder above it that is one."""
        return next(each for each in self.projects if not each or path.startswith(f"{each}/"))

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file's tables; none where it is not there or no TOML."""
        try:
            return tomllib.loads(self.text(path).decode())
        except (ValueError, RecursionError):
            return {}

    @cached_property
    def lock(self) -> str:
        """The text of uv.lock, "" where there is none."""
        return self.text("uv.lock").decode(errors="replace") if "uv.lock" in self.files else ""

    @cached_property
    def groups(self) -> dict[str, frozenset[str]]:
        """The packages that each locked dependency group of the root stands for."""
        named = self.toml("pyproject.toml").get("dependency-groups", {}) if self.lock else {}
        found = {}
        for group in named if isinstance(named, dict) else ():
            try:
                found[group] = frozenset(closure(self.lock, group, project=False).versions)
            except PolicyError:
                continue
        return found

    def tool(
        self, package: str, *, program: str = "", beside: str = "", project: bool = False, root: bool = True
    ) -> Tool:
        """Find where a tool comes from: the smallest locked group that holds it, else PATH, else an environment here.

        `beside` is a package that must be in the same group; `project` asks for the project itself beside it, and
        `root` says that it is the root's own project, whose groups these are.
        """
        program = program or package
        wanted = {normalised(package), *([normalised(beside)] if beside else [])}
        holding = [group for group, packages in self.groups.items() if wanted <= packages and root]
        if holding:
            group = min(
                holding, key=lambda each: (normalised(each) != normalised(package), len(self.groups[each]), each)
            )
            whole = project and "project" in self.toml("pyproject.toml")
            return Tool(package=package, group=group, with_project=whole, locked=True)
        found = which(program, ambient.search_path(self.environ))
        here = next((f"{each}/{program}" for each in _BESIDE if os.access(self.root / each / program, os.X_OK)), None)
        return Tool(package=package, program=program if found else here, locked=bool(self.lock) and root)


def which(program: str, path: str) -> bool:
    """Whether PATH offers a program; a shim that stands for whatever version is set is not taken for one."""
    return any(
        os.access(Path(place) / program, os.X_OK) and Path(place).name != "shims"
        for place in path.split(os.pathsep)
        if place
    )


def survey(root: Path, environ: Mapping[str, str]) -> Tree:
    """List a repository's files: what git has or would take; where there is no git, all but what tools leave."""
    listed = _of_git(root)
    if listed is None:
        listed = [entry.path for entry in tree.find(str(root), ["**"])]
    kept = (path for path in listed if _plain(path) and not _LEFT.intersection(path.split("/")))
    environments = {folder(path) for path in listed if path.endswith("pyvenv.cfg")}
    return Tree(
        root=root,
        environ=environ,
        files=tuple(sorted(path for path in kept if not any(path.startswith(f"{each}/") for each in environments))),
    )


def _plain(path: str) -> bool:
    """Whether a policy can name it: as UTF-8, and without a backslash."""
    return "\\" not in path and not any("\ud800" <= letter <= "\udfff" for letter in path)


def _of_git(root: Path) -> list[str] | None:
    words = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(words, cwd=root, capture_output=True, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    paths = {path for path in os.fsdecode(done.stdout).split("\0") if path}
    return sorted(path for path in paths if (root / path).is_file())


def folder(path: str) -> str:
    """The folder that a file lies in, "" for the root."""
    return path.rpartition("/")[0]


def top(path: str) -> str:
    """The topmost folder above a file, "" for a file in the root."""
    return path.partition("/")[0] if "/" in path else ""


def outermost(paths: Iterable[str]) -> list[str]:
    """Leave out what lies inside another one of them; the root holds all."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda each: (each.count("/") if each else -1, each)):
        if not any(not each or path.startswith(f"{each}/") for each in kept):
            kept.append(path)
    return sorted(kept)


def tests_folder(path: str) -> str:
    """The folder of tests that a test lies in: up to the first that is called so, else its own."""
    parts = PurePosixPath(path).parts[:-1]
    cut = next((number for number, part in enumerate(parts, 1) if part in _TEST_FOLDERS), len(parts))
    return "/".join(parts[:cut])


def is_aside(path: str, tests: Callable[[str], bool]) -> bool:
    """Whether a module stands beside what is delivered: a test, what tests share, or in a folder of tests."""
    parts = PurePosixPath(path).parts
    return tests(path) or parts[-1] == "conftest.py" or any(part in _TEST_FOLDERS for part in parts[:-1])


def literal(path: str) -> str:
    """A pattern that matches this very path and no other."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def patterns(folders: Iterable[str], suffix: str) -> Iterator[str]:
    """Patterns of what lies in some folders, at whatever depth."""
    for each in folders:
        yield f"{literal(each)}/{suffix}" if each else suffix
