"""Our Checkov checks and the command that runs them, in a copy of this repository, by the locked Checkov itself."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.model import Materials
from clearance.readers import checkov
from tests.copies import ROOT, Copy

PLANTED = ROOT / "tests" / "readings" / "checkov" / "roots"
OWN = re.compile(r"CKV2?_CLEARANCE_[1-9]")
SKIPS = "skip-check:\n  - CKV*\nskip-path:\n  - infra\nsoft-fail: true\nquiet: true\n"
BAD = {
    "CKV_CLEARANCE_1": {
        "aws_security_group.inline_postgres",
        "aws_security_group.second_of_two",
        "aws_security_group_rule.everything",
        "aws_security_group_rule.range",
        "aws_vpc_security_group_ingress_rule.four",
        "aws_vpc_security_group_ingress_rule.half",
        "aws_vpc_security_group_ingress_rule.six",
    },
    "CKV_CLEARANCE_2": {"aws_lambda_function.named", "aws_lambda_function.url"},
    "CKV2_CLEARANCE_1": {"aws_db_instance.literal", "aws_db_instance.managed_off", "aws_rds_cluster.literal"},
    "CKV2_CLEARANCE_2": {"aws_apigatewayv2_stage.half", "aws_apigatewayv2_stage.silent"},
}
END = "checkov ended with exit code 0\n"
ENTRY = "2026-11-24 12:00:00,000 [MainThread  ] [ERROR]  Failed to run check CKV_X_1 on /main.tf:a.b\n"


class Infrastructure(Copy):
    """A copy of this repository, and the verdict on its infrastructure."""

    def __init__(self, path: Path, kept: Path) -> None:
        super().__init__(path, kept)
        self.home = path.with_name("home")
        self.home.mkdir()

    def rule(self) -> tuple[int, dict]:
        """Run the check as an adopter would; give the exit code and the ruling."""
        code, reasons, verdict = self.judge("checkov", HOME=str(self.home))
        assert verdict is not None, reasons
        return code, verdict["rulings"][0]

    def scan(self, kind: str, target: Path, reports: Path) -> dict[str, dict[str, set[str]]]:
        """Run the check's own command over something else; give what passed and failed: rule to resources."""
        (environment,) = self.path.glob(".clearance/envs/checkov-*/bin")
        subprocess.run(
            ["sh", "security/checkov.sh", str(reports), kind, str(target)],
            cwd=self.path,
            env={
                "PATH": f"{environment}:{os.environ['PATH']}",
                "PYTHONPYCACHEPREFIX": str(self.path / ".clearance/pycache"),
            },
            check=True,
        )
        assert not [file for file in reports.iterdir() if b"planted" in file.read_bytes()]
        assert (reports / "checkov.log").read_text() == "checkov ended with exit code 1\n"
        results = json.loads((reports / "results_json.json").read_text())["results"]
        found: dict[str, dict[str, set[str]]] = {"passed": {}, "failed": {}}
        for side, rules in found.items():
            for record in results[f"{side}_checks"]:
                if OWN.fullmatch(record["check_id"]):
                    rules.setdefault(record["check_id"], set()).add(record["resource"])
        return found


@pytest.fixture(scope="module")
def unplanted(tmp_path_factory, kept):
    copy = Infrastructure(tmp_path_factory.mktemp("copy") / "repository", kept)
    assert copy.rule()[0] == 0
    return copy


@pytest.fixture
def copy(unplanted):
    """The copy, in which each test undoes what it planted."""
    kept = {file: file.read_bytes() for folder in ("infra", "security") for file in _files(unplanted.path / folder)}
    yield unplanted
    for file in [*_files(unplanted.path / "infra"), *_files(unplanted.path / "security")]:
        if file not in kept:
            file.unlink()
    for file, data in kept.items():
        file.write_bytes(data)
    for file in (unplanted.path / ".checkov.yaml", unplanted.home / ".checkov.yml"):
        file.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("kind", "name"), [("hcl", "bad"), ("plan", "bad.json")])
def test_each_own_check_objects_to_what_it_is_there_for(unplanted, tmp_path, kind, name):
    """In source and in a plan, however Terraform lets one write it."""
    assert {"passed": {}, "failed": BAD} == unplanted.scan(kind, PLANTED / name, tmp_path)


@pytest.mark.parametrize(("kind", "name"), [("hcl", "good"), ("plan", "good.json")])
def test_each_own_check_leaves_the_nearest_things_alone(unplanted, tmp_path, kind, name):
    """What looks alike and is harmless passes, and each check has looked at some of it."""
    found = unplanted.scan(kind, PLANTED / name, tmp_path)
    assert ({}, set(BAD)) == (found["failed"], set(found["passed"]))


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("checkov ended with exit code 0\n", "checkov ended with exit code 0\n"),
        ("odd: planted\ncheckov ended with exit code 0\n", "(something else, which may hold values)\n" + END),
        (ENTRY + "Traceback\n  planted\n" + END, ENTRY + END),
        ("Traceback\n  planted\n", "(something else, which may hold values)\n"),
    ],
)
def test_a_log_is_copied_without_what_it_quotes(tmp_path, log, expected):
    """Entries and the end stay, tracebacks go; where there is nothing but something else, that is said."""
    (tmp_path / "checkov.log").write_text(log)
    (tmp_path / "copy").mkdir()
    subprocess.run([sys.executable, ROOT / "security" / "checkov", tmp_path, tmp_path / "copy"], check=True)
    assert {"checkov.log": expected} == {file.name: file.read_text() for file in (tmp_path / "copy").iterdir()}


