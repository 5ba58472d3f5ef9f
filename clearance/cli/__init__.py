"""The command line: the verbs, the exit codes and what goes to stderr are in this package and nowhere else.

What a program reads goes to stdout, what a person reads while waiting to stderr. Exit codes: 0 pass · 1 fail ·
2 usage or policy · 3 unknown, which the gate's own breakage is too · 130 interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence

UNKNOWN, INTERRUPTED = 3, 130

# Findings by the hundred thousand are no garbage; looking through them every 700 objects is a tenth of a run.
_OBJECTS_BEFORE_COLLECTION = 250_000

# Longer than it takes to end a tool that will not end.
_PATIENCE_S = 10.0
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, whatever happens; only argparse's own SystemExit leaves it."""
    interruption = _Interruption()
    try:
        _heed_interrupts(interruption)
        _mend_streams()
        gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)
        code = _perform(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        _ignore_interrupts()
        gc.freeze()  # or Python looks through all of it once more for garbage before it ends
    except KeyboardInterrupt:
        return _end(INTERRUPTED, "interrupted; no verdict was written")
    except BrokenPipeError:
        return _end(INTERRUPTED)
    except OSError as error:
        return _end(UNKNOWN, f"the machine is in the way, so the answer is unknown: {error}")
    except _FaultError as fault:
        if interruption.at is not None:
            return _end(INTERRUPTED, "interrupted; no verdict was written")
        return _end(UNKNOWN, f"a fault of Clearance, so the answer is unknown; please report it:\n{fault}")
    return code


class _FaultError(Exception):
    """Something that should not happen. Python itself would end with 1, which says that the change has failed."""


def _perform(words: Sequence[str]) -> int:
    try:
        from clearance.cli.commands import perform  # it takes a while, and ^C may come meanwhile

        return perform(words)
    except OSError:
        raise
    except Exception as error:
        raise _FaultError(traceback.format_exc().rstrip()) from error


def _heed_interrupts(handler: _Interruption) -> None:
    """Let the first ^C, SIGTERM or hang-up end the run in order, and those that follow not disturb it."""
    for number in _INTERRUPTS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


class _Interruption:
    """Raises KeyboardInterrupt once, and not again for a while: whoever is impatient must not disturb the tidying up.

    It may be lost, in a finaliser for one, or come out as another exception; so it can be repeated, and is remembered.
    """

    def __init__(self) -> None:
        self.at: float | None = None

    def __call__(self, *_: object) -> None:
        now = time.monotonic()
        if self.at is None or now - self.at > _PATIENCE_S:
            self.at = now
            raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    for number in _INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)


def _mend_streams() -> None:
    """Give each standard stream that is closed a place to go, or the next file opened would stand in for it.

    A terminal that lacks a character shows another, and no traceback.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _end(code: int, message: str = "") -> int:
    """Say why the run ends, if anyone listens; what is left in a buffer must not raise while Python shuts down."""
    _ignore_interrupts()
    with contextlib.suppress(OSError):
        if message:
            print(f"clearance: {message}", file=sys.stderr, flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    return code
