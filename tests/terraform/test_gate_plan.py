"""The gate's own root, planned with the real provider, and held to the rules of a plan that are about it."""

import os
import subprocess
import sys

from clearance.model import Materials
from clearance.readers import scenarios, terraform_plan
from tests.terraform.driving import REPOSITORY

RULES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in sorted((REPOSITORY / "security" / "plan").rglob("*"))
    if path.suffix in {".feature", ".py"}
}


def test_the_gate_s_root_is_well(tmp_path):
    """It plans whole, without an account, and breaks no rule; no rule about networks is about it."""
    driver = [sys.executable, "-m", "infra.stage", "plan", f"--reports={tmp_path}", f"--kept={tmp_path / 'kept'}"]
    driver += ["--root=infra/gate", "--override=infra/offline-gate"]
    rules = [sys.executable, "-m", "pytest", "security/plan", "-q", "-p", "no:cacheprovider", "--plan={plan}"]
    for words in (driver, [*driver, "--", *rules, f"--junit-xml={tmp_path / 'rules.xml'}"]):
        done = subprocess.run(words, cwd=REPOSITORY, env=os.environ, capture_output=True, check=False)
        assert 0 == done.returncode, (done.stdout + done.stderr).decode()
    read = terraform_plan.read((tmp_path / "plan.json").read_bytes(), Materials())
    ruled = scenarios.read((tmp_path / "rules.xml").read_bytes(), Materials(root=str(REPOSITORY), files=RULES))
    assert ((), (), True) == (read.findings, read.problems, read.reach >= 60)
    assert ((), 5) == (ruled.findings, ruled.reach)
