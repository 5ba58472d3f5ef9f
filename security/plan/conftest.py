"""Gives the rules the plan that `--plan` names, and labels each test for the report with its feature and scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_bdd.scenario import scenario_wrapper_template_registry

from security.plan.document import Plan, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bdd.parser import ScenarioTemplate


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--plan", type=Path, required=True, help="what `terraform show -json` says of the plan")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write down in the report which scenario each test is, even if it cannot start."""
    for item in items:
        template = scenario_wrapper_template_registry.get(item.function) if isinstance(item, pytest.Function) else None
        if template is not None:
            item.user_properties.extend(labels(config.rootpath, template))


def labels(root: Path, template: ScenarioTemplate) -> Iterator[tuple[str, str]]:
    """Yield the properties of a test: its feature's path, the scenario's name and line."""
    yield "feature", Path(template.feature.filename).relative_to(root).as_posix()
    yield "scenario", template.name
    yield "line", str(template.line_number)


@pytest.fixture(scope="session")
def plan(request: pytest.FixtureRequest) -> Plan:
    return parse(request.config.getoption("plan").read_bytes())
