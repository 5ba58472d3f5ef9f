"""Bytes to typed JSON, defensively: whatever a report holds, the answer is a value or an `UnreadableError`."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, TypeVar

import msgspec

from clearance.model import UnreadableError

T = TypeVar("T")

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""A number of things, small enough for every JSON reader that the evidence meets later (RFC 8259, section 6)."""

Line = Annotated[int, msgspec.Meta(ge=-1, le=2**31 - 1)]
"""A line number as tools state it: some mean none by 0 or -1."""

MAX_BYTES = 128 * 1024 * 1024
"""A larger report is refused by name: decoding costs about three times its size in memory."""

MAX_VALUES = 8_000_000
"""Every member of a list or an object costs a comma and every object a brace, so a bound on both together bounds what a
small but dense report can unfold into: less than half a gigabyte."""

_AGAIN = "Run the tool again and look at its own output: it must end by itself and write its report to this file."
ENCODINGS = {  # the longer mark first: UTF-32's begins like UTF-16's
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BEFORE = b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n"  # byte order marks and white space
_CHUNK = 1024 * 1024
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def decode(report: bytes, kind: type[T], expected: str) -> T:
    """Decode a JSON report into `kind`, a msgspec type; `expected` names the format, for the messages.

    UTF-8 with or without a byte order mark; UTF-16 and UTF-32 with one. Raises `UnreadableError`, naming the cause and
    the next step, for bytes that are empty, too many, too dense, cut off, nested too deeply, in no such encoding, no
    JSON, or JSON of another shape.
    """
    text = _checked(report, expected)
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise UnreadableError(
            f"The report is not {expected}: {error}.",
            "Check that the command writes this format and that the check names the right reader.",
        ) from error
    except RecursionError as error:
        raise UnreadableError(f"The report is nested too deeply for {expected}.", _AGAIN) from error
    except MemoryError as error:
        raise UnreadableError(f"There is not enough memory to read the report as {expected}.", _AGAIN) from error
    except msgspec.DecodeError as error:
        cause = str(error)
        if isinstance(text, memoryview) and _HALF_PAIR.search(text):
            cause += "; it may hold half of a surrogate pair, such as a file name that is not Unicode leaves"
        raise UnreadableError(f"The report is not well-formed JSON, as {expected} is: {cause}.", _AGAIN) from error


def is_list(report: bytes) -> bool:
    """Whether a JSON report begins like a list, in any encoding that `decode` knows: some tools write one at times."""
    return report[:64].strip(_BEFORE).startswith(b"[")


def _checked(report: bytes, expected: str) -> memoryview | str:
    """Return the report without its byte order mark, once its size and its encoding are known to be bearable."""
    if not report or report.isspace():
        raise UnreadableError(f"The report is empty; {expected} was expected.", _AGAIN)
    if len(report) > MAX_BYTES:
        raise UnreadableError(
            f"The report is too large: {len(report):,} bytes, of which {MAX_BYTES:,} would be read.",
            "Narrow what the tool looks at, or split the check in two.",
        )
    if report.count(b",") + report.count(b"{") > MAX_VALUES:
        raise UnreadableError(
            f"The report is too large: more than {MAX_VALUES:,} values.",
            "Narrow what the tool looks at, or split the check in two.",
        )
    for mark, encoding in ENCODINGS.items():
        if report.startswith(mark):
            return _text(report, len(mark), encoding, expected)
    _validate(report, expected)
    skipped = len(codecs.BOM_UTF8) if report.startswith(codecs.BOM_UTF8) else 0
    return memoryview(report)[skipped:]


def _text(report: bytes, skipped: int, encoding: str, expected: str) -> str:
    """Decode a report whose byte order mark named its encoding."""
    try:
        return str(memoryview(report)[skipped:], encoding)
    except UnicodeDecodeError as error:
        raise _not_text(expected, str(error)) from error


def _validate(report: bytes, expected: str) -> None:
    """Raise unless the bytes are UTF-8, also in the parts that a typed decode skips; a piece at a time, to save memory.

    ASCII is told apart first because that is ten times as fast.
    """
    if report.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(report)
    try:
        for start in range(0, len(report), _CHUNK):
            decoder.decode(view[start : start + _CHUNK], final=start + _CHUNK >= len(report))
    except UnicodeDecodeError as error:
        raise _not_text(expected, error.reason) from error


def _not_text(expected: str, cause: str) -> UnreadableError:
    return UnreadableError(
        f"The report is not text in UTF-8, as {expected} is: {cause}.",
        "Write it in UTF-8, or in UTF-16 with a byte order mark; a shell's `>` on Windows may have converted it.",
    )
