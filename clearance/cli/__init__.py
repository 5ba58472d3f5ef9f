"""The command line: the verbs, the exit codes and what goes to stderr are here and nowhere else.

What a program reads goes to stdout, what a person reads while waiting to stderr. Exit codes: 0 pass · 1 fail ·
2 usage or policy · 3 unknown · 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import NoReturn

from clearance import __version__
from clearance.cli import judging, reading
from clearance.model import ClearanceError, Stage
from clearance.readers import READERS
from clearance.render import RENDERERS

USAGE, INTERRUPTED = 2, 130

# Findings by the hundred thousand are no garbage; looking through them every 700 objects is a tenth of a run.
_OBJECTS_BEFORE_COLLECTION = 250_000

_EXITS = "exit codes: 0 pass, 1 fail, 2 usage or policy, 3 unknown, 130 interrupted"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments: list[str] = []
    if "--" in words:
        cut = words.index("--")
        words, arguments = words[:cut], words[cut + 1 :]
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows another, and no traceback
    try:
        options = _parser().parse_args(words)
        options.arguments = tuple(arguments)
        code = int(options.verb(options))
        sys.stdout.flush()
    except ClearanceError as error:
        _complain(error)
        return USAGE
    except KeyboardInterrupt:
        print("clearance: interrupted; no verdict was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone; what is left in the buffer must not raise again while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    return code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _complain(error: ClearanceError) -> None:
    print(f"clearance: {error}", file=sys.stderr)
    if error.hint:
        print(f"     hint: {error.hint}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clearance",
        description="Decide, from evidence, whether a change may merge: pass, unknown or fail; unknown never passes.",
        epilog=_EXITS,
    )
    parser.add_argument("--version", action="version", version=f"clearance {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = verbs.add_parser(
        "run",
        help="run the policy's checks, judge their evidence, write the reports",
        description="Run the checks that a stage requires, side by side, judge their evidence and write the reports.",
        epilog=f"What follows -- is handed to the command of the one check that --only names. {_EXITS}",
    )
    _judging_options(run)
    run.add_argument("--no-cache", action="store_true", help="run every check, whatever evidence there is already")
    run.add_argument("--jobs", type=_jobs, default=os.cpu_count() or 1, metavar="N", help="checks side by side")
    run.add_argument(
        "--evidence-only", action="store_true", help="gather evidence and judge nothing (0 when all of it was gathered)"
    )
    run.set_defaults(verb=judging.run)

    judge = verbs.add_parser(
        "judge",
        help="judge evidence that is there already",
        description="Judge the evidence in a folder.",
        epilog=_EXITS,
    )
    _judging_options(judge)
    judge.add_argument("--evidence", required=True, metavar="DIR", help="folder of evidence files (*.json)")
    judge.set_defaults(verb=judging.judge)

    read = verbs.add_parser(
        "read",
        help="print what one report says",
        description="Print one report as one JSON object: reach, findings, measures, problems and more.",
        epilog="exit codes: 0 the report could be read, whatever it found; 2 usage; 3 it could not be read",
    )
    read.add_argument("reader", metavar="READER", help=f"one of {', '.join(READERS)}")
    read.add_argument("file", metavar="FILE", help="the report")
    read.add_argument(
        "--inputs",
        action="append",
        default=[],
        metavar="GLOB",
        help="files that the tool looked at, below the working folder (scenarios: **/*.feature); may be repeated",
    )
    read.set_defaults(verb=reading.read)

    schema = verbs.add_parser("schema", help="print the JSON Schema of clearance.toml")
    schema.set_defaults(verb=reading.schema)
    return parser


def _judging_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage", type=Stage, choices=list(Stage), metavar="STAGE", help="change (default), plan, live"
    )
    parser.add_argument(
        "--only", nargs="+", action="extend", metavar="CHECK", help="these checks alone; the verdict is then incomplete"
    )
    parser.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")
    parser.add_argument("--subject", metavar="COMMIT", help="name another commit as the subject; never attested")
    parser.add_argument("--now", type=_moment, metavar="TIME", help="judge as of this date or time; never attested")
    parser.add_argument("--format", choices=list(RENDERERS), default="text", help="what goes to stdout (default: text)")
    parser.add_argument("--out", default=judging.OUT, metavar="DIR", help=f"where reports go (default: {judging.OUT})")


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of jobs: give 1 or more")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        if len(text) == len("2027-03-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no date or time: write 2027-03-31 or 2027-03-31T12:00Z") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