@pytest.mark.parametrize("case", ["bad", "plan-bad", "two-frameworks", "skipped", "quiet", "empty-folder"])
def test_a_report_without_values_reads_the_same(tmp_path, case):
    """What is left out is nothing that the gate reads."""
    source = PLANTED.parent / case
    subprocess.run([sys.executable, ROOT / "security" / "checkov", source, tmp_path], check=True)
    before, after = ((folder / "results_json.json").read_bytes() for folder in (source, tmp_path))
    root = Materials(root="/tmp/readings/checkov")
    assert (checkov.read(before, root), False) == (checkov.read(after, root), b"planted" in after)


def test_no_configuration_of_checkov_hides_anything(copy):
    """Files in the repository, the home and the scanned folder that would skip all change no finding."""
    for file in (copy.path / ".checkov.yaml", copy.path / "infra" / ".checkov.yaml", copy.home / ".checkov.yml"):
        file.write_text(SKIPS)
    _plant(copy, 'resource "aws_db_instance" "open" {\n  publicly_accessible = true\n}\n')
    code, ruling = copy.rule()
    rules = {finding["rule"] for finding in ruling["blocking"]}
    assert (1, True) == (code, {"CKV_AWS_17", "CKV2_CLEARANCE_1"} <= rules)


def test_a_skip_in_the_source_blocks_all_the_same(copy):
    """A comment that would silence a check is shown as what it silences."""
    _plant(
        copy,
        'resource "aws_vpc_security_group_ingress_rule" "open" {\n'
        "  # checkov:skip=CKV_CLEARANCE_1:planted\n"
        '  security_group_id = "sg-1"\n  from_port = 5432\n  to_port = 5432\n  ip_protocol = "tcp"\n'
        '  description = "planted"\n  cidr_ipv4 = "0.0.0.0/0"\n}\n',
    )
    code, ruling = copy.rule()
    found = [(finding["rule"], finding["resource"], finding["severity"]) for finding in ruling["blocking"]]
    assert (1, [("CKV_CLEARANCE_1", "aws_vpc_security_group_ingress_rule.open", "critical")]) == (code, found)


def test_own_checks_that_are_not_loaded_are_unknown(copy):
    """A check in a folder that Checkov silently passes over is named."""
    (copy.path / "security/checkov/more").mkdir()
    shutil.move(copy.path / "security/checkov/database_port.py", copy.path / "security/checkov/more/database_port.py")
    policy = copy.path / "clearance.toml"
    text = policy.read_text()
    moved = text.replace('"security/checkov/[!_]*.*"', '"security/checkov/**/[!_]*.*"')
    policy.write_text(moved.replace("security/checkov/database_port.py", "security/checkov/more/database_port.py"))
    code, ruling = copy.rule()
    policy.write_text(text)
    assert (3, True) == (code, any("our own check CKV_CLEARANCE_1" in reason for reason in ruling["reasons"]))


def test_a_check_that_raises_is_unknown(copy):
    """Checkov leaves it out of its report and ends with 0; what it quotes of the exception stays out of the log."""
    file = copy.path / "security/checkov/lambda_password.py"
    text = file.read_text()
    file.write_text(text.replace("    return bool(", '    raise ValueError("a value of the plan")\n    return bool('))
    code, ruling = copy.rule()
    assert (3, True) == (code, any("its check CKV_CLEARANCE_2 raised" in reason for reason in ruling["reasons"]))
    assert "a value of the plan" not in (copy.path / "build/clearance/reports/checkov/checkov.log").read_text()


def test_infrastructure_that_does_not_parse_is_unknown(copy):
    """Checkov ends with 0 over a broken file; it was not looked at."""
    _plant(copy, 'resource "aws_db_instance" "open" {\n')
    code, ruling = copy.rule()
    assert (3, True) == (
        code,
        any("could not parse infra/service/planted.tf" in reason for reason in ruling["reasons"]),
    )


def test_infrastructure_in_a_hidden_folder_is_unknown(copy):
    """Checkov passes hidden folders over."""
    (copy.path / "infra/.more").mkdir()
    (copy.path / "infra/.more/main.tf").write_text('resource "aws_sns_topic" "news" {\n}\n')
    code, ruling = copy.rule()
    (copy.path / "infra/.more/main.tf").unlink()
    assert (3, True) == (code, any("infra/.more/main.tf" in reason for reason in ruling["reasons"]))


def _plant(copy: Infrastructure, text: str) -> None:
    (copy.path / "infra/service/planted.tf").write_text(text)
