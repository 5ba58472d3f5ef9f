"""Runs in Checkov's own environment, for `checkov_warm`: scans several targets in one process, where Checkov scans one.

`python checkov_twice.py ARGUMENTS…`, each a JSON list of Checkov's arguments; prints the seconds of the import and of
each scan as a JSON list.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import time
import warnings


def main() -> None:
    """Scan one after another, with one import and one load of all checks."""
    ticks = [time.perf_counter()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=SyntaxWarning)
        scanner = importlib.import_module("checkov.main").Checkov
        ticks.append(time.perf_counter())
        for words in sys.argv[1:]:
            scanner(json.loads(words)).run()
            ticks.append(time.perf_counter())
    print(json.dumps([after - before for before, after in itertools.pairwise(ticks)]))


if __name__ == "__main__":
    main()
