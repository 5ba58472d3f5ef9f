"""Gives the scenarios their deployment, labels each test for the report, and shows in a failure what was said."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features.airline import Airline, unused
from features.api import Api
from features.deployment import Deployment, deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bdd.parser import Feature, Scenario, Step

TAGS = {
    "canary": "the one dummy request of the integration runner; needs BASE_URL and TOKEN_CANARY_READ alone",
    "local": "breaks things through CONTROL_URL, which only a local stack has",
}
RUN_ID = os.environ.get("FEATURES_RUN_ID") or secrets.token_hex(4)
API = pytest.StashKey[Api]()


def pytest_configure(config: pytest.Config) -> None:
    for tag, meaning in TAGS.items():
        config.addinivalue_line("markers", f"{tag}: {meaning}")


def pytest_report_header() -> str:
    return f"features: run {RUN_ID} against {os.environ.get('BASE_URL') or 'a local stack, started for it'}"


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployment]:
    with deployment(os.environ) as where:
        yield where


@pytest.fixture
def api(request: pytest.FixtureRequest, deployed: Deployment) -> Iterator[Api]:
    api = Api(deployment=deployed)
    request.node.stash[API] = api
    yield api
    api.close()


@pytest.fixture
def airline(request: pytest.FixtureRequest, api: Api) -> Airline:
    return unused(api, f"{RUN_ID} {request.node.nodeid}")


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    """Write down in the report which scenario, and which row of an outline, this test is."""
    path = Path(feature.filename).relative_to(request.config.rootpath).as_posix()
    labels = [("feature", path), ("scenario", scenario.name), ("line", str(scenario.line_number))]
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None:
        labels.append(("example", json.dumps(callspec.params["_pytest_bdd_example"])))
    request.node.user_properties.extend(labels)


def pytest_bdd_step_error(
    request: pytest.FixtureRequest, feature: Feature, step: Step, exception: BaseException
) -> None:
    """Add the step and the last exchanges with the service to the failure; headers, and so tokens, stay out."""
    exception.add_note(f"step: {step.keyword} {step.name} ({Path(feature.filename).name}:{step.line_number})")
    api = request.node.stash.get(API, None)
    for exchange in api.exchanges if api is not None else ():
        exception.add_note(str(exchange))
