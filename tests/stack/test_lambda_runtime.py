"""A function over genuine runtime clients: phases, limits, crashes, and what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import subprocess

import pytest

from stack.environment import Phase
from stack.lambda_runtime import Answer, Fault, Function
from stack.runtime_api import PAYLOAD_LIMIT
from tests.stack.lambda_support import HANDLERS, asking, config, function, in_loop, phases, told, until


def alive(pid):
    """Tell whether a process runs; one that is dead but not reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state != "" and not state.startswith("Z")


class TestInvocation:
    @in_loop
    async def test_an_event_reaches_the_handler_and_its_answer_comes_back(self):
        """An event reaches the handler as it is, and so does the answer on its way back."""
        value = {"text": "Grüße, 東京 🛫\u0000", "numbers": [1, 2.5, None, True], "nested": {"a": [{}]}}
        async with function() as flights:
            outcome = await flights.invoke(asking("echo", value=value))
        assert value == told(outcome)

    @in_loop
    async def test_the_environment_stays_warm(self):
        """Invocations one after another meet the same process and the state that it kept."""
        async with function() as flights:
            outcomes = [told(await flights.invoke(asking("pid"))) for _ in range(3)]
            calls = told(await flights.invoke(asking("calls")))
        assert ([outcomes[0]] * 3, 4) == (outcomes, calls)

    @in_loop
    async def test_the_context_says_what_the_runtime_api_told(self):
        """The handler's context has the request id, the ARN, the time left, the trace and the client's context."""
        async with function(timeout_s=7, memory_mb=256) as flights:
            first = told(await flights.invoke(asking("context"), client_context='{"custom": {"a": "b"}}'))
            second = told(await flights.invoke(asking("context")))
        assert first["arn"] == "arn:aws:lambda:eu-central-1:000000000000:function:flights"
        assert (first["name"], first["memory"], first["client"]) == ("flights", "256", {"a": "b"})
        assert 0 < first["remaining_ms"] <= 7000
        assert first["trace"].startswith("Root=1-")
        assert (second["client"], second["request_id"] != first["request_id"]) == (None, True)

    @in_loop
    async def test_a_handler_that_raises(self):
        """An exception is a fault with the error's document, and the environment lives on."""
        async with function() as flights:
            before = told(await flights.invoke(asking("pid")))
            fault = await flights.invoke(asking("raise", message="no such flight"))
            after = told(await flights.invoke(asking("pid")))
        document = json.loads(fault.payload)
        assert ("Unhandled", "ValueError", "no such flight") == (
            fault.kind,
            document["errorType"],
            document["errorMessage"],
        )
        assert before == after

    @in_loop
    async def test_an_event_that_is_no_json(self):
        """An event that the runtime client cannot decode is a fault of that invocation alone."""
        async with function() as flights:
            outcomes = [told(await flights.invoke(payload)) for payload in (b"{", asking("calls"))]
        assert ["Unhandled", 1] == outcomes

    def test_any_event_loop_will_do(self):
        """The function runs in the standard library's event loop, too."""

        async def scenario():
            async with function() as flights:
                return told(await flights.invoke(asking("echo", value=1)))

        assert asyncio.run(scenario()) == 1


