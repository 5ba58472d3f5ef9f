"""The parts of infra/ that several tests look at."""

from typing import Any

import pytest

from tests.infra.hcl_values import ROOT, blocks, locals_of


@pytest.fixture(scope="session")
def root_locals() -> dict[str, Any]:
    """The locals of the root module."""
    return locals_of(ROOT)


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """All resources of the root and its modules, by folder and address."""
    return {f"{path.parent.name}:{label}": body for path, label, body in blocks("resource")}
