"""The overlay keeps up with the root that it is laid over: planned by the real provider, against the emulator."""

import json
from pathlib import Path

import pytest

from stack.folders import ROOT
from stack.rehearsal import acts, infrastructure
from stack.rehearsal.emulator import emulator, environment


@pytest.fixture
def running(tmp_path):
    """An emulator of AWS, which has looked that it listens on loopback alone."""
    with emulator(environment(), tmp_path, {}) as started:
        yield started


def test_the_root_is_planned_for_the_emulator(running, tmp_path):
    """Everything but the database is there, and the function is told where one is, without a password."""
    package = tmp_path / "package.zip"
    package.write_bytes(b"no zip at all")
    overlay = infrastructure.lay_over(
        tmp_path / "overlay",
        emulator=running.url,
        issuer="https://127.0.0.1:1",
        audience="flights",
        package=package,
        dsn="host=127.0.0.1 port=2",
    )
    with infrastructure.ready(Path(ROOT), overlay, tmp_path / "kept") as root:
        plan = root.plan()
    changes = {each["address"]: each["change"]["after"] for each in json.loads(plan)["resource_changes"]}
    assert [] == [address for address in changes if address.startswith("module.database.")]
    (variables,) = (each["variables"] for each in changes[acts.FUNCTION]["environment"])
    assert {
        "FLIGHTS_DB_AUTH": "password",
        "FLIGHTS_DB_DSN": "host=127.0.0.1 port=2",
        "FLIGHTS_STAGE": "rehearsal",
    } == variables
    assert len(changes) > 50
    assert json.loads(acts.enlarged(plan)) != json.loads(plan)
