"""The project's own root, planned with the real provider: plants in its source turn the rules and the reader."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import scenarios, terraform_plan
from tests.terraform.driving import REPOSITORY, ROOTS

RULES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in sorted((REPOSITORY / "security" / "plan").rglob("*"))
    if path.suffix in {".feature", ".py"}
}
OPEN_PORT = """
resource "aws_vpc_security_group_ingress_rule" "planted" {
  security_group_id = "sg-00000000000000000"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 5432
  to_port           = 5432
  ip_protocol       = "tcp"
}
"""


@pytest.fixture
def infra(tmp_path):
    """A copy of infra/ that may be spoilt."""
    return Path(shutil.copytree(REPOSITORY / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns(".terraform")))


def planned(infra):
    """What the reader makes of the plan, what the rules make of it, and the plan."""
    reports = infra.parent / "reports"
    reports.mkdir()
    driver = [sys.executable, "-m", "infra.stage", "plan", f"--reports={reports}", f"--kept={infra.parent / 'kept'}"]
    driver += [f"--root={infra / 'service'}", f"--override={infra / 'offline'}"]
    rules = [sys.executable, "-m", "pytest", "security/plan", "-q", "-p", "no:cacheprovider", "--plan={plan}"]
    for words in (driver, [*driver, "--", *rules, f"--junit-xml={reports / 'rules.xml'}"]):
        done = subprocess.run(words, cwd=REPOSITORY, env=os.environ, capture_output=True, check=False)
        assert done.returncode in {0, 1}, (done.stdout + done.stderr).decode()
    plan = (reports / "plan.json").read_bytes()
    ruled = scenarios.read((reports / "rules.xml").read_bytes(), Materials(root=str(REPOSITORY), files=RULES))
    return terraform_plan.read(plan, Materials()), ruled, plan


def broken(ruled):
    return {finding.resource.partition(" \u203a ")[2] for finding in ruled.findings}


def test_our_own_root_is_well(infra):
    """The root plans whole, without an account, and keeps every rule."""
    read, ruled, _ = planned(infra)
    assert ((), (), True) == (read.findings, read.problems, read.reach >= 60)
    assert ((), (), 8) == (ruled.findings, ruled.problems, ruled.reach)


def test_plants_turn_the_rules(infra):
    """A public database without protection and a port that is open to the world each break their own rule."""
    database = infra / "service" / "modules" / "database" / "main.tf"
    text = database.read_text()
    for attribute, good, bad in (("publicly_accessible", "false", "true"), ("deletion_protection", "true", "false")):
        lines = text.splitlines(keepends=True)
        text = "".join(line.replace(good, bad) if line.split()[:1] == [attribute] else line for line in lines)
    database.write_text(text)
    (infra / "service" / "planted.tf").write_text(OPEN_PORT)
    _, ruled, _ = planned(infra)
    assert {
        "No database has a public address",
        "No data port is open to addresses outside the network",
        "What keeps data is protected from destruction",
    } == broken(ruled)


def test_a_destroyed_database_turns_reader_and_rule(infra):
    """A database that the state holds and the root has lost is critical; its password is nowhere."""
    shutil.copy(ROOTS / "flights.tfstate", infra / "offline" / "terraform.tfstate")
    read, ruled, plan = planned(infra)
    assert [("data-destroyed", "aws_db_instance.this")] == [(each.rule, each.resource) for each in read.findings]
    assert {"What keeps data stays"} == broken(ruled)
    assert "aws_db_instance.this" in {each["address"] for each in json.loads(plan)["resource_changes"]}
    assert b"canary-of-the-state" not in plan
