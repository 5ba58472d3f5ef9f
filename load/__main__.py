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
from load import plans
from load.driver import DriverError, drive, interruptible

FAILED: Final = 1
INTERRUPTED: Final = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m load",
        description="Put load on the flights API by the gate's own schedule, and write down every sample.",
        epilog="BASE_URL, TOKEN_FLIGHTS_READ and TOKEN_FLIGHTS_WRITE name a deployment; without BASE_URL a local stack "
        "with all flights is started for it. The run is judged by `clearance`, not here: the exit status is 0 once "
        "the recording is written. To choose another load, call Locust itself: locust -f load/locustfile.py --help",
    )
    parser.add_argument("--recording", type=Path, required=True, metavar="FILE", help="where the samples go")
    parser.add_argument("--arrivals", metavar="TEXT", help=f"another schedule ({plans.GATE.arrivals})")
    parser.add_argument("--seconds", type=int, metavar="N", help=f"another length, in all ({plans.GATE.seconds})")
    parser.add_argument("--flights", default="all", metavar="N", help="for the local stack (all)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit status is 0 with a recording, 1 without one and with a reason on stderr, 130 if interrupted."""
    chosen = _parser().parse_args(arguments)
    given = {name: value for name in ("arrivals", "seconds") if (value := getattr(chosen, name)) is not None}
    plan = dataclasses.replace(plans.GATE, **given)
    interruptible()
    try:
        with deployment(os.environ, [*plans.LOCAL, "--flights", chosen.flights]) as where:
            drive(where, plan, chosen.recording)
    except (DeploymentError, DriverError) as error:
        sys.stderr.write(f"load: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("load: interrupted\n")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