class TestSurroundings:
    @in_loop
    async def test_the_environment_is_clean(self, monkeypatch):
        """The process sees what AWS and the function set, and nothing of the caller's environment."""
        monkeypatch.setenv("CALLERS_SECRET", "hunter2")
        async with function(environ={"FLIGHTS_STAGE": "test", "TZ": "Asia/Tokyo", "_HANDLER": "mine"}) as flights:
            environ = told(await flights.invoke(asking("environ")))
        known = {"AWS_REGION", "FLIGHTS_STAGE", "LAMBDA_TASK_ROOT", "LANG", "LC_CTYPE", "PATH", "TZ", "_HANDLER"}
        assert not {name for name in environ if not name.startswith("AWS_LAMBDA_")} - known - {"_X_AMZN_TRACE_ID"}
        assert ("sample.handler", "Asia/Tokyo", "test") == (
            environ["_HANDLER"],
            environ["TZ"],
            environ["FLIGHTS_STAGE"],
        )

    @in_loop
    async def test_the_package_is_the_working_directory(self):
        """The handler runs in the folder of its package."""
        async with function() as flights:
            assert str(HANDLERS) == told(await flights.invoke(asking("directory")))

    @in_loop
    async def test_what_is_printed_becomes_log_lines(self):
        """Each line of stdout and stderr is handed on whole and in order, the unfinished last one as well."""
        lines = ['{"_aws": {"Timestamp": 1}}', "", "größer", "x" * 200_000]
        log = []
        async with function(on_log=log.append) as flights:
            await flights.invoke(asking("say", lines=lines))
        assert [*lines, "the end without a newline"] == log


class TestInitPhase:
    @in_loop
    async def test_it_has_a_time_of_its_own(self):
        """Initialisation is not billed to the function's time-out."""
        async with function("slow.handler", environ={"SLOW_S": "0.4"}, timeout_s=0.2) as flights:
            assert isinstance(told(await flights.invoke(b"{}")), int)

    @in_loop
    async def test_it_has_an_end(self):
        """An initialisation that takes too long is a fault, and leaves no process."""
        async with function("slow.handler", environ={"SLOW_S": "600"}, init_timeout_s=0.2) as flights:
            fault = await flights.invoke(b"{}")
        assert ("InitError", "The initialisation timed out after 0.20 seconds") == (fault.kind, fault.message)

    @in_loop
    async def test_a_handler_that_cannot_be_imported(self):
        """An import error is reported with the client's own document, at each invocation anew."""
        async with function("broken.handler") as flights:
            faults = [await flights.invoke(b"{}") for _ in range(2)]
        types = [(fault.kind, json.loads(fault.payload)["errorType"]) for fault in faults]
        assert [("InitError", "Runtime.ImportModuleError")] * 2 == types

    @in_loop
    async def test_a_process_that_ends_in_it(self):
        """A process that ends before it asks for its first event is a fault that gives the exit status."""
        async with function("slow.handler", environ={"SLOW_S": "0", "SLOW_EXIT": "3"}) as flights:
            fault = await flights.invoke(b"{}")
        assert ("InitError", "Runtime exited with error: exit status 3") == (fault.kind, fault.message)

    @in_loop
    async def test_a_command_that_is_not_there(self):
        """A runtime that cannot be started is a fault, not a crash of the stack."""
        flights = Function(dataclasses.replace(config(), command=("/no/such/python",)))
        fault = await flights.invoke(b"{}")
        await flights.close()
        assert ("InitError", "Runtime.InvalidEntrypoint") == (fault.kind, json.loads(fault.payload)["errorType"])

    @in_loop
    async def test_an_environment_can_be_warmed_up(self):
        """After `start` the first invocation needs no initialisation."""
        async with function("slow.handler", environ={"SLOW_S": "0.3"}, init_timeout_s=5) as flights:
            assert await flights.start() is None
            outcomes = [told(await flights.invoke(b"{}")) for _ in range(2)]
        assert outcomes[0] == outcomes[1]


