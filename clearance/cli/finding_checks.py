"""What there is for a first policy to check: tests, scenarios, code, Terraform, migrations, workflows, locustfiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clearance import slo
from clearance.cli import pytest_settings
from clearance.cli.surveying import Tree, folder, is_aside, literal, outermost, patterns, tests_folder, top
from clearance.model import PolicyError
from clearance.policy.starter import Facts, Load, Scan, Suite, Tool
from clearance.readers.checkov_inputs import without_resources
from clearance.readers.gherkin_rows import declarations

_INSTALLED = ("pyproject.toml", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements*.txt")
_SLO_NAMES = ("slo.yaml", "clearance-slo.yaml")


def find(tree: Tree) -> Facts:
    """Find them all."""
    suites = tuple(_suites(tree))
    return Facts(
        suites=suites,
        leftovers=("*.egg-info/",) if _leaves_metadata(tree, suites) else (),
        code=_code(tree),
        terraform=_terraform(tree),
        workflows=_workflows(tree),
        migrations=_migrations(tree),
        load=_load(tree),
    )


def _leaves_metadata(tree: Tree, suites: Iterable[Suite]) -> bool:
    """Whether the project is installed by setuptools, which writes beside the sources (PEP 517 names the builder)."""
    backend = tree.toml("pyproject.toml").get("build-system", {})
    named = backend.get("build-backend", "setuptools") if isinstance(backend, dict) else ""
    return any(suite.tool.with_project for suite in suites) and str(named).startswith("setuptools")


def _suites(tree: Tree) -> Iterator[Suite]:
    """Make a suite of each project's tests and another of its scenarios."""
    homes = {tree.project(path) for path in tree.tests}
    for home in sorted(homes):
        mine = [path for path in tree.tests if tree.project(path) == home]
        bound = [path for path in mine if tree.modules[path].binds]
        plain = [path for path in mine if path not in bound]
        name = f"-{_slug(home)}" if home and len(homes) > 1 else ""
        scenarios = _places(bound, plain)
        if any(tree.modules[path].tests for path in plain):
            yield _suite(tree, home, f"unit{name}", _places(plain, ()), scenarios)
        if bound:
            yield _behaviour(tree, home, f"behaviour{name}", scenarios)


