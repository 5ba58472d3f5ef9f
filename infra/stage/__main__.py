"""The front door: `python -m infra.stage check | plan | read --reports DIR`, and `plan --reports DIR -- COMMAND`.

`check` leaves format.sarif, validate.json and tests.xml in DIR. `plan` leaves plan.json there; with a COMMAND it runs
that instead, `{plan}` in it being the path of the plan's JSON, and ends with its exit code. `read` leaves roots.sarif,
about roots whose providers can't be had. An exit code of 0 means that reports were made, whatever they say; 1 that they
could not be.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.stage import check, plan, reading
from infra.stage.errors import StageError
from infra.stage.program import find, tell
from infra.stage.workplace import Root, Workplace, workplace


def main(words: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    options = _options(words)
    try:
        terraform = find(os.environ)
        if options.step == "read":
            path = os.environ.get("PATH", os.defpath)
            reading.read(options.root, options.documented, options.reports, terraform, path)
            return 0
        root = Root(folder=options.root[-1], override=options.override, kept=options.kept)
        with workplace(root, terraform, os.environ) as place:
            if options.step == "check":
                check.check(place, (root.folder, root.override), options.reports)
                return 0
            return _with_plan(place, options.reports, options.command)
    except StageError as error:
        tell(f"{error}\n{error.hint}")
        return 1


def _with_plan(place: Workplace, reports: Path, command: list[str]) -> int:
    file = plan.kept_plan(place)
    if not command:
        shutil.copyfile(file, reports / "plan.json")
        return 0
    return subprocess.run([word.replace("{plan}", str(file.resolve())) for word in command], check=False).returncode


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.stage", description=__doc__.partition("\n")[0])
    parser.add_argument("step", choices=["check", "plan", "read"])
    parser.add_argument("--reports", type=Path, required=True, help="the folder that reports are left in")
    parser.add_argument("--root", type=Path, action="append", help="the Terraform root (read: also several)")
    parser.add_argument("--override", type=Path, default=Path("infra/offline"), help="what is laid over a copy of it")
    parser.add_argument("--kept", type=Path, default=Path(".clearance/plan"), help="where plans are kept between runs")
    parser.add_argument("--documented", type=Path, default=Path("infra/documented.toml"), help="arguments of providers")
    own, command = _split(words)
    options = parser.parse_args(own)
    options.root = options.root or [Path("infra/service")]
    options.command = command
    return options


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Part the words at `--`."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
