"""Runs the checks of one run: side by side, those that must be alone afterwards, and stops all when one is to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from clearance.model import Check, ClearanceError, Evidence, Inputs, Reader, Subject
from clearance.runner import flock
from clearance.runner.ambient import forget_bytecode
from clearance.runner.environment import own_folder
from clearance.runner.events import Event, Finished, Waiting
from clearance.runner.examine import Examined, Scene, examine, prepared, unprepared
from clearance.runner.inputs import lock_text

Find = Callable[[str, str], Evidence | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Evidence, whether it was reused, and the head and tail of the tool's own output."""

    evidence: Evidence
    reused: bool
    output: str


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


def collect(
    checks: Sequence[Check],
    *,
    root: Path,
    subject: Subject,
    inputs: Mapping[str, Inputs],
    readers: Mapping[str, Reader],
    find: Find,
    reports: Path,
    jobs: int,
    environ: Mapping[str, str],
    arguments: tuple[str, ...] = (),
    on_event: Callable[[Event], None] = lambda _: None,
    clock: Callable[[], datetime] = now,
    machine_lock: Path = flock.MACHINE,
) -> dict[str, Collected]:
    """Get evidence for each check, in the order given: what `find` has, else by running its tool.

    `find` is given the check's name and its inputs' digest. `inputs` is what `gather` says of each check; `reports` a
    folder that is this run's alone, made if need be; `jobs` how many tools run side by side. `on_event` is called from
    several threads, one at a time. A check that could not see has problems in its evidence. KeyboardInterrupt, also
    made of SIGTERM, goes through once every tool is dead.
    """
    own_folder(root)
    forget_bytecode(root)
    reports.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    told = threading.Lock()

    def tell(event: Event) -> None:
        with told:
            on_event(event)

    folder = os.open(reports, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    scene = Scene(
        root=root.resolve(),
        subject=subject,
        readers=readers,
        folder=reports.resolve(),
        reports=folder,
        environ=environ,
        arguments=arguments,
        lock=lock_text(root),
        tell=tell,
        clock=clock,
        stop=stop,
    )
    try:
        with _terminated_is_interrupted():
            done = _reused(checks, inputs, find, tell)
            fresh = [check for check in checks if check.name not in done]
            done |= _run_all(fresh, inputs, scene, max(1, jobs), machine_lock)
    finally:
        os.close(folder)
    return {check.name: done[check.name] for check in checks}


def _collected(examined: Examined, *, reused: bool = False) -> Collected:
    return Collected(evidence=examined.evidence, reused=reused, output=examined.output)


def _reused(
    checks: Sequence[Check], inputs: Mapping[str, Inputs], find: Find, tell: Callable[[Event], None]
) -> dict[str, Collected]:
    """What was seen before, from the same inputs, without a problem, and alone where that is asked for."""
    done = {}
    for check in checks:
        digest = inputs[check.name].digest
        kept = find(check.name, digest) if check.cache else None
        if kept is None or kept.problems or (kept.check, kept.inputs_digest) != (check.name, digest):
            continue
        if check.exclusive and not kept.alone:
            continue
        done[check.name] = _collected(Examined(evidence=kept), reused=True)
        tell(Finished(check=check.name, evidence=kept, reused=True))
    return done


def _run_all(
    checks: Sequence[Check], inputs: Mapping[str, Inputs], scene: Scene, jobs: int, machine_lock: Path
) -> dict[str, Collected]:
    """Run the checks that may have company, the longest first; then each of the others by itself."""
    together = sorted((check for check in checks if not check.exclusive), key=lambda check: -check.timeout_s)
    apart = [check for check in checks if check.exclusive]
    done: dict[str, Collected] = {}

    def one(check: Check) -> Collected:
        return _run(check, inputs[check.name], scene, machine_lock)

    for crowd, workers in ((together, jobs), (apart, 1)):
        with ThreadPoolExecutor(workers, thread_name_prefix="check") as pool, _stopping_all(pool, scene.stop):
            futures = {check.name: pool.submit(one, check) for check in crowd}
            ended, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in ended:
                future.result()
            done |= {name: future.result() for name, future in futures.items()}
    return done


@contextlib.contextmanager
def _stopping_all(pool: ThreadPoolExecutor, stop: threading.Event) -> Iterator[None]:
    """On an exception, an interrupt among them, have every tool stopped before it goes on its way."""
    try:
        yield
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _run(check: Check, inputs: Inputs, scene: Scene, machine_lock: Path) -> Collected:
    """Prepare the environment in company, then have the machine as the check needs it, and run."""
    try:
        with (
            prepared(check, scene) as (bin_folder, lock),
            flock.machine(
                scene.stop,
                alone=check.exclusive,
                path=machine_lock,
                on_wait=lambda: scene.tell(Waiting(check=check.name)),
            ),
        ):
            examined = examine(check, inputs, scene, bin_folder=bin_folder, lock=lock, alone=check.exclusive)
    except (ClearanceError, OSError) as error:
        examined = unprepared(check, inputs, scene, error)
    if scene.stop.is_set():
        raise flock.InterruptedRunError
    scene.tell(Finished(check=check.name, evidence=examined.evidence, reused=False))
    return _collected(examined)


@contextlib.contextmanager
def _terminated_is_interrupted() -> Iterator[None]:
    """Let SIGTERM do what ^C does, where nobody else has a say in it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
