"""What the person at the terminal can put right: a message and the next step; every part of the stack raises it."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what it was asked for; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
