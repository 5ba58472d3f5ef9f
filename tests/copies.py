"""Copies of this repository to plant faults in, and to judge as an adopter would judge his own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_OWN = ("CLEARANCE_", "COV_CORE", "BASE_URL", "TOKEN_")  # variables by which a developer's machine would have a say


class Copy:
    """A copy of what git would take of this repository.

    The tools' environments, and what Python compiles of them, lie in `kept` and serve every copy: they depend on the
    lock alone, but for the checks in whose environment the project itself is.
    """

    def __init__(self, path: Path, kept: Path | None = None) -> None:
        self.path = path
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for name in filter(None, os.fsdecode(names).split("\0")):
            if (ROOT / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, path / name)
        if kept is not None:
            (path / ".clearance").mkdir()
            (path / ".clearance/.gitignore").write_text("*\n")
            for part in ("envs", "pycache"):
                (kept / part).mkdir(exist_ok=True)
                (path / ".clearance" / part).symlink_to(kept / part)

    def write(self, name: str, text: str) -> None:
        """Write a file, and its folder if need be."""
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        """Change the first `old`, which must be there, or the plant would plant nothing."""
        text = (self.path / name).read_text()
        assert old in text, f"{name} no longer holds what this plant changes"
        (self.path / name).write_text(text.replace(old, new, 1))

    def add(self, name: str, text: str) -> None:
        """Add to the end of a file."""
        with (self.path / name).open("a") as file:
            file.write(text)

    def keep_only(self, *names: str) -> None:
        """Delete what is neither at the top nor of these files and folders, so that a scan of the whole is short."""
        for file in list(self.path.glob("[!.]*/**/*")):
            name = file.relative_to(self.path).as_posix()
            if file.is_file() and not f"{name}/".startswith(tuple(f"{each}/" for each in names)):
                file.unlink()

    def judge(self, check: str, *words: str, **more: str):
        """Run one check; give its exit code, its ruling's reasons and the whole verdict (None where there is none)."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "clearance", "run", "--only", check, *words],
            cwd=self.path,
            env=env | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.path.parent)} | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        file = self.path / "build/clearance/verdict.json"
        verdict = json.loads(file.read_text()) if file.exists() else None
        reasons = " | ".join(verdict["rulings"][0]["reasons"]) if verdict else done.stderr
        return done.returncode, reasons, verdict
