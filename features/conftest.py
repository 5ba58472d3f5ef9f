"""Gives the scenarios their deployment, labels each test for the report, and shows in a failure what was said."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.scenario import scenario_wrapper_template_registry

from features.airline import Airline, unused
from features.api import Api
from features.deployment import TOKENS, Deployment, deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.python import CallSpec2
    from pytest_bdd.parser import Feature, ScenarioTemplate, Step

TAGS = {
    "canary": "the one dummy request of the integration runner; needs BASE_URL and TOKEN_CANARY_READ alone",
    "local": "breaks things through CONTROL_URL, which only a local stack has",
}
RUN_ID = os.environ.get("FEATURES_RUN_ID") or secrets.token_hex(4)
API = pytest.StashKey[Api]()


def pytest_configure(config: pytest.Config) -> None:
    for tag, meaning in TAGS.items():
        config.addinivalue_line("markers", f"{tag}: {meaning}")
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "short"  # what was asked and answered says more than the steps' code


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write down in the report which scenario, and which row of an outline, each test is, even if it cannot start."""
    for item in items:
        template = scenario_wrapper_template_registry.get(item.function) if isinstance(item, pytest.Function) else None
        if template is not None:
            item.user_properties.extend(labels(config.rootpath, template, getattr(item, "callspec", None)))


def labels(root: Path, template: ScenarioTemplate, callspec: CallSpec2 | None) -> Iterator[tuple[str, str]]:
    """Yield the properties of a test: its feature's path, the scenario's name and line, and the row as JSON."""
    yield "feature", Path(template.feature.filename).relative_to(root).as_posix()
    yield "scenario", template.name
    yield "line", str(template.line_number)
    if callspec is not None:
        yield "example", json.dumps(callspec.params["_pytest_bdd_example"])


def pytest_report_header() -> str:
    return f"features: run {RUN_ID} against {os.environ.get('BASE_URL') or 'a local stack, started for it'}"


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployment]:
    with deployment(os.environ) as where:
        yield where


@pytest.fixture(autouse=True)
def api(request: pytest.FixtureRequest, deployed: Deployment) -> Iterator[Api]:
    """Reach the service; in each test's setup, so that what the deployment lacks is an error and not a failure."""
    canary, local = (request.node.get_closest_marker(tag) is not None for tag in TAGS)
    deployed.require(["canary:read"] if canary else list(TOKENS), control=local)
    api = Api(deployment=deployed)
    request.node.stash[API] = api
    yield api
    api.close()


@pytest.fixture
def airline(request: pytest.FixtureRequest, api: Api) -> Airline:
    return unused(api, f"{RUN_ID} {request.node.nodeid}")


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Feature, step: Step, exception: BaseException
) -> None:
    """Add the step and the last exchanges with the service to the failure; headers, and so tokens, stay out."""
    exception.add_note(f"step: {step.keyword} {step.name} ({Path(feature.filename).name}:{step.line_number})")
    for exchange in request.node.stash[API].exchanges:
        exception.add_note(str(exchange))
