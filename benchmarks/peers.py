"""Clearance beside the gates for small teams that the registry has, over faults and over three kinds of nothing.

It installs 700 MB of them, so it is measured only when it is asked for.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installed import uv
from benchmarks.measure import ROOT, Figure, Usage, announce, ordinary, run, scratch
from benchmarks.sample import BARE, BROKEN, FAULTS, plant, plant_judged

CASES = {"a": FAULTS, "b": {}, "c": BROKEN, "d": BARE}
ABOUT = {"a": "faults", "b": "nothing", "c": "broken files", "d": "a tool is missing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A gate: its package, how it is called on the folder it stands in, its last word, and the tool taken away in d."""

    package: str
    words: tuple[str, ...]
    says: str
    loses: str

    @property
    def name(self) -> str:
        """What it is called, as a package and as a program."""
        return self.package.partition("==")[0]


PEERS = (
    Peer(package="auditron==0.1.0", words=("scan", "."), says=r"veredicto: \w+", loses="bandit"),
    Peer(
        package="aramid==0.20.10",
        words=("check", "--all", "--gate", "all"),
        says=r"no findings|NEW findings \(\d+\)|degraded",
        loses="ruff",
    ),
    Peer(package="shieldctl==0.1.6", words=("scan", "."), says=r"\d+ findings|No findings", loses="checkov"),
)
OURS = r"(?m)^(PASS|UNKNOWN|FAIL) .*\n +stage change: ([^;]*)"


def measure() -> Iterator[Figure]:
    """Call each on each sample, as its own README says, and print a table: exit code, last word, seconds.

    All had a run before; what is printed are single runs.
    """
    with scratch() as folder:
        env = ordinary(folder / "bytecode") | {"SEMGREP_ENABLE_VERSION_CHECK": "0"}
        subjects = {"clearance": _ours(folder / "clearance", env)}
        for peer in PEERS:
            subjects[peer.name] = _theirs(peer, folder / peer.name, env)
            announce([peer.name, *peer.words])
        for judge in subjects.values():
            judge("a")
        _print_row("", *subjects)
        _print_row("---", *("---" for _ in subjects))
        for case in CASES:
            answers = {name: judge(case) for name, judge in subjects.items()}
            _print_row(f"{case}, {ABOUT[case]}", *(_cell(used, word) for used, word in answers.values()))
            for name, (used, _) in answers.items():
                yield Figure(name=f"{case}, {ABOUT[case]}: {name}", value=used.wall, unit="s")


def _print_row(*cells: str) -> None:
    print(f"  | {' | '.join(cells)} |", flush=True)


def _cell(used: Usage, word: str) -> str:
    return f"{used.code}, “{word}”, {used.wall:.1f} s"


Judging = Callable[[str], tuple[Usage, str]]


def _ours(folder: Path, env: Mapping[str, str]) -> Judging:
    folder.mkdir()

    def judge(case: str) -> tuple[Usage, str]:
        # one place for all cases, so that the tools' environments are made once
        place, kept = folder / "judged", folder / "state"
        plant_judged(place, CASES[case])
        if kept.exists():
            kept.rename(place / ".clearance")
        if case == "d":
            for program in place.glob(".clearance/envs/checkov-*/bin/checkov"):
                program.unlink()
        command = [sys.executable, "-m", "clearance", "run", "--no-cache"]
        used = run(command, cwd=place, env={**env, "PYTHONPATH": str(ROOT)})
        (place / ".clearance").rename(kept)
        shutil.rmtree(place)
        return used, _summary(used.output)

    return judge


def _theirs(peer: Peer, folder: Path, env: Mapping[str, str]) -> Judging:
    folder.mkdir()
    tools, home = folder / "env", folder / "home"
    home.mkdir()
    uv("venv", "--quiet", "--seed", "--python", sys.executable, str(tools), env=env)
    uv("pip", "install", "--quiet", "--python", str(tools / "bin" / "python"), peer.package, env=env)
    # its own tools and the system's, none of ours
    theirs = {**env, "HOME": str(home), "PATH": os.pathsep.join([str(tools / "bin"), "/usr/bin", "/bin"])}

    def judge(case: str) -> tuple[Usage, str]:
        place = plant(folder / "judged", CASES[case])
        if case == "d":
            uv("pip", "uninstall", "--quiet", "--python", str(tools / "bin" / "python"), peer.loses, env=env)
        used = run([str(tools / "bin" / peer.name), *peer.words], cwd=place, env=theirs)
        shutil.rmtree(place)
        return used, _every_word(peer.says, used.output)

    return judge


def _summary(output: str) -> str:
    found = re.search(OURS, output)
    return ": ".join(found.groups()) if found else "…"


def _every_word(pattern: str, output: str) -> str:
    return "; ".join(dict.fromkeys(re.findall(pattern, output))) or "…"
