"""Runs the driver as the gate does, as a program of its own, over roots that need no provider but Terraform's own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROOTS = REPOSITORY / "tests" / "readings" / "terraform" / "roots"


@dataclass(frozen=True, kw_only=True)
class Driven:
    """How it ended, what it said, and the folder of its reports."""

    code: int
    said: str
    reports: Path
    kept: Path

    def read(self, name):
        return (self.reports / name).read_bytes()

    @property
    def files(self):
        return sorted(path.name for path in self.reports.iterdir())


def drive(folder, root, step, *command, environ=None, flags=()):
    """Run one step over a root, with an empty override, in a folder for what is left; `flags` are Python's own."""
    reports, override, kept = folder / "reports", folder / "override", folder / "kept"
    for each in (reports, override):
        each.mkdir(exist_ok=True)
    words = [f"--reports={reports}", f"--root={root}", f"--override={override}", f"--kept={kept}"]
    done = subprocess.run(
        [sys.executable, *flags, "-m", "infra.stage", step, *words, *(["--", *command] if command else [])],
        cwd=REPOSITORY,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return Driven(code=done.returncode, said=done.stdout + done.stderr, reports=reports, kept=kept)
