"""The laws of every store, held against a model: SQLite's with many histories, DynamoDB's stand-in with some."""

import itertools
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test

from clearance.runtask.dynamodb import DynamoStore
from clearance.runtask.nouns import Decided, Hold, Kept
from clearance.runtask.sqlite import SqliteStore
from clearance.runtask.store import Claim, Ending, Standing
from tests.runtask.aws_stand_in import account

BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(minutes=3)
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def dynamodb():
    with account() as there:
        yield there.dynamodb


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request, tmp_path):
    if request.param == "dynamodb":
        yield DynamoStore("runtask", request.getfixturevalue("dynamodb"))
        return
    made = SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def answer(text="fine"):
    return Decided(status="passed", message=text)


def task():
    return f"taskrs-{next(NUMBERS)}"


def test_one_claim_at_a_time(store):
    """Who has claimed a task has it alone until the lease ends; then another has it, and the first nothing more."""
    name = task()
    first = store.claim(name, BEGIN, LEASE)
    assert (1, BEGIN, None) == (first.attempts, first.first, first.decided)
    assert Standing.BUSY is store.claim(name, BEGIN + LEASE - timedelta(seconds=1), LEASE)
    second = store.claim(name, BEGIN + LEASE, LEASE)
    assert (2, BEGIN, None) == (second.attempts, second.first, second.decided)
    lost = (
        store.renew(first, BEGIN + LEASE, LEASE),
        store.settle(first, answer()),
        store.rest(first, BEGIN),
        store.end(first, Ending.DELIVERED, BEGIN),
    )
    assert (False, None, False, False) == lost
    assert answer("mine") == store.settle(second, answer("mine"))


def test_a_lease_is_renewed(store):
    """A renewed lease lasts from the moment of its renewal."""
    name = task()
    claim = store.claim(name, BEGIN, LEASE)
    assert store.renew(claim, BEGIN + LEASE, LEASE)
    assert Standing.BUSY is store.claim(name, BEGIN + LEASE * 1.5, LEASE)
    assert isinstance(store.claim(name, BEGIN + LEASE * 2, LEASE), Claim)


def test_the_first_answer_stands(store):
    """An answer that was settled is not replaced, and whoever takes over is given it."""
    name = task()
    claim = store.claim(name, BEGIN, LEASE)
    assert [answer("one"), answer("one")] == [store.settle(claim, answer(text)) for text in ("one", "two")]
    assert answer("one") == store.claim(name, BEGIN + LEASE, LEASE).decided


def test_what_has_ended_is_over(store):
    """A task that ended is never claimed again, and its claim counts no more."""
    name = task()
    claim = store.claim(name, BEGIN, LEASE)
    assert store.end(claim, Ending.DELIVERED, BEGIN)
    assert Standing.ENDED is store.claim(name, BEGIN + timedelta(days=30), LEASE)
    assert (False, None) == (store.renew(claim, BEGIN, LEASE), store.settle(claim, answer()))


def test_a_task_rests(store):
    """A task that was given back is left alone until its moment, and the attempts on it begin again."""
    name = task()
    claim = store.claim(name, BEGIN, LEASE)
    assert store.rest(claim, BEGIN + timedelta(minutes=2))
    assert Standing.RESTING is store.claim(name, BEGIN + timedelta(minutes=1), LEASE)
    assert not store.renew(claim, BEGIN, LEASE)
    again = store.claim(name, BEGIN + timedelta(minutes=2), LEASE)
    assert (1, BEGIN) == (again.attempts, again.first)


def test_what_is_remembered(store):
    """What was kept of a run, and of a workspace its hold and what was applied to it, is there as it was."""
    run, workspace = task(), task()
    hold = Hold(workspace_id=workspace, reason="“silent”", config_digest="sha256:1", run_id=run, since=BEGIN)
    assert (Kept(), None, ()) == (store.kept(run), store.hold(workspace), store.applied(workspace))
    store.release(workspace)
    store.keep(run, Kept(config_digest="sha256:1", plan_digest="hmac:2"))
    store.set_hold(hold)
    for digest in ("a", "b", "a"):
        store.add_applied(workspace, digest)
    assert Kept(config_digest="sha256:1", plan_digest="hmac:2") == store.kept(run)
    assert (hold, ("b", "a")) == (store.hold(workspace), store.applied(workspace))
    store.release(workspace)
    assert (None, ("b", "a")) == (store.hold(workspace), store.applied(workspace))


def test_many_claim_at_once(store):
    """Of many who claim a task at the same moment one has it."""
    name, claims = task(), []
    start = threading.Barrier(10)

    def claim():
        start.wait(30)
        claims.append(store.claim(name, BEGIN, LEASE))

    threads = [threading.Thread(target=claim) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] == [one.fence for one in claims if isinstance(one, Claim)]
    assert [Standing.BUSY] * 9 == [one for one in claims if not isinstance(one, Claim)]


