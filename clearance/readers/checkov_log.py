"""What Checkov says on standard error, at `LOG_LEVEL=WARNING` or `ERROR`, with its exit code in the last line.

A check that raises is in no report: Checkov logs it and goes on. So is a module that it could not load, and a check of
ours that it could not import. The log quotes what it stumbled over, which may be a secret: nothing of it is passed on
but the words for which there is a place here.
"""

from __future__ import annotations

import re

from clearance.model import Materials, Reading, UnreadableError
from clearance.readers.places import relative

_ENTRY = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ \[[^\]]*\] \[(?:WARN|ERROR|CRITI)[A-Z ]*\]\s+(.*)")
_END = re.compile(r"checkov ended with exit code (\d+)\n?\Z")
_LARGEST = 8 * 1024 * 1024
_SHOWN = 20
_WIDTH = 300

_ID = r"[A-Za-z0-9_]+"
_PLACE = r"[^\s'\"]+"
_KNOWN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(rf"Failed to run check ({_ID}) on ({_PLACE})"), "its check {} raised on {}", "mend the check"),
    (
        re.compile(rf"Cannot load external check '({_ID})' from ({_PLACE})"),
        "it could not load our check {} ({})",
        "mend the check: import it by hand",
    ),
    (re.compile(rf"Directory ({_PLACE}) does not exist"), "the folder {} is not there", "put the command right"),
    (
        re.compile(rf"Failed to download module ({_PLACE})"),
        "it did not look into the module {}",
        "keep the module in the repository, or let checkov fetch it (--download-external-modules)",
    ),
    (re.compile(rf"Unable to load module - source: ({_PLACE}),"), "there is no module at {}", "put its source right"),
    (re.compile(r"Module ([^\s'\"]+?)(?::\w+)? failed to load"), "there is no module at {}", "put its source right"),
    (
        re.compile(r"There are no runners to run"),
        "it ran nothing: the framework does not read such a file",
        "put --framework right",
    ),
    (
        re.compile(r"Filtering checks by severity"),
        "its checks were chosen by severity, and none is known offline",
        "let the policy choose",
    ),
    (re.compile(r"Failed to create report for (\w+) framework"), "its {} framework broke", "run it by hand"),
)


def read(report: bytes, materials: Materials) -> Reading:
    """Read Checkov's log: each entry is a problem, and so is any exit code but 0 and 1, which the report explains.

    Reach is 0: the log says nothing of what was looked at. Raises `UnreadableError` for a log without an exit code.
    """
    if len(report) > _LARGEST:
        raise UnreadableError("the log is too large to be Checkov's", "see what it says, and mend that")
    text = report.decode("utf-8", "replace")
    ended = _END.search(text)
    if ended is None:
        raise UnreadableError("the log does not end with Checkov's exit code", "run Checkov again, to its end")
    entries = [match[1] for match in map(_ENTRY.match, text.splitlines()) if match]
    problems = dict.fromkeys(_said(entry, materials.root) for entry in entries)
    shown = list(problems)[:_SHOWN]
    if len(problems) > _SHOWN:
        shown.append(f"checkov said {len(problems) - _SHOWN:,} more things of this kind in its log")
    if ended[1] not in ("0", "1"):
        shown.append(f"checkov ended with exit code {ended[1]}, which means that it broke; run it by hand")
    elif not entries and text[: ended.start()].strip():
        shown.append("checkov wrote to standard error what it usually does not; run it by hand and see")
    return Reading(reach=0, unit="entries", problems=tuple(shown), tool="checkov")


def _said(entry: str, root: str) -> str:
    for pattern, words, remedy in _KNOWN:
        if found := pattern.match(entry):
            named = (relative(part, root)[:_WIDTH] for part in found.groups())
            return f"checkov: {words.format(*named)}; {remedy}"
    return "checkov: its log has an entry of a kind that is not known here; run it by hand and see"