class TestEnds:
    @pytest.mark.parametrize(
        ("event", "message"),
        [
            (asking("os_exit", status=7), "Runtime exited with error: exit status 7"),
            (asking("sys_exit", status=2), "Runtime exited with error: exit status 2"),
            (asking("sys_exit", status=0), "Runtime exited without providing a reason"),
            (asking("signal", number=signal.SIGSEGV), "Runtime exited with error: signal: SIGSEGV"),
            (asking("signal", number=signal.SIGKILL), "Runtime exited with error: signal: SIGKILL"),
        ],
    )
    @in_loop
    async def test_a_process_that_ends_in_an_invocation(self, event, message):
        """The invocation fails with the way in which the process ended, and the next one has a new process."""
        async with function(concurrency=1) as flights:
            before = told(await flights.invoke(asking("pid")))
            fault = await flights.invoke(event)
            after = told(await flights.invoke(asking("pid")))
        assert ("ExitError", message) == (fault.kind, fault.message.partition("Error: ")[2])
        assert (before != after, False) == (True, alive(before))

    @in_loop
    async def test_a_time_out(self):
        """An invocation that takes too long is ended with its process, and logged, and the next has a new process."""
        log = []
        async with function(concurrency=1, timeout_s=0.3, on_log=log.append) as flights:
            before = told(await flights.invoke(asking("pid")))
            fault = await flights.invoke(asking("sleep", seconds=60))
            after = told(await flights.invoke(asking("pid")))
        assert ("TimedOut", "Task timed out after 0.30 seconds") == (fault.kind, fault.message.partition("Error: ")[2])
        assert (before != after, False) == (True, alive(before))
        assert 1 == sum(line.endswith("Task timed out after 0.30 seconds") for line in log)

    @in_loop
    async def test_a_process_that_ends_while_it_is_idle(self):
        """An environment that dies between two invocations is noticed and never used again."""
        async with function(concurrency=1) as flights:
            before = told(await flights.invoke(asking("exit_afterwards")))
            await until(lambda: not flights._environments)
            after = told(await flights.invoke(asking("pid")))
        assert before != after

    @in_loop
    async def test_a_crash_from_outside(self):
        """`crash` kills idle and busy environments; the function recovers by itself."""
        async with function() as flights:
            before = told(await flights.invoke(asking("pid")))
            busy = asyncio.create_task(flights.invoke(asking("sleep", seconds=60)))
            await until(lambda: phases(flights) == [Phase.BUSY])
            await flights.crash()
            fault, after = told(await busy), told(await flights.invoke(asking("pid")))
        assert ("ExitError", True, False) == (fault, before != after, alive(before))


class TestLimits:
    @in_loop
    async def test_a_request_at_the_limit_and_beyond(self):
        """A request of exactly the limit reaches the handler; one byte more never does."""
        frame = len(asking("size", value=""))
        async with function() as flights:
            outcomes = [
                told(await flights.invoke(asking("size", value="x" * (size - frame))))
                for size in (PAYLOAD_LIMIT, PAYLOAD_LIMIT + 1)
            ]
        assert [PAYLOAD_LIMIT - frame, "RequestTooLarge"] == outcomes

    @in_loop
    async def test_a_response_at_the_limit_and_beyond(self):
        """A response of exactly the limit comes back; one byte more is a fault, and the next invocation recovers."""
        async with function(concurrency=1) as flights:
            whole = await flights.invoke(asking("fill", size=PAYLOAD_LIMIT))
            faults = [
                told(await flights.invoke(asking("fill", size=PAYLOAD_LIMIT + extra))) for extra in (1, 9_000_000)
            ]
            after = told(await flights.invoke(asking("calls")))
        assert (PAYLOAD_LIMIT, ["ResponseTooLarge"] * 2, 1) == (len(whole.payload), faults, after)

    @in_loop
    async def test_reserved_concurrency(self):
        """As many invocations as are reserved run side by side, each in its own process; one more is refused."""
        async with function(concurrency=2) as flights:
            running = [asyncio.create_task(flights.invoke(asking("sleep", seconds=0.3))) for _ in range(2)]
            await asyncio.sleep(0)
            refused = told(await flights.invoke(asking("pid")))
            outcomes = [told(await each) for each in running]
            processes = len(flights._environments)
        assert ("Throttled", [None, None], 2) == (refused, outcomes, processes)

    @in_loop
    async def test_one_environment_serves_a_closed_loop_without_refusal(self):
        """With one reserved environment, a caller that asks again as soon as it is answered is never refused."""
        async with function(concurrency=1) as flights:
            outcomes = [await flights.invoke(asking("calls")) for _ in range(300)]
        assert [Answer(b"%d" % count) for count in range(1, 301)] == outcomes

    @in_loop
    async def test_a_crowd(self):
        """Many callers over few environments each get their own answer or a refusal, from no more than those."""
        async with function(concurrency=3) as flights:

            async def caller(number):
                outcomes = [told(await flights.invoke(asking("echo", value=[number, turn]))) for turn in range(40)]
                return [(want, got) for want, got in enumerate(outcomes) if got not in ([number, want], "Throttled")]

            wrong = await asyncio.gather(*map(caller, range(5)))
            assert ([[]] * 5, True) == (wrong, len(flights._environments) <= 3)


