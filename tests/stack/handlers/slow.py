"""A handler whose initialisation takes as long as SLOW_S says, and then ends the process where SLOW_EXIT says so."""

import os
import time

time.sleep(float(os.environ["SLOW_S"]))
if "SLOW_EXIT" in os.environ:
    os._exit(int(os.environ["SLOW_EXIT"]))


def handler(_event, _context):
    """Say which process this is."""
    return os.getpid()
