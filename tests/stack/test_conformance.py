"""Our Lambda side held against AWS's own emulator: the same events come to the same outcomes.

Where the emulator is at fault, its fault is shown here beside what we do instead, so that an entry no longer true
fails. Two have no test of their own. It panics when it is invoked concurrently, issue 97 of
aws/aws-lambda-runtime-interface-emulator; ours is held by `test_reserved_concurrency`. And it answers 200 to a handler
that raises or runs out of time, which is why `Emulator.invoke` reads the outcome out of the body.
"""

from __future__ import annotations

import json

import pytest
import uvloop

from stack.runtime_api import PAYLOAD_LIMIT
from tests.stack.emulator import emulator
from tests.stack.lambda_support import asking, function, told

PID = "the process's number"
UNICODE = "Grüße, 東京 🛫\u0000\u2028"


def ours(handler, events, **options):
    """Send events to our function, one after another; what came of each."""

    async def scenario():
        async with function(handler, concurrency=1, **options) as opened:
            return [told(await opened.invoke(event)) for event in events]

    return uvloop.run(scenario())


def theirs(handler, events, **options):
    """Send events to the emulator, one after another; what came of each."""
    with emulator(handler, **options) as opened:
        return [opened.invoke(event) for event in events]


def processes(outcomes, events):
    """Replace process numbers by the order of their first appearance, so that runs can be compared."""
    asked = [json.loads(event).get("do") == "pid" for event in events]
    seen = []
    for outcome, is_pid in zip(outcomes, asked, strict=True):
        if is_pid and outcome not in seen:
            seen.append(outcome)
    return [(PID, seen.index(outcome)) if is_pid else outcome for outcome, is_pid in zip(outcomes, asked, strict=True)]


ALIKE = {
    "an answer": ([asking("echo", value={"a": [1, 2.5, None, True, {}]})], [{"a": [1, 2.5, None, True, {}]}]),
    "text beyond ASCII": ([asking("echo", value=UNICODE)], [UNICODE]),
    "a warm process": ([asking("pid"), asking("pid"), asking("calls")], [(PID, 0), (PID, 0), 3]),
    "a handler that raises": (
        [asking("pid"), asking("raise", message="m"), asking("pid")],
        [(PID, 0), "Unhandled", (PID, 0)],
    ),
    "a time-out": ([asking("pid"), asking("sleep", seconds=60), asking("pid")], [(PID, 0), "TimedOut", (PID, 1)]),
    "os._exit": ([asking("pid"), asking("os_exit", status=1), asking("pid")], [(PID, 0), "ExitError", (PID, 1)]),
    "sys.exit": ([asking("pid"), asking("sys_exit", status=0), asking("pid")], [(PID, 0), "ExitError", (PID, 1)]),
    "a signal": ([asking("pid"), asking("signal", number=9), asking("pid")], [(PID, 0), "ExitError", (PID, 1)]),
    "a response at the limit": ([asking("fill", size=PAYLOAD_LIMIT)], ["x" * (PAYLOAD_LIMIT - 2)]),
    "a response over the limit": (
        [asking("pid"), asking("fill", size=PAYLOAD_LIMIT + 1), asking("pid")],
        [(PID, 0), "ResponseTooLarge", (PID, 1)],
    ),
    "a large request": ([asking("size", value="x" * 6_000_000)], [6_000_000]),
}


@pytest.mark.parametrize(("events", "expected"), ALIKE.values(), ids=ALIKE)
def test_alike(events, expected):
    """The same events come to the same outcomes, and meet old and new processes at the same places."""
    one = processes(ours("sample.handler", events, timeout_s=1), events)
    other = processes(theirs("sample.handler", events, timeout_s=1), events)
    assert (True, True) == (one == expected, other == expected), (str(one)[:500], str(other)[:500])


def test_a_handler_that_cannot_be_imported():
    """An import error is a failed initialisation at each invocation, with both."""
    events = [b"{}", b"{}"]
    assert ["InitError"] * 2 == ours("broken.handler", events) == theirs("broken.handler", events)


FAULTS = {
    "a request over the limit is truncated, so that the handler fails; AWS refuses it": (
        "sample.handler",
        asking("size", value="x" * PAYLOAD_LIMIT),
        {},
        "RequestTooLarge",
        "Unhandled",
    ),
    "initialisation counts against the function's time-out; AWS gives it a phase of its own": (
        "slow.handler",
        b"{}",
        {"environ": {"SLOW_S": "1.2"}, "timeout_s": 1},
        "answer",
        "TimedOut",
    ),
}


@pytest.mark.parametrize(("handler", "event", "options", "expected", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_the_emulator(handler, event, options, expected, fault):
    """The emulator has this fault still, and we do as AWS does."""
    (one,), (other,) = ours(handler, [event], **options), theirs(handler, [event], **options)
    assert (expected, fault) == ("answer" if isinstance(one, int) else one, other)
