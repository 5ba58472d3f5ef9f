"""What a rehearsal comes to: an account, and an exit status that a program can rely on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.rehearsal.telling import Account

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(("wells", "well"), [([], False), ([True], True), ([True, False, True], False)])
def test_nothing_seen_is_nothing_shown(wells, well):
    """All acts must have gone as they must, and there must have been one."""
    account = Account()
    for each in wells:
        account.add("an act", "words", well=each)
    assert well is account.well
    assert ("PASS" if well else "FAIL") == account.show().split()[0]


def test_what_cannot_be_shown_is_said():
    """TLS, the login by IAM and the authorizer stand below every account."""
    shown = Account().show()
    assert ["TLS", "IAM", "JWT authorizer"] == [word for word in ("TLS", "IAM", "JWT authorizer") if word in shown]


def test_without_its_provider_the_answer_is_unknown(tmp_path):
    """Where Terraform or its provider is not to be had the exit status is 3, with the remedy, and no act is claimed."""
    (tmp_path / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "stack", "rehearse"],
        cwd=REPOSITORY,
        env={**os.environ, "CLEARANCE_TERRAFORM_MIRROR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 3 == done.returncode, done.stderr
    assert done.stdout.startswith("UNKNOWN")
    assert "next: " in done.stdout