def test_a_queue_of_what_was_asked(tmp_path):
    """What was asked is queued once, is due until it is claimed, and forgotten when it has ended."""
    store = SqliteStore(tmp_path / "store.sqlite")
    later = BEGIN + timedelta(seconds=1)
    assert [True, False, True] == [store.accept(name, b"sealed", BEGIN) for name in ("a", "a", "b")]
    claim = store.claim("a", later, LEASE)
    assert (("b",), ("a", "b")) == (store.due(later), store.due(later + LEASE))
    assert b"sealed" == store.sealed("a")
    store.end(claim, Ending.DELIVERED, later)
    assert (None, ("b",), False) == (store.sealed("a"), store.due(later + LEASE), store.accept("a", b"sealed", later))
    store.close()
    assert 0o600 == (tmp_path / "store.sqlite").stat().st_mode & 0o777


def test_claims_of_the_dead_are_adopted(tmp_path):
    """Whoever knows that nobody else is alive takes over at once, and the dead one's claim counts no more."""
    store = SqliteStore(tmp_path / "store.sqlite")
    store.accept("a", b"sealed", BEGIN)
    dead = store.claim("a", BEGIN, LEASE)
    assert (1, 0) == (store.adopt(), store.adopt())
    alive = store.claim("a", BEGIN, LEASE)
    assert (2, None, answer()) == (alive.attempts, store.settle(dead, answer("no")), store.settle(alive, answer()))
    store.end(alive, Ending.DELIVERED, BEGIN)
    assert 0 == store.adopt()
    store.close()


@dataclass
class Known:
    """What the model knows of a task."""

    first: datetime | None = None
    holder: int | None = None
    lease: datetime = BEGIN
    due: datetime = BEGIN
    attempts: int = 0
    decided: Decided | None = None
    ended: bool = False


class Histories(RuleBasedStateMachine):
    """Any order of claims, renewals, answers, rests and ends, with time that goes on."""

    claims = Bundle("claims")
    make = None

    @initialize()
    def begin(self):
        self.store, self.close = type(self).make()
        self.now, self.model, self.prefix = BEGIN, {}, task()

    def teardown(self):
        self.close()

    @rule(seconds=st.integers(0, 400))
    def time_goes_on(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(target=claims, name=st.sampled_from("ab"))
    def claim(self, name):
        known = self.model.setdefault(name, Known())
        found = self.store.claim(f"{self.prefix}{name}", self.now, LEASE)
        if known.ended:
            assert Standing.ENDED is found
        elif known.holder is not None and known.lease > self.now:
            assert Standing.BUSY is found
        elif known.due > self.now:
            assert Standing.RESTING is found
        else:
            known.first, known.attempts = known.first or self.now, known.attempts + 1
            known.holder, known.lease = found.fence, self.now + LEASE
            assert (known.first, known.attempts, known.decided) == (found.first, found.attempts, found.decided)
            return (name, found)
        return multiple()

    def mine(self, held):
        name, claim = held
        known = self.model[name]
        return known, known.holder == claim.fence and not known.ended

    @rule(held=claims)
    def renew(self, held):
        known, mine = self.mine(held)
        assert mine is self.store.renew(held[1], self.now, LEASE)
        if mine:
            known.lease = self.now + LEASE

    @rule(held=claims, text=st.sampled_from(["one", "two"]))
    def settle(self, held, text):
        known, mine = self.mine(held)
        if mine:
            known.decided = known.decided or answer(text)
        assert (known.decided if mine else None) == self.store.settle(held[1], answer(text))

    @rule(held=claims, seconds=st.integers(0, 400))
    def rest(self, held, seconds):
        known, mine = self.mine(held)
        until = self.now + timedelta(seconds=seconds)
        assert mine is self.store.rest(held[1], until)
        if mine:
            known.holder, known.due, known.attempts = None, until, 0

    @rule(held=claims)
    def end(self, held):
        known, mine = self.mine(held)
        assert mine is self.store.end(held[1], Ending.DELIVERED, self.now)
        known.ended = known.ended or mine


def test_every_history_in_sqlite():
    """Whatever happens in whatever order, SQLite's store does what the laws say."""

    def make():
        folder = tempfile.TemporaryDirectory()
        store = SqliteStore(Path(folder.name) / "store.sqlite")
        return store, lambda: (store.close(), folder.cleanup())

    machine = type("SqliteHistories", (Histories,), {"make": staticmethod(make)})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))


def test_some_histories_in_dynamodb(dynamodb):
    """Whatever happens in whatever order, DynamoDB's store does what the laws say."""

    def make():
        return DynamoStore("runtask", dynamodb), lambda: None

    machine = type("DynamoHistories", (Histories,), {"make": staticmethod(make)})
    unhurried = settings(
        max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(machine, settings=unhurried)
