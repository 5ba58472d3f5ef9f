"""Leaves a daemon behind that has cut every tie, and hangs."""

import os
import sys
import time
from pathlib import Path

REPORT = Path(sys.argv[1])


def note():
    """Leave this process's number where the test looks for survivors."""
    (Path(os.environ["PIDS"]) / str(os.getpid())).touch()


def detach():
    """Start a process that is nobody's child, in a session of its own, without the environment that it was given."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note()
            sleeper = "import time; time.sleep(600)"
            os.execve(sys.executable, [sys.executable, "-I", "-c", sleeper], {})
        os._exit(0)
    os.wait()


note()
detach()
time.sleep(600)
