"""Runs in Checkov's own environment and knows nothing of ours: imports Checkov once, scans each plan in a fork.

`python scan_child.py CHECKS`. It prints `ready`; for each line of standard input, a folder that holds `plan.json`, it
leaves there what the program `checkov` would, `checkov.log` and the ids of the checks that it had, and prints a line. A
fork has seen no other plan, so that it answers as a program run for this one does, and what it took is given back. It
clears the last plan away itself, for whoever asked may have been killed.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any


def main(checks: str) -> None:
    """Scan until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = importlib.import_module("checkov.main")
    folder = None
    try:
        answers.write("ready\n")
        while line := sys.stdin.readline():
            folder = Path(line.rstrip("\n"))
            child = os.fork()
            if child == 0:
                _scan(program, checks, folder)
            _, status = os.waitpid(child, 0)
            answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
    except BrokenPipeError:
        pass  # nobody waits for the answer any more
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _scan(program: Any, checks: str, folder: Path) -> None:
    """Scan one plan and end this process, whatever happens."""
    code = 2
    try:
        _redirect(folder / "checkov.log")
        code = _run(program, [*_WORDS, f"--external-checks-dir={checks}", f"--file={folder / 'plan.json'}"], folder)
        (folder / "checks.txt").write_text("\n".join(sorted(_loaded())), encoding="utf-8")
    finally:
        sys.stderr.flush()
        os.write(2, f"checkov ended with exit code {code}\n".encode())
        os._exit(0)


_WORDS = ("--framework=terraform_plan", "--skip-download", "--output=json")


def _redirect(log: Path) -> None:
    """Let standard error be the log, and nothing be read or printed."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT, 0o600), 2)


def _run(program: Any, words: list[str], folder: Path) -> int:
    try:
        return int(program.Checkov([*words, f"--output-file-path={folder}"]).run() or 0)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 2


def _loaded() -> set[str]:
    """The ids of all checks that were there to answer."""
    base = importlib.import_module("checkov.common.checks.base_check_registry").BaseCheckRegistry
    graph = importlib.import_module("checkov.common.checks_infra.registry").get_graph_checks_registry
    return {check.id for check in [*base.get_all_registered_checks(), *graph("terraform").checks]}


if __name__ == "__main__":
    main(sys.argv[1])
