"""The store of one machine, in a file of SQLite's: tasks with what was asked, sealed; runs; workspaces."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from clearance.runtask.nouns import Decided, Hold, Kept
from clearance.runtask.store import Claim, Ending, Standing, dumps, loads, moment, stamp

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
    id TEXT PRIMARY KEY, sealed BLOB, first INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0,
    lease INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    decided BLOB, ending TEXT, ended INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS open_task ON task (due) WHERE ending IS NULL;
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, kept BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hold (workspace TEXT PRIMARY KEY, hold BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS applied (
    number INTEGER PRIMARY KEY, workspace TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (workspace, digest)
) STRICT;
"""
_RENEW = "UPDATE task SET lease = ? WHERE id = ? AND fence = ? AND ending IS NULL"
_SETTLE = "UPDATE task SET decided = coalesce(decided, ?) WHERE id = ? AND fence = ? AND ending IS NULL"
_REST = (
    "UPDATE task SET due = ?, lease = 0, attempts = 0, fence = fence + 1 WHERE id = ? AND fence = ? AND ending IS NULL"
)
_END = "UPDATE task SET ending = ?, ended = ?, sealed = NULL WHERE id = ? AND fence = ? AND ending IS NULL"


class SqliteStore:
    """A store in one file, for any number of threads and processes; also the queue of what is to be worked on."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, timeout=60, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("PRAGMA secure_delete = ON")  # what was asked is gone once it is answered
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def adopt(self) -> int:
        """Let go of every claim, for who knows that nobody else is alive to hold one: how many there were."""
        with self._writing() as database:
            return database.execute("UPDATE task SET lease = 0 WHERE ending IS NULL AND lease > 0").rowcount

    def accept(self, task: str, sealed: bytes, now: datetime) -> bool:
        """Queue what was asked; False where it is there already."""
        with self._writing() as database:
            found = database.execute(
                "INSERT OR IGNORE INTO task (id, sealed, first) VALUES (?, ?, ?)", (task, sealed, stamp(now))
            )
            return found.rowcount == 1

    def due(self, now: datetime, most: int = 100) -> tuple[str, ...]:
        """Return tasks that can be claimed now, those that have waited longest first."""
        query = (
            "SELECT id FROM task WHERE ending IS NULL AND sealed IS NOT NULL AND due <= ? AND lease <= ? "
            "ORDER BY due, first, id LIMIT ?"
        )
        with self._lock:
            return tuple(row[0] for row in self._database.execute(query, (stamp(now), stamp(now), most)))

    def sealed(self, task: str) -> bytes | None:
        """Return what was asked, or None once it was answered."""
        with self._lock:
            row = self._database.execute("SELECT sealed FROM task WHERE id = ?", (task,)).fetchone()
        return row[0] if row else None

    def claim(self, task: str, now: datetime, lease: timedelta) -> Claim | Standing:
        """Claim a task, which need not be known yet."""
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO task (id, first) VALUES (?, ?)", (task, stamp(now)))
            query = "SELECT ending, lease, due, fence, attempts, first, decided FROM task WHERE id = ?"
            ending, held, due, fence, attempts, first, decided = database.execute(query, (task,)).fetchone()
            if ending is not None:
                return Standing.ENDED
            if held > stamp(now):
                return Standing.BUSY
            if due > stamp(now):
                return Standing.RESTING
            database.execute(
                "UPDATE task SET fence = fence + 1, attempts = attempts + 1, lease = ? WHERE id = ?",
                (stamp(now + lease), task),
            )
        answer = None if decided is None else loads(decided)
        return Claim(id=task, fence=fence + 1, attempts=attempts + 1, first=moment(first), decided=answer)

    def renew(self, claim: Claim, now: datetime, lease: timedelta) -> bool:
        """Lengthen the lease; False where the claim was lost."""
        return self._change(claim, _RENEW, stamp(now + lease))

    def settle(self, claim: Claim, decided: Decided) -> Decided | None:
        """Let an answer stand, unless one does already: return the one that stands, None where the claim was lost."""
        if not self._change(claim, _SETTLE, dumps(decided)):
            return None
        with self._lock:
            row = self._database.execute("SELECT decided FROM task WHERE id = ?", (claim.id,)).fetchone()
        return loads(row[0])

    def rest(self, claim: Claim, until: datetime) -> bool:
        """Give a task back in good order, to be claimed again from then on; False where the claim was lost."""
        return self._change(claim, _REST, stamp(until))

    def end(self, claim: Claim, ending: Ending, now: datetime) -> bool:
        """End a task, once its answer was sent, and forget what was asked; False where the claim was lost."""
        return self._change(claim, _END, ending.value, stamp(now))

    def kept(self, run_id: str) -> Kept:
        """Return what earlier stages left of a run."""
        with self._lock:
            row = self._database.execute("SELECT kept FROM run WHERE id = ?", (run_id,)).fetchone()
        return msgspec.json.decode(row[0], type=Kept) if row else Kept()

    def keep(self, run_id: str, kept: Kept) -> None:
        """Remember something of a run."""
        with self._writing() as database:
            database.execute("INSERT OR REPLACE INTO run (id, kept) VALUES (?, ?)", (run_id, msgspec.json.encode(kept)))

    def hold(self, workspace_id: str) -> Hold | None:
        """Return why a workspace's runs are held, or None."""
        with self._lock:
            row = self._database.execute("SELECT hold FROM hold WHERE workspace = ?", (workspace_id,)).fetchone()
        return msgspec.json.decode(row[0], type=Hold) if row else None

    def set_hold(self, hold: Hold) -> None:
        """Hold a workspace's runs."""
        with self._writing() as database:
            row = (hold.workspace_id, msgspec.json.encode(hold))
            database.execute("INSERT OR REPLACE INTO hold (workspace, hold) VALUES (?, ?)", row)

    def release(self, workspace_id: str) -> None:
        """Let a workspace's runs go on."""
        with self._writing() as database:
            database.execute("DELETE FROM hold WHERE workspace = ?", (workspace_id,))

    def applied(self, workspace_id: str) -> tuple[str, ...]:
        """Return the configurations that were applied to a workspace, the one that was last applied at the end."""
        query = "SELECT digest FROM applied WHERE workspace = ? ORDER BY number"
        with self._lock:
            return tuple(row[0] for row in self._database.execute(query, (workspace_id,)))

    def add_applied(self, workspace_id: str, config_digest: str) -> None:
        """Remember that a configuration was applied to a workspace."""
        with self._writing() as database:
            row = (workspace_id, config_digest)
            database.execute("DELETE FROM applied WHERE workspace = ? AND digest = ?", row)
            database.execute("INSERT INTO applied (workspace, digest) VALUES (?, ?)", row)

    def endings(self) -> dict[str, str | None]:
        """Return how each task ended, None where it has not."""
        with self._lock:
            return dict(self._database.execute("SELECT id, ending FROM task").fetchall())

    def _change(self, claim: Claim, statement: str, *values: object) -> bool:
        with self._writing() as database:
            found = database.execute(statement, (*values, claim.id, claim.fence))
            return found.rowcount == 1

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
