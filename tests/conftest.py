"""Readies the process that tests run in; says loudly at the end which tests of Terraform did not run, and why."""

import os
import signal

import pytest

from tests.terraform.needs import MIRROR, REQUIRED, missing


def pytest_configure() -> None:
    """Refuse to begin where somebody insists on tests that cannot run here.

    A shell that starts tests in the background has them ignore ^C, and a program that a test starts, to interrupt it,
    would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if os.environ.get(REQUIRED) and missing():
        raise pytest.UsageError(f"{REQUIRED} is set, and there is no {' and no '.join(missing())}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, files in missing().items():
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(f"{', '.join(files)}: there is no {what} here.")
        terminalreporter.line(
            f"They need terraform on PATH, and the AWS provider in a folder that {MIRROR} names; {REQUIRED}=1 insists."
        )
