"""Faults under load: what is broken on purpose through the local stack's controls, when, and noted in the recording."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from load.driver import DriverError

HEADER: Final = "header.json"
LONGEST_S: Final = 90.0

# By name, what is asked of the control server: the path, and the body if it takes one.
DEEDS: Final[Mapping[str, tuple[str, dict[str, float] | None]]] = {
    "postgres-restart": ("/postgres/restart", None),
    "postgres-kill": ("/postgres/kill", None),
    "lambda-crash": ("/lambda/crash", None),
    "slow-query": ("/postgres/lock", {"seconds": 3.0}),  # as long as whoever waits for the lock
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault, so many seconds after Locust was started, which is a second or two before its first arrival."""

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

    Raises DriverError at its end for a fault that could not be made.
    """
    done: list[Done] = []
    wrong: list[str] = []
    over = threading.Event()
    begun = time.monotonic()

    def make(fault: Planned) -> None:
        if over.wait(max(0.0, begun + fault.at - time.monotonic())):
            return
        at, since = time.time(), time.monotonic()
        try:
            _ask(control_url, *DEEDS[fault.name])
        except OSError as error:
            wrong.append(f"{fault.name}: {error}")
        else:
            done.append(Done(name=fault.name, at=at, seconds=time.monotonic() - since))

    threads = [threading.Thread(target=make, args=(fault,), daemon=True) for fault in planned]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        over.set()
        for thread in threads:
            thread.join(LONGEST_S)
    if wrong or len(done) < len(planned):
        raise DriverError(f"not every fault could be made: {'; '.join(wrong) or 'the run was over before'}")


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
