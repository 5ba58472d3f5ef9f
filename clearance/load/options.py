"""The options that Locust's command line gains, with an environment variable for each as Locust has for its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearance.load import schedules
from clearance.model import ClearanceError

if TYPE_CHECKING:
    from clearance.slo import Level

PREFIX: Final = "CLEARANCE_LOAD_"
ON_THE_PAGE: Final = frozenset({"--arrivals", "--warm-up", "--limit"})  # what names files stays with the command line


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser of Locust's."""
    group = parser.add_argument_group("Clearance", "Open arrivals, raw samples, and the generator's own health")
    options: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("--recording", "FILE", "Write every sample to FILE when the run ends", {}),
        (
            "--arrivals",
            "TEXT",
            f"Begin tasks on a schedule, whatever the answers take: {schedules.FORMS}",
            {"type": _checked(schedules.parse)},
        ),
        (
            "--warm-up",
            "TIME",
            "The first TIME of the run is marked as warm-up",
            {"type": _checked(schedules.parse_seconds), "default": "0s"},
        ),
        (
            "--until-decided",
            "SLOFILE",
            "Run on until each objective of SLOFILE is decided",
            {},
        ),
        (
            "--limit",
            "TIME",
            "... but for no longer than TIME",
            {"type": _checked(schedules.parse_seconds), "default": "300s"},
        ),
        (
            "--spans",
            "URL|FILE",
            "Where the service's own lines (EMF) are to be had when the run ends",
            {},
        ),
    )
    for flag, metavar, about, more in options:
        variable = PREFIX + flag.strip("-").replace("-", "_").upper()
        settings = {"default": "", "env_var": variable} | more
        action = group.add_argument(flag, metavar=metavar, help=about, **settings)
        vars(action)["include_in_web_ui"] = flag in ON_THE_PAGE  # Locust's mark, no attribute of argparse's


def _checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Check an option's text where it is given; it stays text, which is what workers are sent."""

    def check(text: str) -> str:
        if text:
            try:
                parse(text)
            except ClearanceError as error:
                raise argparse.ArgumentTypeError(f"{error}: {error.hint}") from error
        return text

    return check


class Wanted:
    """What a run was asked to be, from Locust's parsed options. Raises ClearanceError for what cannot be."""

    def __init__(self, options: Any) -> None:
        def text(name: str) -> str:
            return str(getattr(options, name, "") or "").strip()

        self.recording = Path(text("recording")).absolute() if text("recording") else None
        self.schedule = schedules.parse(text("arrivals")) if text("arrivals") else None
        self.warmup_s = schedules.parse_seconds(text("warm_up") or "0")
        self.until_decided = Path(text("until_decided")) if text("until_decided") else None
        self.limit_s = schedules.parse_seconds(text("limit") or "300s")
        self.spans = text("spans")

    def levels(self) -> tuple[Level, ...]:
        """Read the objectives to be decided. Raises ClearanceError where the file cannot be used."""
        if self.until_decided is None:
            return ()
        from clearance import slo  # only who asks for decisions needs the SLO file's reader

        try:
            text = self.until_decided.read_bytes()
        except OSError as error:
            raise ClearanceError(
                f"{self.until_decided} cannot be read: {error.strerror}", "name an SLO file"
            ) from error
        return slo.parse(text, str(self.until_decided)).levels

    @property
    def anything(self) -> bool:
        """Whether it is more than stock Locust."""
        return bool(self.recording or self.schedule or self.until_decided)
