"""Runs the policy's commands and makes evidence of what they leave; a missing, slow or broken tool is evidence too.

`gather` says what a check's evidence depends on, `collect` gets the evidence. Only this package starts programs.
"""

from __future__ import annotations

from clearance.runner.events import Event, Finished, Preparing, Started, Waiting, Working
from clearance.runner.inputs import Files, gather
from clearance.runner.schedule import Collected, collect

__all__ = ["Collected", "Event", "Files", "Finished", "Preparing", "Started", "Waiting", "Working", "collect", "gather"]
