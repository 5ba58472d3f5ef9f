"""Copies a Checkov report and its log without values: `python security/checkov FROM TO`, both folders.

Checkov writes what it evaluated beside each record, which in a plan may be a password, and a check that raises quotes
what it stumbled over. What stays is who said what of which resource. A report that is not there is not made up.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

KEPT = (
    "check_id",
    "check_name",
    "file_path",
    "file_abs_path",
    "file_line_range",
    "resource",
    "resource_address",
    "severity",
    "guideline",
)
LISTS = ("passed_checks", "failed_checks", "skipped_checks")
_ENTRY = re.compile(r"\d{4}-\d\d-\d\d ")
_END = "checkov ended with exit code "


def strip_report(report: Any) -> Any:
    """Strip a report, or each of a list of them; the counts of a run over nothing are all count."""
    if isinstance(report, list):
        return [strip_report(part) for part in report]
    if isinstance(report, dict) and isinstance(report.get("results"), dict):
        results = {
            name: [strip_record(record) for record in records] if name in LISTS else records
            for name, records in report["results"].items()
        }
        return report | {"results": results}
    return report


def strip_record(record: dict[str, Any]) -> dict[str, Any]:
    """Keep rule, words and place, and a skip's reason."""
    outcome = record.get("check_result") or {}
    kept = {name: outcome[name] for name in ("result", "suppress_comment") if name in outcome}
    return {name: record[name] for name in KEPT if name in record} | {"check_result": kept}


def strip_log(log: str) -> str:
    """Keep the first line of each entry and the end; of anything else only that it was there."""
    lines = log.splitlines(keepends=True)
    kept = [line for line in lines if _ENTRY.match(line)]
    if not kept and any(line.strip() and not line.startswith(_END) for line in lines):
        kept = ["(something else, which may hold values)\n"]
    return "".join([*kept, *(line for line in lines if line.startswith(_END))])


def main(source: Path, target: Path) -> None:
    """Copy what is there."""
    report = source / "results_json.json"
    if report.is_file():
        stripped = strip_report(json.loads(report.read_bytes()))
        (target / "results_json.json").write_text(json.dumps(stripped, indent=1), encoding="utf-8")
    log = (source / "checkov.log").read_text(encoding="utf-8", errors="replace")
    (target / "checkov.log").write_text(strip_log(log), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
