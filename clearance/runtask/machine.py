"""Puts the service of one machine together from the environment and a folder of its own.

CLEARANCE_RUNTASK_HMAC_KEY is the key that requests are signed with, CLEARANCE_RUNTASK_HMAC_KEY_PREVIOUS the one before
it while it is replaced; `compose` has the other variables.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from clearance.model import ClearanceError
from clearance.runtask.compose import PREFIX, ports_of
from clearance.runtask.seal_local import LocalSeal
from clearance.runtask.serve import Service
from clearance.runtask.signature import KeyMissingError, Keys
from clearance.runtask.sqlite import SqliteStore

KEY, PREVIOUS = f"{PREFIX}HMAC_KEY", f"{PREFIX}HMAC_KEY_PREVIOUS"
_PLAN_KEY_BYTES = 32
_log = logging.getLogger(__name__)


def keys_of(environ: Mapping[str, str]) -> Keys:
    """Read the keys. Raises ClearanceError where the key is not set, or one of them is empty."""
    try:
        previous = environ.get(PREVIOUS)
        return Keys(current=environ.get(KEY, "").encode(), previous=None if previous is None else previous.encode())
    except KeyMissingError as error:
        raise ClearanceError(
            f"{KEY}, or {PREVIOUS}, is empty: everybody could send requests", "set it to the task's HMAC key"
        ) from error


@contextlib.contextmanager
def serving(environ: Mapping[str, str], state: Path, *, port: int, workers: int) -> Iterator[Service]:
    """Serve while the block lasts; `state` is a folder that this service has alone. Raises ClearanceError."""
    keys = keys_of(environ)
    with contextlib.ExitStack() as stack:
        _alone(state, stack)
        store = SqliteStore(state / "store.sqlite")
        stack.callback(store.close)
        if orphans := store.adopt():
            _log.warning("%s of a service that ended in the middle are taken over", f"{orphans:,} requests")
        ports = ports_of(environ, store, _plan_key(state / "plan.key"))
        stack.callback(ports.inspection.close)
        try:
            service = Service(keys=keys, store=store, seal=LocalSeal(keys), ports=ports, port=port, workers=workers)
        except OSError as error:
            raise ClearanceError(f"port {port} cannot be listened on: {error.strerror}", "choose another") from error
        service.start()
        stack.callback(service.stop)
        yield service


def _alone(state: Path, stack: contextlib.ExitStack) -> None:
    """Hold the folder's lock until the end: two services would not know of each other's threads."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = stack.enter_context((state / "lock").open("a"))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ClearanceError(f"another run task serves from {state}", "stop it, or name another --state") from error
    except OSError as error:
        raise ClearanceError(f"{state} cannot be written: {error.strerror}", "name another --state") from error


def _plan_key(file: Path) -> bytes:
    """Return the key of the plans' digests, made once for a folder: who has a digest can't try out plans."""
    with contextlib.suppress(FileExistsError):
        made = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(made, "wb") as new:
            new.write(secrets.token_bytes(_PLAN_KEY_BYTES))
    key = file.read_bytes()
    if len(key) != _PLAN_KEY_BYTES:
        raise ClearanceError(
            f"{file} is damaged", "delete it: runs that were planned meanwhile have to be planned again"
        )
    return key
