"""Programs of others, installed for a benchmark into an environment that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import SpoiltError, run


def uv(*words: str, env: Mapping[str, str]) -> None:
    """Run uv, from the PATH or beside this Python, with bytecode compiled as pip would. Raises SpoiltError."""
    found = shutil.which("uv", path=os.pathsep.join([env.get("PATH", os.defpath), str(Path(sys.executable).parent)]))
    if found is None:
        raise SpoiltError("uv is not there: `python -m pip install uv`")
    done = run([found, *words], env={**env, "UV_COMPILE_BYTECODE": "1"})
    if done.code != 0:
        raise SpoiltError(f"uv {' '.join(words)}: {done.output[-1000:]}")
