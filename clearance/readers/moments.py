"""Moments as reports state them: only what names its zone is one."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_of(stated: object) -> datetime | None:
    """Read an ISO 8601 moment, in UTC; None for what is no text, cannot be read, or states no zone."""
    if not isinstance(stated, str):
        return None
    try:
        moment = datetime.fromisoformat(stated.strip())
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
