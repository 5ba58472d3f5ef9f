"""Faults under load: what is broken on purpose through the local stack's controls, when, and noted in the recording."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from load.driver import DriverError

HEADER: Final = "header.json"
LONGEST_S: Final = 90.0
POLL_S: Final = 0.1

# By name, what is asked of the control server: the path, and the body if it takes one.
DEEDS: Final[Mapping[str, tuple[str, dict[str, float] | None]]] = {
    "postgres-restart": ("/postgres/restart", None),
    "postgres-kill": ("/postgres/kill", None),
    "lambda-crash": ("/lambda/crash", None),
    "slow-query": ("/postgres/lock", {"seconds": 3.0}),  # as long as whoever waits for the lock
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault, so many seconds after the first request of the run was answered: Locust may take long to start."""

    name: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A fault that happened: `at` in seconds since 1970; `seconds` until the control server said that it was over."""

    name: str
    at: float
    seconds: float


def parse(text: str) -> Planned:
    """Read `postgres-restart@10s`. Raises ValueError with what there is to choose from."""
    name, _, moment = text.partition("@")
    digits = moment.removesuffix("s")
    if name not in DEEDS or not digits.isdecimal():
        raise ValueError(f"{text!r} is no fault: write one of {', '.join(DEEDS)}, and when, as in postgres-restart@10s")
    return Planned(name=name, at=float(digits))


@contextlib.contextmanager
def happening(planned: Sequence[Planned], control_url: str) -> Iterator[list[Done]]:
    """Let the faults happen while the context lasts; those that did are in the list afterwards.

    Raises DriverError at its end for a fault that could not be made, and where the controls do not answer.
    """
    making = _Making(control_url=control_url, before=_answers(control_url))
    thread = threading.Thread(target=making.make_all, args=(planned,), daemon=True)
    thread.start()
    try:
        yield making.done
    finally:
        making.over.set()
        thread.join(LONGEST_S)
    if making.wrong or len(making.done) < len(planned):
        raise DriverError(f"not every fault could be made: {'; '.join(making.wrong) or 'the run was over before'}")


@dataclass(slots=True, kw_only=True)
class _Making:
    """The faults of one run, made beside it. `before` is how many answers the gateway had given when it began."""

    control_url: str
    before: int
    over: threading.Event = field(default_factory=threading.Event)
    done: list[Done] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def make_all(self, planned: Sequence[Planned]) -> None:
        """Wait for the first answer, and then for each fault's moment; faults may overlap."""
        try:
            while _answers(self.control_url) == self.before:
                if self.over.wait(POLL_S):
                    return
        except DriverError as error:
            self.wrong.append(str(error))
            return
        first = time.monotonic()
        threads = [threading.Thread(target=self.make, args=(fault, first), daemon=True) for fault in planned]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def make(self, fault: Planned, first: float) -> None:
        """Make a fault at its moment, unless the run is over by then."""
        if self.over.wait(max(0.0, first + fault.at - time.monotonic())):
            return
        at, since = time.time(), time.monotonic()
        try:
            _ask(self.control_url, *DEEDS[fault.name])
        except OSError as error:
            self.wrong.append(f"{fault.name}: {error}")
        else:
            self.done.append(Done(name=fault.name, at=at, seconds=time.monotonic() - since))


def _answers(control_url: str) -> int:
    """How many requests the gateway has answered so far. Raises DriverError where the controls do not say."""
    try:
        with urllib.request.urlopen(f"{control_url}/logs/access", timeout=LONGEST_S) as lines:
            return sum(1 for _ in lines)
    except OSError as error:
        raise DriverError(f"the stack's controls at {control_url} do not answer: {error}") from error


def _ask(control_url: str, path: str, body: dict[str, float] | None) -> None:
    data = b"" if body is None else json.dumps(body).encode()
    request = urllib.request.Request(control_url + path, data=data, method="POST")
    urllib.request.urlopen(request, timeout=LONGEST_S).close()


def note(recording: Path, done: Sequence[Done]) -> None:
    """Write the faults into the header of a recording, in seconds since the run's start."""
    with zipfile.ZipFile(recording) as archive:
        members = [(entry, archive.read(entry)) for entry in archive.infolist()]
    header: dict[str, Any] = json.loads(next(data for entry, data in members if entry.filename == HEADER))
    start = datetime.fromisoformat(header["started_at"]).timestamp()
    header["faults"] = [{"name": each.name, "at": each.at - start, "seconds": each.seconds} for each in done]
    fresh = recording.with_name(f".{recording.name}.noted")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry, data in members:
            archive.writestr(entry, json.dumps(header).encode() if entry.filename == HEADER else data)
    fresh.replace(recording)
