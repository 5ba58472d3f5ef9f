"""Forks a small tree of processes; all of them hang."""

import os
import sys
import time
from pathlib import Path

REPORT = Path(sys.argv[1])


def note():
    """Leave this process's number where the test looks for survivors."""
    (Path(os.environ["PIDS"]) / str(os.getpid())).touch()


note()
for _ in range(3):
    if os.fork() == 0:
        os.fork()
        note()
        break
time.sleep(600)
