"""Says `running`, and keeps the claim, for as long as somebody works on a task."""

from __future__ import annotations

import contextlib
import logging
import threading
from types import TracebackType
from typing import Self

from clearance.runtask.guard import Guard, place
from clearance.runtask.ports import Ports
from clearance.runtask.request import Request
from clearance.runtask.store import Claim, Store
from clearance.runtask.trouble import TroubleError

_log = logging.getLogger(__name__)


class Heart:
    """Beats in a thread of its own from the beginning of a block to its end; a beat that fails is not the last."""

    def __init__(self, request: Request, ports: Ports, store: Store, claim: Claim) -> None:
        self._request, self._ports, self._store, self._claim = request, ports, store, claim
        self._still = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._still.set()
        self._thread.join()

    def _beat(self) -> None:
        limits, clock = self._ports.limits, self._ports.clock
        # whoever takes over from a dead worker speaks up at once: that one may have been silent for long
        pause = 0.0 if self._claim.attempts > 1 else limits.heartbeat.total_seconds() / 2
        while not clock.pause(pause, self._still):
            pause = limits.heartbeat.total_seconds() / 2
            with Guard() as guard:
                if not self._store.renew(self._claim, clock.now(), limits.lease):
                    return  # another has taken over: what we say does not count any more
            with contextlib.suppress(TroubleError), guard:
                self._ports.terraform.running(self._request, "the gate is looking at it")
            if guard.error is not None:
                _log.warning("%s: a heartbeat failed: %s", self._claim.id, place(guard.error))
