"""A plugin for detect-secrets that finds nothing, and lists in its report which files were searched.

That report names only the files that something was found in: a clean tree, an empty folder and a folder outside git
read the same. Given as `--plugin security/secrets/witness.py`, this stands among `plugins_used` with the key
`searched`. It is asked about each line, as every detector is, and so speaks only of files that were opened and decoded.
"""

import os
import tempfile
from collections.abc import Iterable
from typing import Any

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.plugins.base import BasePlugin

# The files are searched in forked processes, and the parent writes the report: what they share is this open file, with
# one position for all. Where processes are not forked nothing is noted, and nothing claimed.
_notes, _name = tempfile.mkstemp()
os.unlink(_name)


class ClearanceWitness(BasePlugin):
    """Notes the name of each file of which a line is searched."""

    secret_type = __qualname__  # the interface's word for the kind of thing that a detector finds

    def __init__(self, searched: Iterable[str] = ()) -> None:
        """Take what `json` gave, as the interface asks; each process begins with nothing all the same."""
        self._last = ""

    def analyze_string(self, string: str) -> Iterable[str]:
        """Find nothing."""
        return ()

    def analyze_line(self, filename: str, line: str, line_number: int = 0, **kwargs: Any) -> set[PotentialSecret]:
        """Note the file, and find nothing."""
        if filename != self._last:
            self._last = filename
            os.write(_notes, os.fsencode(filename) + b"\0")
        return set()

    def json(self) -> dict[str, Any]:
        """Return what the report says of this plugin: its name, and the files searched until now, sorted."""
        noted = os.pread(_notes, os.fstat(_notes).st_size, 0)
        return {
            "name": type(self).__name__,
            "searched": sorted({os.fsdecode(name) for name in noted.split(b"\0")[:-1]}),
        }
