"""The generator's own health: how late its timers are, how busy its process is, how much of the machine was taken."""

from __future__ import annotations

import os
import time
from typing import Final, NoReturn

import gevent

from clearance.load.recorder import Recorder, now

BEAT: Final = 0.25
TICK: Final = 0.025
STAT: Final = "/proc/stat"


def beat_for_ever(recorder: Recorder) -> NoReturn:
    """Note a beat four times a second. A greenlet of its own; ended by killing it."""
    at, cpu, machine = now(), time.process_time(), read_machine()
    while True:
        worst = 0
        for _ in range(round(BEAT / TICK)):
            before = now()
            gevent.sleep(TICK)
            worst = max(worst, now() - before - round(TICK * 1e9))
        at_now, cpu_now, machine_now = now(), time.process_time(), read_machine()
        share = (cpu_now - cpu) / ((at_now - at) / 1e9)
        recorder.beat(at_now, share, worst / 1e6, stolen(machine, machine_now))
        at, cpu, machine = at_now, cpu_now, machine_now


def read_machine() -> tuple[int, int]:
    """Ticks that the hypervisor took, and all ticks, since the machine's start; zeros where nobody counts them.

    Source: proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
    """
    try:
        file = os.open(STAT, os.O_RDONLY)
    except OSError:
        return 0, 0
    try:
        ticks = [int(word) for word in os.read(file, 256).split(b"\n")[0].split()[1:9]]
    finally:
        os.close(file)
    return (ticks[7], sum(ticks)) if len(ticks) == 8 else (0, 0)


def stolen(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Share of the machine's time that was taken between two readings."""
    ticks = after[1] - before[1]
    return max(0.0, (after[0] - before[0]) / ticks) if ticks > 0 else 0.0


class WallClock:
    """By how much the wall clock was set, against the clock that nobody sets."""

    def __init__(self) -> None:
        self.started_ns = time.time_ns()
        self._ahead = self.started_ns - now()
        self.step_s = 0.0

    def look(self) -> None:
        """Compare the clocks; the largest difference counts."""
        step = (time.time_ns() - now() - self._ahead) / 1e9
        if abs(step) > abs(self.step_s):
            self.step_s = step
