"""What a rehearsal comes to: an account, and an exit status that a program can rely on."""

import os
import signal
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


def test_what_is_ended_from_outside_is_no_act():
    """After an interruption nothing is added that went wrong by it."""
    account = Account()
    account.add("an act", "words", well=True)
    account.close()
    account.add("another", "Terraform Cloud is closed", well=False)
    assert ["an act"] == [act.name for act in account.acts]


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


@pytest.fixture
def begun(tmp_path):
    """Begins a rehearsal with a script for a Terraform; it, and the folder of its temporary files."""
    scratch, programs, pipe = (tmp_path / name for name in ("scratch", "bin", "pipe"))
    scratch.mkdir()
    programs.mkdir()
    os.mkfifo(pipe)

    def begin(script):
        slow = programs / "terraform"
        slow.write_text(f"#!/bin/sh\n{script.format(began=f'echo began > {pipe}')}\n")
        slow.chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "rehearse"],
            cwd=REPOSITORY,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "TMPDIR": str(scratch)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert "began\n" == pipe.read_text()
        assert [] != list(scratch.iterdir())
        return process, scratch

    return begin


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_rehearsal_leaves_nothing(begun, number):
    """Whatever ends it, and however often, its folders and programs are gone, and the exit status is 130."""
    process, scratch = begun("{began}\nexec sleep 60")
    for _ in range(3):
        os.killpg(process.pid, number)
    said, told = process.communicate()
    assert (130, "") == (process.returncode, said), told
    assert [] == list(scratch.iterdir())
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_terraform_is_let_end_its_providers(begun, tmp_path):
    """An interrupted Terraform is asked to end and waited for: killed, it would leave its providers behind."""
    trap = f"trap 'sleep 1; touch {tmp_path}/ended; exit 1' INT"
    process, scratch = begun(trap + "\n{began}\nwhile :; do sleep 0.1; done")
    os.kill(process.pid, signal.SIGINT)
    process.communicate()
    assert (130, True, []) == (process.returncode, (tmp_path / "ended").exists(), list(scratch.iterdir()))
