"""`clearance read` and `clearance schema`: looking at one report, or at the policy's shape, without judging."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from pathlib import Path

import msgspec

from clearance import policy
from clearance.model import ClearanceError, Materials, Reading, UnreadableError
from clearance.readers import READERS
from clearance.runner import Files
from clearance.runner.report import take_file
from clearance.runner.tree import find

UNREADABLE = 3


def read(options: argparse.Namespace) -> int:
    """Print one report as a JSON object; 0 when it could be read, whatever it found."""
    reader = READERS.get(options.reader)
    if reader is None:
        near = difflib.get_close_matches(options.reader, READERS, n=1)
        raise ClearanceError(
            f"there is no reader {options.reader}",
            (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(READERS)}",
        )
    here = Path.cwd()
    paths = [entry.path for entry in find(str(here), _patterns(options)) if entry.asked]
    try:
        reading = reader(take_file(Path(options.file)), Materials(root=str(here), files=Files(here, paths)))
    except UnreadableError as error:
        problem = f"{error}; {error.hint}" if error.hint else str(error)
        _print(Reading(reach=0, problems=(problem,)))
        print(f"clearance: {problem}", file=sys.stderr)
        return UNREADABLE
    _print(reading)
    return os.EX_OK


def _patterns(options: argparse.Namespace) -> tuple[str, ...]:
    """Scenarios are held against what is declared, so that reader always gets the feature files."""
    return tuple(options.inputs) or (("**/*.feature",) if options.reader == "scenarios" else ())


def _print(reading: Reading) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(reading) + b"\n")
    sys.stdout.buffer.flush()


def schema(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of the policy file."""
    print(json.dumps(policy.schema(), indent=2))
    return os.EX_OK
