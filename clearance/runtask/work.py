"""Answers one request: gathers, says `running` meanwhile, decides, and calls back, whatever happens.

Its laws: a task is worked on by whoever holds its claim; the answer is settled in the store before it is sent, so that
whoever takes over after a crash sends the same; what goes wrong with us is an answer too, `failed` with a reason; and
what can't be delivered is tried again until Terraform Cloud has given up on it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from clearance.model import ClearanceError
from clearance.render.outcomes import escaped
from clearance.runtask.gathering import gather
from clearance.runtask.guard import Guard, place
from clearance.runtask.heart import Heart
from clearance.runtask.nouns import Decided, Kept, Materials, Waiting
from clearance.runtask.ports import Line, Ports
from clearance.runtask.request import Request, RunStage
from clearance.runtask.store import MOST_ATTEMPTS, Claim, Ending, Standing, Store
from clearance.runtask.trouble import AnsweredBeforeError, TroubleError, UnreachableError

_log = logging.getLogger(__name__)
_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The task rests, and is to be worked on again after a while."""

    after: timedelta


Done = Again | Ending | Standing


def work(request: Request, ports: Ports, store: Store) -> Done:
    """Go one step with a request: to its end, or until it rests; a Standing where there is nothing to be done."""
    claim = store.claim(request.task_result_id, ports.clock.now(), ports.limits.lease)
    if isinstance(claim, Standing):
        return claim
    with Heart(request, ports, store, claim):
        answer = claim.decided or _answer(request, ports, claim)
        if isinstance(answer, Waiting):
            return _rest(request, ports, store, claim, answer)
        return _settle(request, ports, store, claim, answer)


def give_up(request: Request, line: Line, store: Store, why: str = "see the log of the worker") -> Done:
    """End a task that nobody could work on: `failed`, unless it was answered."""
    claim = store.claim(request.task_result_id, line.clock.now(), line.limits.lease)
    if isinstance(claim, Standing):
        return claim
    answer = claim.decided or _failed(f"nobody could look at it: {why}")
    return _settle(request, line, store, claim, answer)


def _answer(request: Request, ports: Ports, claim: Claim) -> Decided | Waiting:
    if claim.attempts > MOST_ATTEMPTS:
        return _failed(f"{claim.attempts - 1} attempts to look at it ended without an answer")
    now = ports.clock.now()
    if request.created_at is not None and now - request.created_at > ports.limits.oldest:
        return _failed(f"the run is older than {ports.limits.oldest.days} days: queue it anew")
    age = now - claim.first
    if age > ports.limits.total:
        return _failed(f"it took longer than {ports.limits.total.total_seconds() / 60:.0f} minutes")
    with Guard() as guard:
        materials = gather(
            request, ports, waited=age >= min(ports.limits.evidence, ports.library.policy().runtask.wait)
        )
        answer = ports.decide(request, materials)
        _remember(request, ports, materials, answer)
        return answer
    return _fault(claim, guard.error)


def _fault(claim: Claim, error: Exception | None) -> Decided:
    if isinstance(error, ClearanceError | TroubleError):
        hint = getattr(error, "hint", "")
        return _failed(f"{error}; {hint}" if hint else str(error))
    where = place(error) if error else "no answer"
    _log.error("%s: a fault of Clearance: %s", claim.id, where)
    return _failed(f"a fault of Clearance, please report it: {where}")


def _failed(why: str) -> Decided:
    return Decided(status="failed", message=f"The gate could not decide, so the answer is no: {escaped(why, 800)}")


def _remember(request: Request, ports: Ports, materials: Materials, answer: Decided | Waiting) -> None:
    """Keep what later stages need, before anybody hears the answer; doing it twice changes nothing."""
    learnt = answer.kept if isinstance(answer, Decided) and answer.kept is not None else Kept()
    kept = Kept(
        config_digest=learnt.config_digest or materials.config_digest or materials.kept.config_digest,
        plan_digest=learnt.plan_digest or materials.kept.plan_digest,
    )
    if kept != materials.kept:
        ports.memory.keep(request.run_id, kept)
    if not isinstance(answer, Decided) or request.stage is not RunStage.POST_APPLY:
        return
    if answer.hold is not None:  # what left the API broken is nothing to roll back to
        ports.memory.set_hold(answer.hold)
    elif kept.config_digest is not None:
        ports.memory.add_applied(request.workspace_id, kept.config_digest)
    if answer.release:
        ports.memory.release(request.workspace_id)


def _rest(request: Request, ports: Ports, store: Store, claim: Claim, waiting: Waiting) -> Again | Standing:
    with Guard() as guard:
        ports.terraform.running(request, waiting.message)
    if guard.error is not None:
        _log.warning("%s: a heartbeat failed: %s", claim.id, place(guard.error))
    after = ports.limits.heartbeat * 0.9
    # the store's moment is earlier, so that whoever comes back then finds it awake on any clock
    return Again(after=after) if store.rest(claim, ports.clock.now() + after * 0.75) else Standing.BUSY


def _settle(request: Request, line: Line, store: Store, claim: Claim, answer: Decided) -> Done:
    standing = store.settle(claim, answer)
    if standing is None:
        return Standing.BUSY
    ending = _deliver(request, line, claim, standing)
    if ending is None:
        return Again(after=_AGAIN) if store.rest(claim, line.clock.now() + _AGAIN * 0.75) else Standing.BUSY
    store.end(claim, ending, line.clock.now())
    level = logging.ERROR if ending is Ending.UNDELIVERABLE else logging.INFO
    _log.log(level, "%s: %s of %s %s, %s", claim.id, request.stage, request.run_id, standing.status, ending.value)
    return ending


def _deliver(request: Request, line: Line, claim: Claim, decided: Decided) -> Ending | None:
    """Send the answer; None where it may be sent later."""
    try:
        line.terraform.finish(request, decided)
    except AnsweredBeforeError:
        return Ending.ANSWERED_BEFORE
    except UnreachableError as error:
        _log.warning("%s: %s", claim.id, error)
        late = line.clock.now() - claim.first > line.limits.total
        return Ending.UNDELIVERABLE if late else None
    except TroubleError as error:
        _log.warning("%s: %s", claim.id, error)
        return Ending.UNDELIVERABLE
    return Ending.DELIVERED
