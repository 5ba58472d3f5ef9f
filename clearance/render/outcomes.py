"""A verdict as Terraform Cloud's run-task outcomes, within every published limit; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["none", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label of a tag, and the colour in which it is shown."""

    label: str
    level: Level = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One thing that a run task found: `id` and `description` are one line each, `body` is markdown."""

    id: str
    description: str
    body: str = ""
    url: str | None = None
    tags: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
