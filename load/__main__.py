"""The load's command line: `python -m load --recording FILE` runs the gate's own schedule."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from features.deployment import DeploymentError, deployment
from load import faults, plans
from load.compare import compare
from load.driver import ROOT, DriverError, drive, interruptible

FAILED: Final = 1
INTERRUPTED: Final = 130
_USUAL: Final = ", ".join(plans.FAULTS_AT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m load",
        description="Put load on the flights API by the gate's own schedule, and write down every sample. "
        "`python -m load compare` compares two commits instead.",
        epilog="BASE_URL, TOKEN_FLIGHTS_READ and TOKEN_FLIGHTS_WRITE name a deployment; without BASE_URL a local stack "
        "with all flights is started for it. The run is judged by `clearance`, not here: the exit status is 0 once "
        "the recording is written. To choose another load, call Locust itself: locust -f load/locustfile.py --help",
    )
    parser.add_argument("--recording", type=Path, required=True, metavar="FILE", help="where the samples go")
    parser.add_argument("--arrivals", metavar="TEXT", help=f"another schedule ({plans.GATE.arrivals})")
    parser.add_argument("--seconds", type=_count, metavar="N", help=f"another length, in all ({plans.GATE.seconds})")
    parser.add_argument("--flights", default="all", metavar="N", help="for the local stack (all)")
    parser.add_argument(
        "--fault",
        action="append",
        type=_fault,
        metavar="NAME@S",
        help=f"break something so many seconds after the first answer: {', '.join(faults.DEEDS)}; may be given again",
    )
    parser.add_argument("--faults", action="store_true", help=f"the schedule and faults of `nox -s faults`: {_USUAL}")
    return parser


def _comparer() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m load compare",
        description="Serve a base and this tree side by side, load them in turn, and write down what each run took.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the comparison goes")
    parser.add_argument("--base", metavar="COMMIT", help="a commit, or a folder (CLEARANCE_BASE, origin/main or main)")
    parser.add_argument("--head", type=Path, default=ROOT, metavar="FOLDER", help="another tree than this one")
    parser.add_argument("--pairs", type=_count, default=plans.PAIRS, metavar="N", help=f"pairs of runs ({plans.PAIRS})")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _fault(text: str) -> faults.Planned:
    try:
        return faults.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _load(words: Sequence[str]) -> None:
    chosen = _parser().parse_args(words)
    given = {name: value for name in ("arrivals", "seconds") if (value := getattr(chosen, name)) is not None}
    plan = dataclasses.replace(plans.FAULTS if chosen.faults else plans.GATE, **given)
    planned = chosen.fault or []
    if chosen.faults:
        planned += [faults.parse(text) for text in plans.FAULTS_AT]
    interruptible()
    with deployment(os.environ, [*plans.LOCAL, "--flights", chosen.flights]) as where:
        if not planned:
            drive(where, plan, chosen.recording)
            return
        with faults.happening(planned, where.control_url) as done:
            drive(where, plan, chosen.recording)
        faults.note(chosen.recording, done)


def _compare(words: Sequence[str]) -> None:
    chosen = _comparer().parse_args(words)
    interruptible()
    compare(chosen.base or os.environ.get("CLEARANCE_BASE"), chosen.head, chosen.out, chosen.pairs)


def main(words: Sequence[str]) -> int:
    """Run; the exit status is 0 with a recording, 1 without one and with a reason on stderr, 130 if interrupted."""
    try:
        if words[:1] == ["compare"]:
            _compare(words[1:])
        else:
            _load(words)
    except (DeploymentError, DriverError) as error:
        sys.stderr.write(f"load: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("load: interrupted\n")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
