"""Asks git when the lines of a file came into it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_TIMEOUT_S = 60
_COMMIT = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?")
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "blame.ignoreRevsFile=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """When a line was committed; `at` is None before that, and `earliest` false where history was cut off there."""

    at: datetime | None
    earliest: bool = True


def origins(file: Path) -> dict[int, Origin]:
    """Return the origin of each line, counted from 1; nothing where git, or this file's history, is not there."""
    said = _ask(file, "blame", "--porcelain", "--", file.name)
    if said is None:
        return {}
    cut_off = _ask(file, "rev-parse", "--is-shallow-repository") != "false\n"
    times: dict[str, datetime] = {}
    roots: set[str] = set()
    lines: dict[int, str] = {}
    commit = ""
    for line in said.split("\n"):
        if found := _COMMIT.fullmatch(line):
            commit = found[1]
            lines[int(found[2])] = commit
        elif line.startswith("author-time "):
            times[commit] = datetime.fromtimestamp(int(line.split()[1]), UTC)
        elif line == "boundary":
            roots.add(commit)
    return {
        number: Origin(at=times.get(commit) if commit.strip("0") else None, earliest=not (cut_off and commit in roots))
        for number, commit in lines.items()
    }


def _ask(file: Path, *words: str) -> str | None:
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_SETTINGS, *words],
            cwd=file.parent,
            env=own | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"},
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
