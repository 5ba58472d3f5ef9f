"""Splits what a tool printed on both of its streams into its log and its JSON, for tools whose log alone says enough.

squawk and zizmor name in their JSON only the files with findings; which others they looked at, they say on stderr.
"""

from __future__ import annotations

import codecs
import re

from clearance.model import UnreadableError
from clearance.readers.decoding import ENCODINGS

_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_START = re.compile(rb"^\[(?=\]|\{|\s*$)", re.MULTILINE)
_END = re.compile(rb"^\]", re.MULTILINE)


def split(output: bytes) -> tuple[list[str], bytes | None]:
    """Return the lines around the JSON list, without colours, and the list itself; None where there is none.

    The list begins a line; it ends with that line, or else with the first `]` that begins a line. A report that is
    JSON alone is a list without a log; one that is something else is a log. UTF-16 and UTF-32 need their mark.
    Raises `UnreadableError` for a second list, which would go unread.
    """
    output = _utf8(output)
    begin = _START.search(output)
    if begin is None:
        return _lines(output), None
    newline = output.find(b"\n", begin.start())
    stop = len(output) if newline < 0 else newline
    if not output[begin.start() : stop].rstrip().endswith(b"]"):
        end = _END.search(output, stop)
        stop = end.end() if end is not None else len(output)
    if _START.search(output, stop) is not None:
        raise UnreadableError(
            "The report holds more than one JSON list, so more than one run wrote into it.",
            "Let each run write a report of its own, or give one run all the files.",
        )
    return _lines(output[: begin.start()]) + _lines(output[stop:]), output[begin.start() : stop]


def _utf8(output: bytes) -> bytes:
    """Turn what Windows PowerShell's `>` wrote into UTF-8; the mark of UTF-8 itself goes."""
    for mark, encoding in ENCODINGS.items():
        if output.startswith(mark):
            return output[len(mark) :].decode(encoding, "replace").encode()
    return output.removeprefix(codecs.BOM_UTF8)


def _lines(log: bytes) -> list[str]:
    text = _ESCAPES.sub("", log.decode("utf-8", "replace"))
    return [line.strip() for line in text.splitlines() if line.strip()]
