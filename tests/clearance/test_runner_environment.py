"""A dependency group's environment is made once, from the lock, whoever asks, and is never half there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clearance.model import Check, PolicyError, Reading, Report, Subject
from clearance.runner import Preparing, collect, gather

UV = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
PYPROJECT = """
[project]
name = "guarded"
version = "1"
requires-python = ">=3.11"
dependencies = []

[dependency-groups]
count = ["counter"]

[tool.uv]
package = false

[tool.uv.sources]
counter = {{ path = "counter-{version}-py3-none-any.whl" }}
"""
COUNTER = """
import pathlib, sys
def main():
    pathlib.Path(sys.argv[1]).write_text(sys.prefix)
"""
CHECK = Check(
    name="count", run=("counter", "{report}"), reports=(Report(file="count.txt", reader="text"),), group="count"
)


def lock_project(root, version="1.0"):
    """Write a project whose group holds one small wheel, and lock it."""
    with zipfile.ZipFile(root / f"counter-{version}-py3-none-any.whl", "w") as wheel:
        info = f"counter-{version}.dist-info"
        wheel.writestr("counter.py", COUNTER)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: counter\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ncounter = counter:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    (root / "pyproject.toml").write_text(PYPROJECT.format(version=version))
    subprocess.run([UV, "lock", "--quiet", "--offline", "--python", sys.executable], cwd=root, check=True)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "a project"
    root.mkdir()
    lock_project(root)
    return root


def run(root, name="reports", told=None, said=""):
    lock = (root / "uv.lock").read_text()
    environ = {**os.environ, "UV_OFFLINE": "1"}
    return collect(
        [CHECK],
        root=root,
        subject=Subject(),
        inputs={"count": gather(CHECK, root=root, lock=lock, environ=environ)},
        readers={"text": lambda data, _: Reading(reach=1, covered=(data.decode(),), tool=said)},
        find=lambda *_: None,
        reports=root / "build" / name,
        jobs=1,
        environ=environ,
        on_event=(told if told is not None else []).append,
    )["count"].evidence


def environments(root):
    return sorted(path for path in (root / ".clearance/envs").iterdir() if path.is_dir())


def test_it_is_made_on_first_use(project):
    """The first use makes the group's environment below .clearance, which git ignores, and later ones find it there."""
    first, second = [], []
    evidence = run(project, told=first)
    run(project, "again", told=second)

    assert evidence.problems == ()
    assert [Path(prefix) for prefix in evidence.covered] == environments(project)
    assert [Preparing(check="count", group="count")] == [event for event in first if isinstance(event, Preparing)]
    assert [event for event in second if isinstance(event, Preparing)] == []
    assert (project / ".clearance/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("said", "tool"), [("", "counter 1.0"), ("Counter", "Counter 1.0"), ("counter 7", "counter 7"), ("else", "else")]
)
def test_the_locked_version_is_named(project, said, tool):
    """A report that does not say which version made it is credited to the one that the group is locked to."""
    assert run(project, said=said).tool == tool


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ("counter 1.0", 0),
        ("Counter v1.0.0", 0),
        ("counter 1", 0),
        ("counter 7", 1),
        ("counter 1.1", 1),
        ("counter nightly", 1),
        ("else 7", 0),
        ("counter", 0),
    ],
)
def test_a_report_of_another_version_than_the_locked_one(project, said, problems):
    """A report that says another version of the very tool made it than the lock names is a problem that names both."""
    evidence = run(project, said=said)

    assert len(evidence.problems) == problems
    assert [f"{said} made the report, and uv.lock has counter 1.0" in problem for problem in evidence.problems] == [
        True
    ] * problems


def test_an_environment_that_somebody_changed_is_made_anew(project):
    """An environment that holds another version of a package than the lock says is not used."""
    run(project)
    (home,) = environments(project)
    (installed,) = home.glob("lib/python*/site-packages/counter-1.0.dist-info")
    installed.rename(installed.with_name("counter-1.1.dist-info"))
    told = []
    evidence = run(project, "again", told)

    assert evidence.problems == ()
    assert Preparing(check="count", group="count") in told
    assert [path.name for path in home.glob("lib/python*/site-packages/*.dist-info")] == ["counter-1.0.dist-info"]


