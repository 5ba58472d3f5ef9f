"""`python -m benchmarks [NAME…]`: measures, prints each figure beside its goal, and leaves judging to the reader.

Exit codes: 0 measured, whatever came out; 1 a measurement was spoilt; 2 usage.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from benchmarks.measure import Figure, SpoiltError

BENCHMARKS = {
    "sarif": "a SARIF report of 100,000 results, file to verdict.json",
    "read": "a read by key, against a raw server and against AWS's emulator",
    "ingest": "batches of 1,000 over HTTP, against COPY and against the bare statement",
    "cold": "a cold start with bytecode in the package, against one without",
    "report_page": "a report of 10,000 findings, made and opened in Chromium; needs a Chromium",
    "gate": "the gate's wall, against its longest check and all of its work",
    "again": "the gate once more, when nothing has changed",
    "scanners": "the scanners side by side, against the longest and against one after another",
    "checkov_warm": "Checkov over source and plan in one process, against two program runs",
    "runtask_decide": "a decision on plans of 10 to 1,000 resources, against the program checkov",
    "runtask_receive": "how soon a signed request is acknowledged, one after another and 200 at once",
    "load_reader": "a load run of 1,000,000 samples, recording to verdict.json",
    "load_statistics": "simulated load runs: how often intervals hold the truth, and how often head is blamed wrongly",
    "load_pairs": "base and head compared for real, 40 jobs; half an hour, so it must be named",
    "generators": "load generators against a static nginx; needs nginx, so it must be named",
    "compare": "two verdicts of 100,000 findings, beside sarif-tools; installs it, so it must be named",
    "peers": "the gates of others on the same samples; installs 700 MB, so it must be named",
}
NAMED_ONLY = frozenset({"compare", "generators", "load_pairs", "peers"})


def main() -> int:
    """Measure what is asked for, in the order above: `again` profits from the evidence that `gate` leaves."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure, as ratios within one run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:17}{about}" for name, about in BENCHMARKS.items()),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of those below; all but the longest unless said")
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    wanted = names or [name for name in BENCHMARKS if name not in NAMED_ONLY]
    return max([_measured(name) for name in BENCHMARKS if name in wanted])


def _measured(name: str) -> int:
    print(f"{name}: {BENCHMARKS[name]}", flush=True)
    start = time.monotonic()
    try:
        for figure in importlib.import_module(f"benchmarks.{name}").measure():
            print(_line(figure), flush=True)
    except SpoiltError as error:
        print(f"  spoilt: {error}", flush=True)
        return 1
    print(f"  ({time.monotonic() - start:.0f} s)\n", flush=True)
    return 0


def _line(figure: Figure) -> str:
    value = f"{figure.value:,.3g}" if figure.value < 1000 else f"{figure.value:,.0f}"
    verdict = {True: ": met", False: ": MISSED", None: ""}[figure.met]
    return f"  {figure.name:44}{value:>9} {figure.unit:6}{figure.goal}{verdict}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
