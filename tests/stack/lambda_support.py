"""What the tests of the Lambda side share: functions over the sample handlers, and an event loop for a test."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import sys
import time
from pathlib import Path

import uvloop

from stack.lambda_runtime import Answer, Fault, Function, FunctionConfig

HANDLERS = Path(__file__).parent / "handlers"


def in_loop(scenario):
    """Run an asynchronous test to its end in an event loop of its own."""

    @functools.wraps(scenario)
    def test(*args, **kwargs):
        uvloop.run(scenario(*args, **kwargs))

    return test


def config(handler="sample.handler", *, environ=(), **options):
    """Compose the configuration of a function over one of the sample handlers."""
    command = (sys.executable, "-m", "awslambdaric")
    return FunctionConfig(command=command, environ=dict(environ), task_root=HANDLERS, handler=handler, **options)


@contextlib.asynccontextmanager
async def function(handler="sample.handler", **options):
    """Open a function, and close it at the end."""
    opened = Function(config(handler, **options))
    try:
        yield opened
    finally:
        await opened.close()


async def until(condition):
    """Wait for a condition, 10 s at most."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


def phases(opened):
    """List the phases of a function's environments."""
    return [each.phase for each in opened._environments]


def asking(do, **arguments):
    """Write the event that asks the sample handler for a deed."""
    return json.dumps({"do": do, **arguments}).encode()


def told(outcome):
    """Say what an outcome is in a form that compares well: the answer's value, or the kind of fault."""
    if isinstance(outcome, Answer):
        return json.loads(outcome.payload)
    assert isinstance(outcome, Fault)
    return outcome.kind