class TestScaling:
    @in_loop
    async def test_a_waiting_request_takes_whatever_environment_is_free_first(self):
        """A request that made an environment start is served by one that was free before it had started."""
        async with function("sample.handler") as opened:
            await opened.start()
            busy = asyncio.create_task(opened.invoke(asking("sleep", seconds=0.02)))
            await until(lambda: phases(opened) == [Phase.BUSY])
            answer = await opened.invoke(asking("calls"))
            await busy
            assert (answer, len(phases(opened))) == (Answer(b"2"), 2)


class TestCallers:
    @in_loop
    async def test_a_caller_that_gives_up_on_an_invocation(self):
        """The invocation goes on and holds its place until it is done; the environment serves the next caller."""
        async with function(concurrency=1) as flights:
            before = told(await flights.invoke(asking("pid")))
            for _ in range(3):
                given_up = asyncio.create_task(flights.invoke(asking("sleep", seconds=0.1)))
                await until(lambda: phases(flights) == [Phase.BUSY])
                given_up.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await given_up
                refused = told(await flights.invoke(asking("pid")))
                await until(lambda: flights._in_flight == 0)
                assert ("Throttled", before) == (refused, told(await flights.invoke(asking("pid"))))

    @in_loop
    async def test_a_caller_that_gives_up_on_an_initialisation(self):
        """The environment is finished for the next caller, and the place is free at once."""
        async with function("slow.handler", environ={"SLOW_S": "0.3"}, concurrency=1) as flights:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(flights.invoke(b"{}"), 0.05)
            await until(lambda: flights._warm)
            outcome = told(await flights.invoke(b"{}"))
            assert (0, 1, True) == (flights._in_flight, len(flights._environments), isinstance(outcome, int))


class TestClosing:
    @in_loop
    async def test_nothing_is_left(self):
        """Closing kills the process and what it started."""
        async with function() as flights:
            pids = told(await flights.invoke(asking("spawn", escape=False)))
            assert [True, True] == [alive(pid) for pid in pids]
        await until(lambda: not any(map(alive, pids)))

    @in_loop
    async def test_what_escaped_does_not_hold_it_up(self):
        """A child that left the process's group and holds its output open does not keep the function from closing."""
        async with function() as flights:
            _, child = told(await flights.invoke(asking("spawn", escape=True)))
        assert (True, set()) == (alive(child), flights._tasks)
        os.kill(child, signal.SIGKILL)

    @in_loop
    async def test_closing_in_the_middle_of_things(self):
        """Closing while environments start and work ends them, and their callers are told."""
        flights = Function(config(concurrency=3))
        await flights.start()
        callers = [asyncio.create_task(flights.invoke(asking("sleep", seconds=60))) for _ in range(3)]
        await asyncio.sleep(0)
        await flights.close()
        outcomes = await asyncio.gather(*callers)
        assert {"ExitError"} == {outcome.kind for outcome in outcomes if isinstance(outcome, Fault)}
        assert (3, set()) == (len(outcomes), flights._environments)

    @in_loop
    async def test_a_closed_function_cannot_be_invoked(self):
        """What is closed stays closed."""
        async with function() as flights:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await flights.invoke(b"{}")