def _places(of: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """What to give pytest, so that it takes these modules, and those to come beside them, but not the others."""
    avoided = list(others)
    chosen = set()
    for path in of:
        place = tests_folder(path)
        near = folder(path)
        for candidate in (place, near):
            if candidate and not any(other.startswith(f"{candidate}/") for other in avoided):
                chosen.add(candidate)
                break
        else:
            chosen.add(path)
    return tuple(outermost(chosen))


def _suite(tree: Tree, home: str, name: str, paths: tuple[str, ...], aside: tuple[str, ...]) -> Suite:
    plain = [path for path in tree.tests if tree.project(path) == home and not tree.modules[path].binds]
    return Suite(
        name=name,
        tool=_pytest(tree, "pytest", home),
        count=sum(tree.modules[path].tests for path in plain),
        unit="tests",
        paths=paths,
        ignored=tuple(each for each in aside if any(each.startswith(f"{path}/") for path in paths)),
        inputs=_inputs(tree, home),
        config=_config(tree, home),
        python_path=_python_path(tree, home),
    )


def _behaviour(tree: Tree, home: str, name: str, paths: tuple[str, ...]) -> Suite:
    features = {path: tree.text(path) for path in tree.named("*.feature") if tree.project(path) == home}
    declared, _ = declarations(features)
    return Suite(
        name=name,
        tool=_pytest(tree, "pytest-bdd", home),
        count=sum(len(each.rows) for each in declared if not each.shadowed),
        unit="scenarios",
        paths=paths,
        inputs=_inputs(tree, home),
        config=_config(tree, home),
        python_path=_python_path(tree, home),
    )


def _pytest(tree: Tree, package: str, home: str) -> Tool:
    """Find pytest; only what belongs to the root's project is locked there."""
    return tree.tool(package, program="pytest", project=True, root=not home)


def _inputs(tree: Tree, home: str) -> tuple[str, ...]:
    """Patterns of what a project's tests depend on: its code, what lies beside it, its features, its settings.

    One of several projects may import the others' code; whether it does, its imports alone do not tell.
    """
    if home:
        others = sorted({top(path) for path in tree.modules} - {"", home})
        return (f"{literal(home)}/**", *patterns((each for each in others if not each.startswith(".")), "**/*.py"))
    used = [*tree.modules, *tree.named("*.feature")]
    tops = sorted({top(path) for path in used} - {"", "src"})
    inside = sorted({"/".join(path.split("/")[:2]) for path in used if path.startswith("src/") and path.count("/") > 1})
    alone = sorted(path for path in tree.modules if folder(path) in {"", "src"})
    settings = [path for path in tree.named(*_INSTALLED) if not folder(path) and path not in _config(tree, "")]
    return (
        *patterns((*inside, *(each for each in tops if not each.startswith("."))), "**"),
        *map(literal, (*alone, *settings)),
    )


def _config(tree: Tree, home: str) -> tuple[str, ...]:
    return pytest_settings.files(tree.text, tree.files, home)


def _python_path(tree: Tree, home: str) -> str:
    """Where the code lies: below src, where there is one, else beside the tests."""
    source = f"{home}/src" if home else "src"
    return source if any(path.startswith(f"{source}/") for path in tree.modules) else home or "."


def _code(tree: Tree) -> Scan | None:
    tests = set(tree.tests)
    delivered = [path for path in tree.modules if not is_aside(path, tests.__contains__) and not path.startswith(".")]
    folders = sorted({top(path) for path in delivered} - {""})
    alone = sorted(path for path in delivered if "/" not in path)
    if not delivered:
        return None
    inside = [path for path in tree.modules if top(path) in folders]
    return Scan(
        tool=tree.tool("bandit"),
        count=len(inside) + len(alone),
        unit="files",
        paths=(*folders, *alone),
        inputs=(*patterns(folders, "**/*.py"), *map(literal, alone)),
    )


def _terraform(tree: Tree) -> Scan | None:
    files = {path: tree.text(path) for path in tree.named("*.tf")}
    holding = sorted(set(files) - without_resources(files))
    if not holding:
        return None
    roots = (
        outermost(map(folder, files))
        if any(not folder(path) for path in files)
        else sorted({top(path) for path in files})
    )
    return Scan(
        tool=tree.tool("checkov"),
        count=len(holding),
        unit="resources",
        paths=tuple(each or "." for each in roots),
        inputs=(*patterns(roots, "**/*.tf"), *patterns(roots, "**/*.tfvars")),
    )


def _workflows(tree: Tree) -> Scan | None:
    found = [path for path in tree.files if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path)]
    extra = [path for path in tree.files if re.fullmatch(r"\.github/dependabot\.ya?ml", path)]
    actions = [path for path in tree.files if re.fullmatch(r"\.github/.+/action\.ya?ml", path)]
    if not found:
        return None
    return Scan(
        tool=tree.tool("zizmor"),
        count=len(found) + len(extra) + len(actions),
        unit="files",
        paths=(".github",),
        inputs=(".github/workflows/*.y*ml", ".github/**/action.y*ml", *extra),
    )


def _migrations(tree: Tree) -> Scan | None:
    found = [path for path in tree.named("*.sql") if "migrations" in path.split("/")[:-1]]
    folders = sorted({folder(path) for path in found})
    if not found:
        return None
    names = tuple(patterns(folders, "*.sql"))
    return Scan(
        tool=tree.tool("squawk-cli", program="squawk"), count=len(found), unit="files", paths=names, inputs=names
    )


def _load(tree: Tree) -> Load | None:
    """Find the locustfile, the one nearest to the root where there are several, and the SLO file beside it."""
    named = [path for path in tree.named("locustfile*.py", "*locustfile.py") if _drives(tree, path)]
    if not named:
        return None
    file = min(named, key=lambda each: (each.count("/"), each))
    place = folder(file)
    slo_file, there = _slo(tree, place)
    return Load(
        tool=tree.tool("locust", beside="clearance"),
        file=file,
        slo=slo_file,
        slo_there=there,
        imported=any(name.startswith("clearance.load") for name in tree.modules[file].imports),
        inputs=tuple(patterns([place], "**")) if place else (literal(file),),
    )


def _drives(tree: Tree, path: str) -> bool:
    return bool({"locust", "clearance.load"} & tree.modules[path].imports)


def _slo(tree: Tree, place: str) -> tuple[str, bool]:
    """Say which SLO file the check names, and whether it is there: one that is no OpenSLO of ours is left alone."""
    names = [f"{place}/{name}" if place else name for name in _SLO_NAMES]
    for name in names:
        if not (tree.root / name).exists():
            return name, False
        try:
            slo.parse(tree.text(name), name)
        except PolicyError:
            continue
        return name, True
    return names[-1], True


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-.")[:60] or "project"
