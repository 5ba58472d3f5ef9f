"""Leaves something in place of a report that is none, by the name of the second argument."""

import os
import shutil
import socket
import sys
import time
from pathlib import Path

REPORT = Path(sys.argv[1])


def note():
    """Leave this process's number where the test looks for survivors."""
    (Path(os.environ["PIDS"]) / str(os.getpid())).touch()


note()
KIND = sys.argv[2]
ELSEWHERE = REPORT.parent.parent / "elsewhere"
ELSEWHERE.mkdir(exist_ok=True)
(ELSEWHERE / REPORT.name).write_text("one")
if KIND == "link":
    REPORT.symlink_to(ELSEWHERE / REPORT.name)
elif KIND == "dangling link":
    REPORT.symlink_to("/nowhere/at/all")
elif KIND == "hard link":
    REPORT.hardlink_to(ELSEWHERE / REPORT.name)
elif KIND == "pipe":
    os.mkfifo(REPORT)
elif KIND == "folder":
    REPORT.mkdir()
elif KIND == "socket":
    os.chdir(REPORT.parent)
    socket.socket(socket.AF_UNIX).bind(REPORT.name)
elif KIND == "device":
    REPORT.symlink_to("/dev/zero")
elif KIND == "huge":
    REPORT.touch()
    os.truncate(REPORT, 200_000_000)
elif KIND == "empty":
    REPORT.touch()
elif KIND == "yesterday's":
    REPORT.write_text("one")
    yesterday = time.time() - 86_400
    os.utime(REPORT, (yesterday, yesterday))
elif KIND == "linked folder":
    REPORT.parent.rmdir()
    REPORT.parent.symlink_to(ELSEWHERE)
elif KIND == "no folder":
    shutil.rmtree(REPORT.parent)
