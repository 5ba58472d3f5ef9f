"""Readers: one a report format. A module here has `read(report, materials) -> Reading`, does no I/O, and judges nothing.

A report that cannot be read raises `UnreadableError`; what a tool could not see, in a report that can be read, goes
into the reading's `problems`. A new format is a new module and a line in `READERS`.
"""

from __future__ import annotations
