"""Text from a report that someone else may have written, made fit for one line."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 300


def plain(text: str, limit: int = LIMIT) -> str:
    """Cut a text to so many characters, with "?" for those that control a terminal or cannot be shown."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in cut)