def test_another_lock_is_another_environment(project):
    """A changed lock makes a new environment, and the unused old one goes."""
    old = [run(project).covered, environments(project)]
    lock_project(project, "1.1")
    evidence = run(project, "again")

    assert evidence.tool == "counter 1.1"
    assert [evidence.covered, environments(project)] != old
    assert len(environments(project)) == 1


def test_a_half_made_one_is_made_anew(project):
    """An environment whose making was cut short is never used."""
    run(project)
    (environment,) = environments(project)
    (environment / ".clearance-ready").unlink()
    (environment / "bin/counter").write_text("#!/bin/sh\nexit 9\n")
    told = []

    assert run(project, "again", told).problems == ()
    assert Preparing(check="count", group="count") in told


def test_a_repository_that_moved(project):
    """An environment's programs name its Python by path, so one that was moved along is made anew."""
    run(project)
    moved = project.rename(project.with_name("elsewhere"))
    told = []

    assert run(moved, "again", told).problems == ()
    assert Preparing(check="count", group="count") in told


def test_environments_that_a_link_leads_to(project, tmp_path):
    """Where they are kept elsewhere, they are made under that name, and outlive the link."""
    (tmp_path / "kept").mkdir()
    (project / ".clearance").mkdir()
    (project / ".clearance/envs").symlink_to(tmp_path / "kept")

    evidence = run(project)
    assert [Path(prefix).parent for prefix in evidence.covered] == [tmp_path / "kept"]


def test_two_makers_at_once(project):
    """Of several that need it at the same time one makes it, and the others wait and use it."""
    told = []
    with ThreadPoolExecutor(4) as pool:
        evidence = list(pool.map(lambda name: run(project, name, told), ["a", "b", "c", "d"]))

    assert [found.problems for found in evidence] == [(), (), (), ()]
    assert len([event for event in told if isinstance(event, Preparing)]) == 1


def test_one_that_cannot_be_made(project):
    """What uv says when it fails is a problem of the evidence, with the command to try by hand."""
    (project / "counter-1.0-py3-none-any.whl").unlink()
    (problem,) = run(project).problems

    assert problem.startswith("`uv sync` failed for the group 'count': ")
    assert "counter-1.0-py3-none-any.whl" in problem
    assert "`uv sync --locked --only-group count`" in problem
    assert environments(project) == []


def test_a_lock_that_lags_behind(project):
    """A lock that does not fit the project is refused, not silently renewed."""
    changed = PYPROJECT.format(version="1.0").replace('["counter"]', '["counter"]\nmore = ["counter"]')
    (project / "pyproject.toml").write_text(changed)
    before = (project / "uv.lock").read_bytes()
    (problem,) = run(project).problems

    assert problem.startswith("`uv sync` failed for the group 'count': ")
    assert (project / "uv.lock").read_bytes() == before


LIES = {
    "another version of the tool": ('name = "counter"\nversion = "1.0"', 'name = "counter"\nversion = "1.1"'),
    "another hash": ("sha256:", "sha256:0000"),
    "a tool less": ('[package.dev-dependencies]\ncount = [\n    { name = "counter" },\n]', ""),
    "another Python": ('requires-python = ">=3.11"', 'requires-python = ">=3.99"'),
}


@pytest.mark.parametrize(("old", "new"), LIES.values(), ids=LIES)
def test_a_lock_that_lies_about_its_tools(project, old, new):
    """A lock that was edited by hand, in part, is refused with the remedy, and stays as it is."""
    lock = project / "uv.lock"
    text = lock.read_text()
    lock.write_text(text.replace(old, new))
    assert lock.read_text() != text
    (problem,) = problems_of(project)

    assert "uv lock" in problem
    assert lock.read_text() == text.replace(old, new)


def problems_of(project):
    """What stands in the way of evidence, or of knowing what it would be made from."""
    try:
        return run(project).problems
    except PolicyError as error:
        return (f"{error}; {error.hint}",)
