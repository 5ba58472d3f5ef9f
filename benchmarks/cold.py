"""A cold start of the packaged handler, with the bytecode that the package carries and without it."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop

from benchmarks.measure import Figure, SpoiltError, announce, ratio, scratch, take_turns
from stack import package
from stack.lambda_runtime import Function, FunctionConfig

ROUNDS, WARM = 11, 2


def measure() -> Iterator[Figure]:
    """Start the runtime client over either package, from the process's birth to its first call for an invocation.

    Neither may write bytecode, as in Lambda, where the package is read-only; the files are in the page cache.
    """
    built, python = package.build(), package.runtime_python()
    with scratch() as folder:
        without = folder / "without"
        shutil.copytree(built, without, ignore=shutil.ignore_patterns("__pycache__"))
        announce([str(python), "-m", "awslambdaric", package.HANDLER])
        subjects = {"with": _starting(built, python), "without": _starting(without, python)}
        take_turns(WARM, subjects)
        taken = take_turns(ROUNDS, subjects)
    for name in subjects:
        yield Figure(name=f"{name} bytecode", value=statistics.median(taken[name]), unit="ms")
    yield Figure(name="with / without", value=ratio(taken["with"], taken["without"]), unit="x", at_most=0.6)


def _starting(folder: Path, python: Path) -> Callable[[], float]:
    config = FunctionConfig(
        command=(str(python), "-m", "awslambdaric"),
        environ={"PYTHONDONTWRITEBYTECODE": "1", "POWERTOOLS_SERVICE_NAME": "flights"},
        task_root=folder,
        handler=package.HANDLER,
    )

    async def start() -> float:
        function = Function(config)
        try:
            begun = time.perf_counter()
            fault = await function.start()
            took = time.perf_counter() - begun
        finally:
            await function.close()
        if fault is not None:
            raise SpoiltError(f"the function does not start: {fault.message}")
        return took * 1000

    return lambda: uvloop.run(start())
