"""The environments of the adopters: made once for all tests of a process."""

import pytest

from tests.adopter import environments

collect_ignore = ["parcels"]  # the adopter's own tests, which run in a copy


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """What an adopter has installed: Clearance and common tools, but no Checkov."""
    wanted = ("pytest", "pytest-bdd", "bandit", "squawk-cli", "zizmor", "locust")
    return environments.make(tmp_path_factory.mktemp("environment"), *wanted)


@pytest.fixture
def repository(tmp_path, programs):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return environments.Repository(tmp_path / "an adopter's", [programs], temporary)
