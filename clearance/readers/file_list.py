"""A plain list of files, one a line: what a tool whose report names only findings says that it looks at.

`ruff check --show-files` prints one, for instance, in which a file that its configuration excludes is missing.
"""

from __future__ import annotations

from clearance.model import Materials, Reading, UnreadableError
from clearance.readers.places import relative

MAX_BYTES = 32 * 1024 * 1024
_OTHERS = ("{", "<", "[{", "[]", '["', "[\n", "[\r")  # how JSON and XML begin; a path may begin with a bracket
_HINT = "Let the command write the files that the tool looks at into this file, one path a line."


def read(report: bytes, materials: Materials) -> Reading:
    """Read a list of files. Reach and `covered` are those of them that are inputs of the check.

    Only they count, so that neither a tool's prose nor a file that nobody asked about passes for something looked at.
    Raises `UnreadableError` for what is no UTF-8, empty, larger than MAX_BYTES, or begins like JSON or XML.
    """
    if len(report) > MAX_BYTES:
        raise UnreadableError(f"The list of files is {len(report):,} bytes large; {MAX_BYTES:,} are read.", _HINT)
    try:
        text = report.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"The list of files is not UTF-8: {error.reason}.", _HINT) from error
    if text.lstrip().startswith(_OTHERS):
        raise UnreadableError("The list of files begins like JSON or XML, not like a path.", _HINT)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableError("The list of files is empty: the tool looks at nothing.", _HINT)
    named = {relative(line, materials.root) for line in lines}
    covered = tuple(sorted(named.intersection(materials.files)))
    return Reading(reach=len(covered), unit="files", covered=covered)
