"""Keeps an exception that nobody thought of, and tells what may be told of it. Standard library alone.

An exception's text may quote what it choked on: a token, a URL with a secret in it. So of an exception that isn't ours
only the kind and the place in our code are told.
"""

from __future__ import annotations

import os.path
from types import TracebackType
from typing import Self


class Guard:
    """A block that ends without an exception; `error` is the one that it would have ended with."""

    error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        if isinstance(error, Exception):
            self.error = error
            return True
        return False


def place(error: BaseException) -> str:
    """Say what kind of exception it is and where it came from: `KeyError in work.py:12`."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{where}"
