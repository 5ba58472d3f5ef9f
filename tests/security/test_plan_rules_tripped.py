"""Our rules for a plan: each holds for a good one, and is tripped by the plan that it is there for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import scenarios, stateful_types
from security.plan.steps.chosen import KEEPS_DATA

REPOSITORY = Path(__file__).parents[2]
READINGS = REPOSITORY / "tests" / "readings" / "terraform"
RULES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in sorted((REPOSITORY / "security" / "plan").rglob("*"))
    if path.suffix in {".feature", ".py"}
}


def judged(folder, document):
    """What the gate's reader makes of the rules' run over a plan."""
    (folder / "plan.json").write_text(json.dumps(document))
    words = [
        "-q",
        "-p",
        "pytest_bdd.plugin",
        "-p",
        "no:cacheprovider",
        f"--plan={folder / 'plan.json'}",
        f"--junit-xml={folder / 'report.xml'}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "security/plan", *words],
        cwd=REPOSITORY,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # those of this environment cost seconds
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout.decode()
    reading = scenarios.read((folder / "report.xml").read_bytes(), Materials(root=str(REPOSITORY), files=RULES))
    return reading, done.stdout.decode()


@pytest.fixture
def plan():
    """A real plan in which all is well: see tests/readings/terraform/README.md."""
    return json.loads((READINGS / "plan.json").read_bytes())


def change_of(plan, address):
    [found] = [each["change"] for each in plan["resource_changes"] if each["address"] == address]
    return found


def broken(reading):
    return sorted(finding.resource.partition(" \u203a ")[2] for finding in reading.findings)


def test_a_good_plan_keeps_every_rule(plan, tmp_path):
    """Every scenario runs over a plan that has everything, and holds."""
    reading, _ = judged(tmp_path, plan)
    assert (8, (), ()) == (reading.reach, reading.findings, reading.problems)


DATABASE, LOGS, ALARM = (
    "aws_db_instance.this",
    "aws_cloudwatch_log_group.function",
    "aws_cloudwatch_metric_alarm.errors",
)
WAY_IN, SUBNET, KEY = "aws_vpc_security_group_ingress_rule.database", "aws_subnet.private", "aws_kms_key.data"
PROTECTED, LOST = "What keeps data is protected from destruction", "What keeps data stays"
PUBLIC, PORT = "No database has a public address", "No data port is open to addresses outside the network"
SIGNED, ACTS, KEPT = "Every resource says whose it is", "Every alarm tells somebody", "Logs are kept, and not for ever"


@pytest.mark.parametrize(
    ("address", "after", "rule"),
    [
        (DATABASE, {"publicly_accessible": True}, PUBLIC),
        (DATABASE, {"deletion_protection": False}, PROTECTED),
        (DATABASE, {"deletion_protection": None}, PROTECTED),
        (DATABASE, {"skip_final_snapshot": True}, PROTECTED),
        (KEY, {"deletion_window_in_days": 7}, PROTECTED),
        (WAY_IN, {"cidr_ipv4": "0.0.0.0/0"}, PORT),
        (WAY_IN, {"cidr_ipv4": "128.0.0.0/1"}, PORT),
        (WAY_IN, {"cidr_ipv4": None, "cidr_ipv6": "::/0"}, PORT),
        (WAY_IN, {"cidr_ipv4": "8.8.8.8/32", "ip_protocol": "-1", "from_port": None, "to_port": None}, PORT),
        (WAY_IN, {"cidr_ipv4": "0.0.0.0/0", "from_port": 0, "to_port": 65535}, PORT),
        (WAY_IN, {"cidr_ipv4": "(sensitive value)"}, PORT),
        (WAY_IN, {"cidr_ipv4": None, "prefix_list_id": "pl-12345678"}, PORT),
        (SUBNET, {"map_public_ip_on_launch": True}, "No subnet is public"),
        (ALARM, {"actions_enabled": False}, ACTS),
        (LOGS, {"retention_in_days": 0}, KEPT),
        (LOGS, {"retention_in_days": 1}, KEPT),
        (KEY, {"tags_all": {"project": "flights", "stage": "test"}}, SIGNED),
    ],
)
def test_a_plant_trips_its_rule(plan, tmp_path, address, after, rule):
    """One attribute gone wrong breaks the one rule about it, which names the resource."""
    change_of(plan, address)["after"].update(after)
    reading, said = judged(tmp_path, plan)
    assert [rule] == broken(reading)
    assert address in said


@pytest.mark.parametrize(
    ("address", "attribute", "rule"),
    [
        (DATABASE, "publicly_accessible", PUBLIC),
        (DATABASE, "deletion_protection", PROTECTED),
        (WAY_IN, "cidr_ipv4", PORT),
        (LOGS, "retention_in_days", KEPT),
    ],
)
def test_what_is_not_known_is_not_well(plan, tmp_path, address, attribute, rule):
    """A value that only the apply decides trips the rule that asks for it."""
    change = change_of(plan, address)
    change["after"].pop(attribute, None)
    change["after_unknown"][attribute] = True
    assert [rule] == broken(judged(tmp_path, plan)[0])


def test_an_alarm_without_action_trips_its_rule(plan, tmp_path):
    """An alarm that would act on nothing is no alarm."""
    change = change_of(plan, ALARM)
    change["after"]["alarm_actions"] = []
    change["after_unknown"]["alarm_actions"] = False
    assert [ACTS] == broken(judged(tmp_path, plan)[0])


def test_an_internet_gateway_trips_its_rule(plan, tmp_path):
    """A route to the internet makes its subnets public."""
    resources = plan["configuration"]["root_module"]["resources"]
    [table] = [each for each in resources if each["address"] == "aws_route_table.private"]
    table["expressions"]["route"] = [{"gateway_id": {"references": ["aws_internet_gateway.this.id"]}}]
    assert ["No subnet is public"] == broken(judged(tmp_path, plan)[0])


@pytest.mark.parametrize("ingress", ["inline", "rule"])
def test_older_ways_to_open_a_port_trip_the_rule(plan, tmp_path, ingress):
    """A group's own list and the older rule resource are looked at too."""
    opened = {"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"], "from_port": 5432, "to_port": 5432, "protocol": "tcp"}
    if ingress == "inline":
        change_of(plan, "aws_security_group.database")["after"]["ingress"] = [opened]
    else:
        change = {"actions": ["create"], "after": {**opened, "type": "ingress"}, "after_unknown": {}}
        kind = "aws_security_group_rule"
        plan["resource_changes"].append({"address": f"{kind}.x", "type": kind, "mode": "managed", "change": change})
    assert [PORT] == broken(judged(tmp_path, plan)[0])


