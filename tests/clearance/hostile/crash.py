"""Reports, then is killed by a signal."""

import os
import signal
import sys
from pathlib import Path

REPORT = Path(sys.argv[1])


def note():
    """Leave this process's number where the test looks for survivors."""
    (Path(os.environ["PIDS"]) / str(os.getpid())).touch()


note()
REPORT.write_text("one")
os.kill(os.getpid(), signal.SIGSEGV)
