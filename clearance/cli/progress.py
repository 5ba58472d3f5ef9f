"""What a person sees while checks run: a live table on a terminal, plain lines elsewhere. Writes to stderr alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from clearance.model import Check
from clearance.render.words import clean, count
from clearance.runner import Event, Finished, Preparing, Started, Waiting, Working

_QUIET_S = 10.0  # where lines stay, a tool's own one is shown no more often than this
_STYLES = {"done": "green", "reused": "green", "trouble": "yellow", "running": "cyan"}


class Progress:
    """Shows what becomes of each check. Call it with the runner's events; use it as a context manager."""

    def __init__(self, checks: Iterable[Check], stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._states = {check.name: ("queued", "") for check in checks}
        self._clock = clock
        self._since: dict[str, float] = {}
        self._spoke: dict[str, float] = {}
        self._stream = stream
        self._console = Console(file=stream, highlight=False)
        # Redrawing reads the states four times a second, so that the seconds count on while nothing happens.
        self._live = (
            Live(console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True)
            if self._console.is_terminal and self._states
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take in an event of the runner."""
        state, detail = _describe(event)
        if isinstance(event, Started):
            self._since[event.check] = self._spoke[event.check] = self._clock()
        self._states[event.check] = (state, detail)
        if self._live is None and not (isinstance(event, Working) and self._too_soon(event.check)):
            # not by rich, which ends the program with 1 where nobody reads any more
            print(clean(f"{event.check}: {state}{detail and ', ' + detail}"), file=self._stream, flush=True)

    def _too_soon(self, check: str) -> bool:
        """Whether the check's tool was quoted a moment ago; if not, it is now."""
        now = self._clock()
        if now < self._spoke.get(check, 0.0) + _QUIET_S:
            return True
        self._spoke[check] = now
        return False

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, (state, detail) in list(self._states.items()):
            ran = f"{self._clock() - self._since[name]:.0f} s  " if state == "running" else ""
            table.add_row(Text(name), Text(state, style=_STYLES.get(state, "dim")), Text(f"{ran}{clean(detail)}"))
        return table


def _describe(event: Event) -> tuple[str, str]:
    match event:
        case Waiting():
            return "waiting", "for the machine"
        case Preparing():
            return "preparing", f"the environment {event.group}, made once"
        case Started():
            return "running", ""
        case Working():
            return "running", event.text
        case Finished():
            made = event.evidence
            saw = f"{count(made.reach, made.unit)}, {count(len(made.findings), 'finding')}"
            if made.problems:
                return "trouble", made.problems[0]
            return ("reused", saw) if event.reused else ("done", f"{saw}, {made.seconds:.1f} s")
