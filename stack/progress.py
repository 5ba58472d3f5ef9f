"""What a person reads on stderr while the stack comes up: a line a step, a bar while flights are loaded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stderr.write(f"stack: {text}\n")
    sys.stderr.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say `name` and the seconds that it took, once it is done."""
    started = time.monotonic()
    yield
    say(f"{name} ({time.monotonic() - started:.2f} s)")


@contextmanager
def bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` are done: a bar on a terminal, a line at each quarter elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("stack: {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(name, total=total)
            yield lambda done: progress.update(task, completed=done)
    else:
        quarters = [total * part // 4 for part in (1, 2, 3)]

        def tell(done: int) -> None:
            passed = [quarter for quarter in quarters if quarter <= done]
            if passed and done < total:
                say(f"{name} {done:,} of {total:,}")
                quarters[:] = quarters[len(passed) :]

        yield tell
