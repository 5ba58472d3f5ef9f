"""An adopter's repository, parcels/, on its way from no gate at all to a change that is blocked."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.adopter import environments

SAMPLE = Path(__file__).with_name("parcels")
SERVER = """\
from datetime import datetime
from wsgiref.simple_server import WSGIRequestHandler, make_server

from parcels.app import PARCELS, app
from parcels.tracking import Parcel, Scan

WSGIRequestHandler.log_message = lambda *words: None
PARCELS["1000000009"] = Parcel("1000000009", [Scan(datetime.now(), "Leipzig")])
with make_server("127.0.0.1", 0, app) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""
LABELS = {
    "src/parcels/labels.py": "import subprocess\n\n\ndef label(text):\n    subprocess.call(text, shell=True)\n",
    "infra/main.tf": '\nresource "aws_sqs_queue" "labels" {\n  name = "labels"\n}\n',
}


@pytest.fixture(scope="module")
def checkov(tmp_path_factory):
    return environments.make_group(tmp_path_factory.mktemp("checkov"), "checkov")


@pytest.fixture
def parcels(tmp_path, programs):
    """The adopter's repository, with one commit; Checkov is among the tools as soon as somebody puts it into bin/."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copytree(SAMPLE, tmp_path / "parcels", ignore=shutil.ignore_patterns("__pycache__"))
    made = environments.Repository(tmp_path / "parcels", [programs, tmp_path / "bin"], tmp_path / "tmp")
    made.shell("git init -q -b main . && git add . && git commit -qm 'parcels, as they always were'")
    return made


def verdict(parcels):
    said = json.loads((parcels.path / "build/clearance/verdict.json").read_text())
    return said, {ruling["check"]: ruling["decision"] for ruling in said["rulings"]}


def test_from_init_to_a_blocked_change(parcels, checkov):
    """Init finds all that is there; old findings get a baseline; a change is blocked by what it brings."""
    (parcels.path.parent / "bin/checkov").symlink_to(checkov / "checkov")
    said, _, code = parcels.clearance("init")
    policy = tomllib.loads((parcels.path / "clearance.toml").read_text())["check"]
    reaches = {name: check["reach"] for name, check in policy.items()}
    counted = {"unit": 4, "behaviour": 3, "bandit": 4, "checkov": 1, "migrations": 1, "workflows": 1, "load": 1000}
    assert (code, reaches) == (0, counted), said

    _, text, code = parcels.clearance("run")
    _, decisions = verdict(parcels)
    assert [name for name, decision in decisions.items() if decision != "pass"] == ["checkov"], text
    assert (code, decisions["checkov"]) == (1, "fail")

    words = ("--owner", "ann", "--reason", "from before the gate", "--expires", "2099-03-31")
    assert parcels.clearance("baseline", "checkov", *words)[2] == 0
    parcels.shell("git add . && git commit -qm 'A gate'")
    _, text, code = parcels.clearance("run", "--base", "HEAD")
    assert (code, verdict(parcels)[0]["complete"]) == (0, True), text

    for name, text in LABELS.items():
        with (parcels.path / name).open("a") as file:
            file.write(text)
    parcels.shell("git add . && git commit -qm 'Labels'")
    _, text, code = parcels.clearance("run", "--base", "HEAD~1")
    blocked, decisions = verdict(parcels)
    assert (code, [name for name, each in decisions.items() if each != "pass"]) == (1, ["bandit", "checkov"])
    found = [(each["path"], each["resource"], each["line"]) for r in blocked["rulings"] for each in r["blocking"]]
    assert set(found) == {("src/parcels/labels.py", None, 5), ("infra/main.tf", "aws_sqs_queue.labels", 10)}
    assert "src/parcels/labels.py:5" in text


@pytest.mark.parametrize(
    ("change", "check", "decision"),
    [
        ("sed -i '/Outline/,$d' features/tracking.feature", "behaviour", "unknown"),
        ("sed -i 's/ == 0$/ == 1/' src/parcels/tracking.py", "unit", "fail"),
        ("sed -i '/^import pytest/a pytestmark = pytest.mark.skip' tests/test_tracking.py", "unit", "unknown"),
        ("echo 'drop table scans;' > migrations/0002_away.sql", "migrations", "fail"),
        ("sed -i 's/make test/echo ${{ github.head_ref }}/' .github/workflows/ci.yml", "workflows", "fail"),
        ("sed -i 's/^reach = 4 /reach = 3 /' clearance.toml", "policy", "fail"),
        ("sed -i 's/^block_at = .*/block_at = \"high\"/' clearance.toml", "policy", "fail"),
    ],
)
def test_changes_that_are_blocked(parcels, change, check, decision):
    """A change that breaks, hides or loosens something is blocked by the check whose business that is."""
    parcels.clearance("init")
    parcels.shell(f"git add . && git commit -qm 'A gate' && {change} && git add . && git commit -qm 'A change'")
    _, text, code = parcels.clearance("run", "--base", "HEAD~1", "--only", "unit" if check == "policy" else check)
    assert (verdict(parcels)[1][check], code) == (decision, {"fail": 1, "unknown": 3}[decision]), text


def test_load_by_one_import(parcels):
    """With the one line that init asks for, the locustfile leaves a recording that the gate reads and judges."""
    parcels.clearance("init")
    locustfile = parcels.path / "load/locustfile.py"
    locustfile.write_text(locustfile.read_text().replace("from locust", "import clearance.load\nfrom locust", 1))
    with parcels.server(SERVER) as port:
        words = ("--stage", "live", "--only", "load", "--", "--run-time", "4s", "--warm-up", "1s")
        _, text, code = parcels.clearance("run", *words, LOCUST_HOST=f"http://127.0.0.1:{port}")
    (ruling,) = verdict(parcels)[0]["rulings"]
    seen = json.loads((parcels.path / "build/clearance/evidence/load.json").read_text())
    assert (code, ruling["decision"], seen["unit"]) == (3, "unknown", "requests"), text
    assert 40 < seen["reach"] < 1000
    assert {"availability", "latency"} <= {each["name"] for each in ruling["measures"]}
