"""A handler that does what its event asks for, as well as what no handler should do."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_calls = []


def handler(event, context):
    """Do `event["do"]`, with the rest of the event as arguments."""
    _calls.append(event["do"])
    return DEEDS[event.pop("do")](context, **event)


def _raise(_context, message):
    raise ValueError(message)


def _context(context):
    return {
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "trace": os.environ["_X_AMZN_TRACE_ID"],
        "client": context.client_context and context.client_context.custom,
    }


def _spawn(_context, *, escape):
    child = subprocess.Popen(["sleep", "600"], start_new_session=escape)
    return [os.getpid(), child.pid]


def _exit_afterwards(_context):
    threading.Thread(target=lambda: (time.sleep(0.05), os._exit(5))).start()
    return os.getpid()


def _say(_context, *lines):
    for line in lines:
        print(line)
    sys.stderr.write("the end without a newline")


DEEDS = {
    "echo": lambda _context, value: value,
    "size": lambda _context, value: len(value),
    "fill": lambda _context, size: "x" * (size - 2),
    "raise": _raise,
    "sleep": lambda _context, seconds: time.sleep(seconds),
    "os_exit": lambda _context, status: os._exit(status),
    "sys_exit": lambda _context, status: sys.exit(status),
    "signal": lambda _context, number: os.kill(os.getpid(), number) or signal.pause(),
    "pid": lambda _context: os.getpid(),
    "calls": lambda _context: len(_calls),
    "environ": lambda _context: dict(os.environ),
    "directory": lambda _context: str(Path.cwd()),
    "context": _context,
    "spawn": _spawn,
    "exit_afterwards": _exit_afterwards,
    "say": lambda context, lines: _say(context, *lines),
    "response": lambda _context, **response: response,
}


def http(event, _context):
    """Answer an HTTP event with what its body asks for, or else with the event itself."""
    asked = json.loads(event["body"]) if event.get("body") and not event["isBase64Encoded"] else None
    if isinstance(asked, dict) and "do" in asked:
        return handler(asked, _context)
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}
