"""Readies the process that tests run in; says loudly at the end which tests did not run on this machine, and why."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser import needs as browser
from tests.terraform import needs as terraform

NEEDS = (terraform, browser)

# A law holds on a busy machine, too, and numpy alone may take longer to start than an example is given.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Refuse to begin where somebody insists on tests that cannot run here.

    A shell that starts tests in the background has them ignore ^C, and a program that a test starts, to interrupt it,
    would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for needs in NEEDS:
        if os.environ.get(needs.REQUIRED) and needs.missing():
            raise pytest.UsageError(f"{needs.REQUIRED} is set, and there is no {' and no '.join(needs.missing())}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for needs in NEEDS:
        for what, files in needs.missing().items():
            terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
            terminalreporter.line(f"{', '.join(files)}: there is no {what} here.")
            terminalreporter.line(f"{needs.HINT}; {needs.REQUIRED}=1 insists.")


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that stays from run to run, for the environments of tools: `pytest --cache-clear` empties it."""
    folder = pytestconfig.cache.mkdir("environments")
    yield folder
    compiled = folder / "pycache" / tmp_path_factory.getbasetemp().relative_to("/")
    shutil.rmtree(compiled, ignore_errors=True)  # of copies that are gone
