"""`clearance compare`: what changed between two verdicts."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from clearance.cli.publishing import VERDICT
from clearance.model import ClearanceError, UnreadableError, Verdict
from clearance.render import verdict_json
from clearance.render.changes import compare as difference
from clearance.render.changes_words import FORMS
from clearance.runner.report import take_file


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "compare",
        help="show what changed between two verdicts",
        description="Show what changed: decisions, findings by fingerprint, measures, waivers, policy and more.",
        epilog="exit codes: 0 compared, whatever changed; 2 usage, or one of them cannot be read",
    )
    parser.add_argument("before", metavar="A", help=f"a {VERDICT}, or a folder with one")
    parser.add_argument("after", metavar="B", help="the later one")
    parser.add_argument("--format", choices=list(FORMS), default="text", help="what goes to stdout (default: text)")
    parser.set_defaults(verb=compare)


def compare(options: argparse.Namespace) -> int:
    """Print what changed from one verdict to the other; nothing is judged, so that it ends with 0."""
    changes = difference(_verdict(options.before), _verdict(options.after))
    sys.stdout.write(FORMS[options.format](changes))
    sys.stdout.flush()
    return os.EX_OK


def _verdict(named: str) -> Verdict:
    file = Path(named)
    if file.is_dir():
        file /= VERDICT
    if not file.exists():
        raise ClearanceError(
            f"there is no {file}", f"name a {VERDICT} or a folder with one: `clearance run` makes them"
        )
    try:
        return verdict_json.loads(take_file(file))
    except UnreadableError as error:
        raise ClearanceError(f"{file} cannot be compared: {error}", error.hint) from error
