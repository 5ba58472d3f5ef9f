"""`clearance checks`: the names of a stage's checks, for people or, as JSON, for the matrix of a workflow."""

from __future__ import annotations

import argparse
import json
import os

from clearance.cli import project
from clearance.model import Stage
from clearance.render.words import clean


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `checks`."""
    parser = verbs.add_parser(
        "checks",
        help="list a stage's checks, for a workflow's matrix too",
        description="List the checks that a stage requires, in the policy's order.",
        epilog="exit codes: 0 there are some; 2 usage or policy; 3 there are none, and nothing passes over nothing",
    )
    parser.add_argument(
        "--stage", type=Stage, choices=list(Stage), default=Stage.CHANGE, metavar="STAGE", help="change (default), ..."
    )
    parser.add_argument("--policy", metavar="FILE", help="the policy (default: the nearest clearance.toml)")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="json: an array of names, on a line")
    parser.set_defaults(verb=checks)


def checks(options: argparse.Namespace) -> int:
    """Print the names; 3 where a stage has no check, since a matrix of nothing would be green."""
    _, found = project.find(options.policy).selection(options.stage, None)
    names = [check.name for check in found]
    if options.format == "json":
        print(json.dumps(names))
    else:
        for name in names:
            print(clean(name, 200))
    return os.EX_OK if names else 3
