"""Leaves out what cannot run on this machine; tests/conftest.py says so at the end of the run."""

from pathlib import Path

from tests.terraform.needs import missing

collect_ignore = [
    Path(file).name for files in missing().values() for file in files if file.startswith("tests/rehearsal")
]