@pytest.mark.parametrize("name", ["destroyed", "replaced", "forgotten"])
def test_a_lost_database_trips_its_rule(tmp_path, name):
    """A database that is in the state and would not be what it was breaks the rule; no value of it is shown."""
    document = json.loads((READINGS / f"plan-{name}-database.json").read_bytes())
    reading, said = judged(tmp_path, document)
    assert LOST in broken(reading)
    assert f"{DATABASE}: {name}" in said
    assert "canary" not in said + (tmp_path / "report.xml").read_text()


def test_a_rule_about_nothing_shows_nothing(tmp_path):
    """Over a plan without resources no scenario has run, and the gate is told of each."""
    reading, _ = judged(tmp_path, json.loads((READINGS / "plan-of-nothing.json").read_bytes()))
    assert (0, 8) == (reading.reach, len(reading.problems))
    assert all("this rule looked at nothing" in problem for problem in reading.problems)


@pytest.mark.parametrize("name", ["plan-errored", "state"])
def test_a_part_of_a_plan_is_no_plan(tmp_path, name):
    """Over an errored plan, or a state, no rule holds."""
    reading, _ = judged(tmp_path, json.loads((READINGS / f"{name}.json").read_bytes()))
    assert 8 == len(reading.findings)


def test_a_type_without_a_row_is_not_taken_for_protected(plan, tmp_path):
    """A type that keeps data, and of which the table says nothing, trips the rule."""
    change = {"actions": ["create"], "after": {}, "after_unknown": {}}
    plan["resource_changes"].append(
        {"address": "aws_qldb_ledger.x", "type": "aws_qldb_ledger", "mode": "managed", "change": change}
    )
    assert [PROTECTED] == broken(judged(tmp_path, plan)[0])


def test_rules_and_reader_agree_on_what_keeps_data():
    """Both lists of types are the same, but for log groups."""
    assert stateful_types.TYPES == KEEPS_DATA | {"aws_cloudwatch_log_group"}
