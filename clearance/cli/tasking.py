"""`clearance runtask serve`: the run task of Terraform Cloud, served from this machine until it is interrupted."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

from clearance.cli.trusting import need_library
from clearance.runner.environment import own_folder
from clearance.subject import find_root

_SHELF = "CLEARANCE_RUNTASK_SHELF"
_PORTS = range(65536)
_LOOK_S = 1.0  # a signal that comes just before a wait without an end does not end it


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add runtask, with its one verb so far."""
    parser = verbs.add_parser("runtask", help="hold the runs of Terraform Cloud until they are cleared")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = kinds.add_parser(
        "serve",
        help="receive and answer requests, on the loopback",
        description="Receive requests of Terraform Cloud on the loopback, decide, and call back. The address goes to "
        "standard output. CLEARANCE_RUNTASK_HMAC_KEY holds the key; docs/reference/run-task.md has each variable.",
        epilog="exit codes: 2 usage or policy; 130 interrupted, after what was being worked on was answered",
    )
    serve.add_argument("--port", type=_port, default=0, help="where to listen (default: any that is free)")
    serve.add_argument("--shelf", metavar="PLACE", help=f"a folder or s3://bucket/prefix (default: {_SHELF})")
    serve.add_argument("--state", metavar="DIR", help="where requests are kept (default: the project's own folder)")
    serve.add_argument("--workers", type=int, choices=range(1, 33), default=2, metavar="N", help="threads (default: 2)")
    serve.set_defaults(verb=_serve)


def _serve(options: argparse.Namespace) -> int:
    need_library()
    from clearance.runtask.machine import serving

    root = find_root(Path(os.environ.get("CLEARANCE_RUNTASK_PROJECT") or Path.cwd()))
    own = own_folder(root)
    shelf = options.shelf or os.environ.get(_SHELF) or str(own / "shelf")
    environ = {**os.environ, _SHELF: shelf, "CLEARANCE_RUNTASK_PROJECT": str(root)}
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("clearance.runtask").setLevel(logging.INFO)
    state = Path(options.state) if options.state else own / "runtask"
    with serving(environ, state, port=options.port, workers=options.workers) as service:
        print(service.url, flush=True)
        ended = threading.Event()
        while not ended.wait(_LOOK_S):
            pass
    return os.EX_OK


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number up to 65535")
    return int(text)
