"""The verbs of the command line, their options, and what is said when one of them cannot be carried out."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from clearance import __version__
from clearance.cli import (
    accepting,
    comparing,
    explaining,
    judging,
    listing,
    publishing_github,
    reading,
    starting,
    tasking,
    vouching,
    waiving,
)
from clearance.cli.publishing import OUT
from clearance.model import ClearanceError, Stage
from clearance.readers import READERS
from clearance.render import RENDERERS

USAGE = 2

_EXITS = "exit codes: 0 pass, 1 fail, 2 usage or policy, 3 unknown, 130 interrupted"


def perform(words: Sequence[str]) -> int:
    """Carry out one command and return its exit code; SystemExit where the words make none."""
    words, arguments = list(words), list[str]()
    if "--" in words:
        cut = words.index("--")
        words, arguments = words[:cut], words[cut + 1 :]
    try:
        options = _parser().parse_args(words)
        options.arguments = tuple(arguments)
        return int(options.verb(options))
    except ClearanceError as error:
        print(f"clearance: {error}", file=sys.stderr)
        if error.hint:
            print(f"     hint: {error.hint}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clearance",
        description="Decide, from evidence, whether a change may merge: pass, unknown or fail; unknown never passes.",
        epilog=_EXITS,
    )
    parser.add_argument("--version", action="version", version=f"clearance {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    starting.add_verb(verbs)

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
        help="print what a report says, or what each file of a folder says",
        description="Print one report as one JSON object: reach, findings, measures, problems and more. Of a folder, "
        "or of a file without a reader, print one line a file, and guess the reader from what is in it.",
        epilog="exit codes: 0 each report could be read, whatever it found; 2 usage; 3 not so, or none is there",
    )
    read.add_argument("reader", metavar="READER|FOLDER", help=f"one of {', '.join(READERS)}; or a folder of reports")
    read.add_argument("file", nargs="?", metavar="FILE", help="the report")
    read.add_argument(
        "--inputs",
        action="append",
        default=[],
        metavar="GLOB",
        help="files that the tool looked at, below the working folder (scenarios: **/*.feature); may be repeated",
    )
    read.add_argument("--slo", metavar="FILE", help="the SLO file that a load run's recording is measured against")
    read.set_defaults(verb=reading.read)

    _accepting_verbs(verbs)
    waiving.add_verbs(verbs, day=_day, moment=_moment)
    explaining.add_verb(verbs)
    comparing.add_verb(verbs)
    vouching.add_verbs(verbs)
    listing.add_verb(verbs)
    publishing_github.add_verbs(verbs)
    tasking.add_verb(verbs)

    schema = verbs.add_parser("schema", help="print the JSON Schema of clearance.toml, or of an SLO file's objects")
    schema.add_argument("of", nargs="?", choices=list(reading.SCHEMAS), default="policy", help="policy (default), slo")
    schema.set_defaults(verb=reading.schema)
    return parser


def _accepting_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    baseline = verbs.add_parser(
        "baseline",
        help="accept what a check finds now, for a time; run again, drop what is gone",
        description="Write a waiver by fingerprint into clearance.toml for what blocks the check now; run again, only "
        "drop the findings that no longer occur.",
        epilog="exit codes: 0 the policy holds the baseline; 2 usage or policy; 3 the check did not see clearly",
    )
    baseline.add_argument("check", metavar="CHECK")
    baseline.add_argument("--owner", help="who accepts them")
    baseline.add_argument("--reason", help="why")
    baseline.add_argument("--expires", type=_day, metavar="DAY", help="the last day on which it counts, 2027-03-31")
    baseline.add_argument("--grow", action="store_true", help="take in further findings too, for a new --reason")
    baseline.set_defaults(verb=accepting.baseline)

    rules = verbs.add_parser(
        "rules",
        help="show the rules that a check's accepted list lacks, or accept them",
        description="Print the rules by which the check finds something and which its list of accepted rules lacks.",
        epilog="exit codes: 0 done; 2 usage or policy; 3 the check did not see clearly",
    )
    rules.add_argument("check", metavar="CHECK")
    rules.add_argument("--accept", action="store_true", help="write them, and the tool's version, into the list")
    rules.add_argument("--known", metavar="FILE", help="all rules that the tool has, one a line (-: standard input)")
    rules.set_defaults(verb=accepting.rules)
    for verb in (baseline, rules):
        verb.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")


def _judging_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stage", type=Stage, choices=list(Stage), metavar="STAGE", help="change (default), plan, live"
    )
    parser.add_argument(
        "--only", nargs="+", action="extend", metavar="CHECK", help="these checks alone; the verdict is then incomplete"
    )
    parser.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")
    parser.add_argument("--base", metavar="COMMIT", help="what the change comes from: its policy counts as well")
    parser.add_argument(
        "--accepted", metavar="FILE", help="who has accepted that the policy asks for less than --base (JSON)"
    )
    parser.add_argument("--subject", metavar="COMMIT", help="name another commit as the subject; never attested")
    parser.add_argument("--now", type=_moment, metavar="TIME", help="judge as of this date or time; never attested")
    parser.add_argument("--format", choices=list(RENDERERS), default="text", help="what goes to stdout (default: text)")
    parser.add_argument("--out", default=OUT, metavar="DIR", help=f"where reports go (default: {OUT})")
    parser.add_argument("--override", metavar="FILE", help="an override, to be shown in the reports")
    vouching.add_shelf(parser)


def _jobs(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text} is no number of jobs: give 1 or more")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no day: write 2027-03-31") from error


def _moment(text: str) -> datetime:
    try:
        if len(text) == len("2027-03-31"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no date or time: write 2027-03-31 or 2027-03-31T12:00Z") from error
