"""What a run is, for the process that will write its recording; and how its schedule is shared out."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gevent
from locust.env import Environment

from clearance.load import pulse
from clearance.load.ledger import Batch, Ledger
from clearance.load.options import Wanted
from clearance.load.progress import Progress
from clearance.load.recorder import now

if TYPE_CHECKING:
    from clearance.load.deciding import Deciding

LEAD: Final = 0.2  # seconds between the last user's readiness and the schedule's origin
READY: Final = 10.0  # seconds in which users must have become ready for their first task
GRACE: Final = 10.0  # seconds that requests under way are given when the run ends
CATCH_UP: Final = 1.0  # seconds for starts that were due before the end and are late
HASTE: Final = 1.0  # ... and when it is broken off
NOTICE: Final = 0.5  # seconds in which a worker hears of an end that no schedule told it
EARLY: Final = 1.5  # seconds by which Locust's own timer for the run's time may come too soon
NANO: Final = 1_000_000_000
PLANNED: Final = frozenset({"time", "decided", "limit"})


@dataclass(slots=True)
class Run:
    """A run's books. Moments are of the monotonic clock; `run_time` in seconds, None where nobody said."""

    wanted: Wanted
    number: int
    ledger: Ledger
    deciding: Deciding | None
    progress: Progress
    run_time: float | None
    patience: float = GRACE
    clock: pulse.WallClock = field(default_factory=pulse.WallClock)
    began: int = field(default_factory=now)
    origin: int | None = None
    ended: int | None = None
    stopped: str = ""
    greenlets: list[Any] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the origin to the end of the schedule, or to what broke it off."""
        return 0.0 if self.origin is None else max(0.0, ((self.ended or now()) - self.origin) / NANO)

    @property
    def grace(self) -> float:
        """Seconds that requests under way are given."""
        return self.patience if self.stopped in PLANNED else min(self.patience, HASTE)

    @property
    def end(self) -> int | None:
        """The first moment of the schedule (ns since its origin) that is not given out; None: not known."""
        if self.ended is not None and self.origin is not None:
            return self.ended - self.origin
        return None if self.run_time is None else round(self.run_time * NANO)

    def take(self, batch: Batch) -> None:
        """Take what has come in since the last time."""
        self.progress.add(batch)
        if self.deciding is not None:
            self.deciding.add(batch, self.ledger.routes_in_order())

    def look(self) -> bool:
        """Look at the clocks, say how far it is, and whether all is decided."""
        self.clock.look()
        done = self.deciding is not None and self.deciding.look()
        self.progress.tell(self.seconds, self.deciding.words() if self.deciding else "")
        return done


def new_run(environment: Environment, wanted: Wanted) -> Run:
    """Begin a run's books. Raises ClearanceError where the SLO file cannot be used."""
    spill = wanted.recording.parent if wanted.recording else Path(tempfile.gettempdir())
    return Run(
        wanted=wanted,
        number=secrets.randbits(32),
        ledger=Ledger(spill),
        deciding=_deciding(wanted) if wanted.until_decided else None,
        progress=Progress(wanted.schedule),
        run_time=getattr(environment.parsed_options, "run_time", None) or None,
        patience=environment.stop_timeout or GRACE,  # Locust's --stop-timeout, where it is given
    )


def _deciding(wanted: Wanted) -> Deciding:
    from clearance.load.deciding import Deciding  # needs more than a run without it, which starts sooner

    return Deciding(wanted.levels(), wanted.warmup_s)


def wait_for_end(run: Run, notice: float = 0.0) -> None:
    """Find out why a run ends; a schedule begins later than Locust's clock, and is let end.

    One that ends before its time ends so many seconds from now, for those who must hear of it to have heard.
    """
    since = (now() - run.began) / NANO
    if not run.stopped and run.run_time is not None and since >= run.run_time - EARLY:
        run.stopped = "limit" if run.wanted.until_decided else "time"
        patience = run.began + round((run.run_time + 2 * READY) * NANO)
        while run.wanted.schedule and run.origin is None and now() < patience:
            gevent.sleep(0.02)
        if run.origin is not None and run.wanted.schedule:
            run.ended = run.origin + round(run.run_time * NANO)
            sleep_until(run.ended)
    if run.origin is None:
        run.ledger.problems.append("the schedule never began: the run was over before its users were ready")
    run.stopped = run.stopped or "stopped"
    run.ended = run.ended or now() + round(notice * NANO * bool(run.wanted.schedule))


def sleep_until(moment: int) -> None:
    """Sleep until a moment of the monotonic clock; gevent's own timers count from a time that may lie back."""
    while (left := moment - now()) > 0:
        gevent.sleep(left / NANO)


def stop(environment: Environment, run: Run, why: str) -> None:
    """End a run from within, as Locust's own timer would."""
    run.stopped = run.stopped or why
    runner: Any = environment.runner
    page: Any = environment.web_ui
    options = environment.parsed_options
    if options is not None and options.headless:
        runner.quit()
        return
    runner.stop()
    if options is not None and options.autostart and options.autoquit != -1:
        gevent.sleep(options.autoquit)
        runner.quit()
        page.stop()


def weigh(environment: Environment, users: Mapping[str, int]) -> dict[str, float]:
    """Give each class of users that is there its share: by its weight, or by its count where that is fixed."""
    classes = environment.user_classes_by_name
    everyone = sum(users.values())
    fixed = {name: users[name] / everyone for name in users if users[name] and classes[name].fixed_count}
    free = {name: classes[name].weight for name in users if users[name] and not classes[name].fixed_count}
    rest, total = 1 - sum(fixed.values()), sum(free.values())
    return fixed | {name: rest * weight / total for name, weight in free.items()}


def absent(environment: Environment, users: Mapping[str, int]) -> Iterator[str]:
    """Name the classes that should take part and have no user."""
    for name, kind in environment.user_classes_by_name.items():
        if not users.get(name) and (kind.weight > 0 or kind.fixed_count):
            yield f"no user of {name} was spawned, so its tasks took no part: give more users (-u)"
