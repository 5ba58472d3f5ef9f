"""How a rule is broken: with all that break it, by address, and never a value of theirs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def nobody(offenders: Iterable[str]) -> None:
    """Fail with a line for each offender, unless there is none."""
    lines = sorted(offenders)
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
