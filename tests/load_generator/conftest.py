"""Imports Locust into the tests' own process without its patches of the standard library."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load_generator.program import Started, start
from tests.load_generator.server import Server

os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
importlib.import_module("clearance.load")  # before any test does, so that no later import of it patches anything
del os.environ["LOCUST_SKIP_MONKEY_PATCH"]


@pytest.fixture
def server() -> Iterator[Server]:
    """A real HTTP server of the test's own."""
    with Server() as started:
        yield started


@pytest.fixture
def recording_file(tmp_path: Path) -> Path:
    """Where a run's recording is to go."""
    return tmp_path / "run.zip"


@pytest.fixture(scope="session")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A run until its objectives are decided, which takes fifteen seconds at least: others go on meanwhile."""
    folder = tmp_path_factory.mktemp("decided")
    words = ("--arrivals", "constant:30", "--until-decided", "slo.yaml", "--limit", "100s")
    started = start("http://127.0.0.1:1", folder / "run.zip", *words)
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.fixture(scope="session", autouse=True)
def begin_early(request: pytest.FixtureRequest) -> None:
    """Begin the long run first, where any test will ask for it."""
    if any("long_run" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("long_run")
