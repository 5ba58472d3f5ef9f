"""The stack's command line: `python -m stack up`, `python -m stack package`, `python -m stack rehearse`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from stack.errors import StackError
from stack.folders import ROOT

FAILED = 1
INTERRUPTED = 130


def _count(text: str) -> int:
    """A number of flights, or `all`."""
    from stack.data import TOTAL

    count = TOTAL if text == "all" else int(text) if text.isdecimal() else -1
    if not 0 <= count <= TOTAL:
        raise argparse.ArgumentTypeError(f"there are 0 to {TOTAL} flights, or `all`")
    return count


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError("a whole number, at least one")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stack",
        description="What AWS would supply, on one machine: Postgres, the Lambda runtime, the HTTP API, tokens.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up",
        help="bring the flights API up and serve it until Ctrl-C",
        description="Bring the flights API up on loopback and serve it until Ctrl-C or SIGTERM, which leave nothing "
        "behind. Prints BASE_URL, CONTROL_URL and a token for each scope on stdout once it is ready.",
        epilog="DATABASE_URL=postgresql://admin:secret@host/postgres uses another server, to itself: the database "
        "`flights`, its roles and their passwords are made there, and nothing is dropped.",
    )
    up.add_argument(
        "--flights", type=_count, default=10_000, metavar="N", help="how many to load: 0 to 336776, or `all` (10000)"
    )
    up.add_argument("--port", type=_port, default=0, metavar="P", help="the API's port; 0 is any that is free (0)")
    up.add_argument(
        "--durable",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether a commit survives a crash; `--no-durable` is faster (durable)",
    )
    up.add_argument(
        "--concurrency", type=_positive, default=8, metavar="N", help="reserved concurrency: environments at most (8)"
    )
    up.set_defaults(run=_up)
    pack = commands.add_parser(
        "package",
        help="build the Lambda zip",
        description="Build the Lambda zip: the service, its locked dependencies, their bytecode. The same inputs give "
        "the same bytes.",
    )
    pack.add_argument("--out", type=Path, default=ROOT / "dist" / "flights.zip", help="(dist/flights.zip)")
    pack.add_argument("--arch", choices=("x86_64", "arm64"), default="x86_64", help="Lambda's architecture (x86_64)")
    pack.set_defaults(run=_package)
    rehearse = commands.add_parser(
        "rehearse",
        help="rehearse a run of Terraform Cloud, from its evidence to its end, and runs that must be held",
        description="Have the last commit judged and signed, and its infrastructure planned, applied to an emulator of "
        "AWS, asked and destroyed, with the gate between all of these; and runs that are not cleared held by it. It "
        "needs Terraform and its AWS provider, and has 0 as its exit status if all went as it must, 1 if not, 3 if "
        "that could not be seen.",
    )
    rehearse.set_defaults(run=_rehearse)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    from stack.up import Options, up

    database_url = os.environ.get("DATABASE_URL") or None
    if database_url is None:
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]  # libpq would take them, but they speak of another server than ours
    return up(
        Options(
            flights=arguments.flights,
            port=arguments.port,
            durable=arguments.durable,
            concurrency=arguments.concurrency,
            database_url=database_url,
        )
    )


def _package(arguments: argparse.Namespace) -> int:
    from stack.package import pack

    zipped, unzipped = pack(ROOT, arguments.out, arguments.arch)
    sys.stderr.write(f"{zipped / 1e6:.1f} MB zipped, {unzipped / 1e6:.1f} MB unzipped\n")
    sys.stdout.write(f"{arguments.out}\n")
    return 0


def _rehearse(_: argparse.Namespace) -> int:
    from stack.rehearsal.rehearse import rehearse

    return rehearse()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 1 with the reason on stderr, 2 usage, 3 unknown, 130 interrupted."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except StackError as error:
        sys.stderr.write(f"stack: {error}\n" + (f"  next: {error.hint}\n" if error.hint else ""))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
