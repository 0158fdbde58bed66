"""The outbox of a camera box: an event stays in this SQLite file until the service says that it committed it.

An event's id is the file's own epoch (made with the file, random) and a number that is never used twice, not even after
the event is gone. When the disk takes no more, events wait in memory and are written down as soon as it does.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from broker.failpoints import passing

log = logging.getLogger(__name__)

MAX_EVENTS: Final = 200_000
"""Events in the file, about 100 MB: months of a busy door. Beyond it the oldest are dropped, and counted aloud."""
MAX_IN_MEMORY: Final = 1_000
"""Events in memory while the disk takes none. Beyond it the oldest are dropped, and counted aloud."""
OPEN_S: Final = 5.0
"""How long to wait for another process to let go of the file."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS spool (epoch TEXT NOT NULL, dropped INTEGER NOT NULL);
"""

Waiting = tuple[str, bytes]
"""An event's id and its payload."""


class SpoolError(Exception):
    """The spool cannot be used. The text says why and what to do."""


class Spool:
    """One outbox. Safe to use from several threads of one process; a second process is refused."""

    def __init__(self, path: Path, *, max_events: int = MAX_EVENTS) -> None:
        """Open the file at *path*, or make it. A damaged file is set aside. Raises SpoolError."""
        self._path = path
        self._size = 0
        self._dropped = 0
        self._max_events = max_events
        self._lock = threading.Lock()
        self._memory: deque[Waiting] = deque()
        self._memory_epoch = _epoch()
        self._memory_number = 0
        self.trouble = ""
        """Why events wait in memory; empty when all is well."""
        self._open()

    def append(self, write: Callable[[str], bytes]) -> str:
        """Keep the event whose payload *write* returns for its new id, durably; return the id."""
        with self._lock:
            try:
                return self._append(write)
            except sqlite3.Error as wrong:
                return self._append_in_memory(write, wrong)

    def oldest(self, limit: int) -> list[Waiting]:
        """Return at most *limit* events that wait, oldest first."""
        with self._lock:
            rows = self._db.execute("SELECT id, payload FROM events ORDER BY number LIMIT ?", (limit,)).fetchall()
            return [*rows, *self._memory][:limit]

    def forget(self, ids: Iterable[str]) -> None:
        """The service has committed *ids*: they need not be kept. Ids that are not here are passed over."""
        gone = set(ids)
        with self._lock:
            self._memory = deque(event for event in self._memory if event[0] not in gone)
            try:
                with self._change():
                    done = self._db.executemany("DELETE FROM events WHERE id = ?", [(one,) for one in gone]).rowcount
                    passing("spool.forgetting")
                passing("spool.forgot")
                self._size -= done
            except sqlite3.Error as wrong:
                # They are sent again and acknowledged again: the service knows them by their ids.
                log.warning("the spool could not forget %d events: %s", len(gone), wrong)

    def settle(self) -> None:
        """Write down what waits in memory, if the disk takes it again; or see that it does when nothing waits there any more."""
        with self._lock:
            if not self._memory and not self.trouble:
                return
            try:
                with self._change():
                    self._write_memory_down()
                    self._db.execute("UPDATE spool SET dropped = dropped")
            except sqlite3.Error as wrong:
                self._trouble(wrong)
            else:
                self._size += len(self._memory)
                self._recovered()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __len__(self) -> int:
        """How many events wait."""
        return self._size + len(self._memory)

    @property
    def dropped(self) -> int:
        """How many events were dropped unsent since the file was made, because too many waited."""
        return self._dropped

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connect()
        except OSError as wrong:
            raise SpoolError(f"the spool {self._path} cannot be made: {wrong.strerror}. Give --spool PATH.") from None
        except sqlite3.OperationalError as wrong:
            raise SpoolError(self._refusal(wrong)) from None
        except sqlite3.DatabaseError as wrong:
            self._set_aside(wrong)
            self._db = self._connect()

    def _refusal(self, wrong: sqlite3.Error) -> str:
        if "locked" in str(wrong):
            return f"the spool {self._path} is in use: this camera is already being watched by another process."
        return f"the spool {self._path} cannot be opened: {wrong}. Give --spool PATH on a disk with room."

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=OPEN_S, isolation_level=None, check_same_thread=False)
        try:
            # One process alone, kept for as long as it lives: two would number their events alike.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if (health := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(health)
            db.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")
            if db.execute("SELECT count(*) FROM spool").fetchone()[0] == 0:
                db.execute("INSERT INTO spool VALUES (?, 0)", (_epoch(),))
            self._epoch, self._dropped = db.execute("SELECT epoch, dropped FROM spool").fetchone()
            self._size = db.execute("SELECT count(*) FROM events").fetchone()[0]
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self, wrong: sqlite3.Error) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged-{_epoch()}")
        log.error("the spool %s is damaged (%s); it is kept as %s and a new one begun", self._path, wrong, aside.name)
        self._path.rename(aside)
        for ending in ("-wal", "-shm"):
            beside = self._path.with_name(self._path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))

    def _change(self) -> _Change:
        return _Change(self._db)

    def _append(self, write: Callable[[str], bytes]) -> str:
        with self._change():
            passing("spool.begun")
            self._write_memory_down()
            number = self._db.execute("INSERT INTO events (id, payload) VALUES ('', x'')").lastrowid
            name = f"{self._epoch}-{number}"
            self._db.execute("UPDATE events SET id = ?, payload = ? WHERE number = ?", (name, write(name), number))
            dropped = self._make_room(self._size + len(self._memory) + 1)
            passing("spool.written")
        passing("spool.kept")
        self._size += 1 + len(self._memory) - dropped
        self._count_dropped(dropped)
        self._recovered()
        return name

    def _write_memory_down(self) -> None:
        self._db.executemany("INSERT INTO events (id, payload) VALUES (?, ?)", self._memory)

    def _make_room(self, size: int) -> int:
        over = max(0, size - self._max_events)
        if over:
            self._db.execute("DELETE FROM events WHERE number IN (SELECT number FROM events ORDER BY number LIMIT ?)", (over,))
            self._db.execute("UPDATE spool SET dropped = dropped + ?", (over,))
        return over

    def _count_dropped(self, events: int) -> None:
        before, self._dropped = self._dropped, self._dropped + events
        # Aloud at the first, the tenth, the hundredth...: a log that fills the disk would help nobody.
        if self._dropped and (not before or len(str(before)) < len(str(self._dropped))):
            log.error("too many events wait for the service: the oldest are lost, %d so far", self._dropped)

    def _append_in_memory(self, write: Callable[[str], bytes], wrong: sqlite3.Error) -> str:
        self._trouble(wrong)
        self._memory_number += 1
        name = f"{self._memory_epoch}-{self._memory_number}"
        self._memory.append((name, write(name)))
        if len(self._memory) > MAX_IN_MEMORY:
            self._memory.popleft()
            self._count_dropped(1)
        return name

    def _trouble(self, wrong: sqlite3.Error) -> None:
        if not self.trouble:
            log.error("the spool %s takes no event (%s): they wait in memory", self._path, wrong)
        self.trouble = f"events wait in memory, a power cut would lose them: {wrong}"

    def _recovered(self) -> None:
        self._memory.clear()
        if self.trouble:
            log.info("the spool %s takes events again", self._path)
        self.trouble = ""


class _Change:
    """A transaction that took the write lock first."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise
        else:
            self._roll_back()

    def _roll_back(self) -> None:
        # A full disk has rolled it back already.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _epoch() -> str:
    return secrets.token_hex(4)
