"""An archive of a small store, with what the store was at each moment written down by who changed it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from broker.store import archive, rewind
from broker.store.archiver import Ages, Archiver, Limits
from tests.service.parts import wait_until

BEGAN = 1_795_356_000_000
"""Milliseconds; a Sunday in November."""
PLENTY = Limits(most_bytes=10**9, keep_ms=10**10)
Rows = dict[str, list[tuple[Any, ...]]]


def small_store(path: Path) -> sqlite3.Connection:
    """Make a store of two tables at *path*; return a connection to it."""
    connection = joined(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY, body TEXT)")
    connection.execute("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, n INTEGER)")
    return connection


def joined(path: Path) -> sqlite3.Connection:
    """Return one more connection to the store at *path*."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)


def everything(path: Path) -> Rows:
    """Return every row of every table of the store at *path*, which must be sound."""
    with closing(joined(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()]
        return {name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


class Kept:
    """An archiver that a test turns by hand, each time a second later; it is begun anew when it says that it must."""

    def __init__(self, store: Path, folder: Path, limits: Limits = PLENTY) -> None:
        self.store, self.folder, self.limits = store, folder, limits
        folder.mkdir(exist_ok=True)
        self.now = BEGAN
        self.ages = Ages()
        self.archiver: Archiver | None = None
        self.taken_up: list[bool] = []

    def begin(self) -> Archiver:
        """Begin, as the program does."""
        self.now += 1000
        self.archiver = Archiver(self.store, self.folder, self.limits, self.ages)
        self.taken_up.append(self.archiver.begin(self.now))
        return self.archiver

    def turn(self) -> int:
        """Let a second pass and turn; return the moment."""
        self.now += 1000
        (self.archiver or self.begin()).turn(self.now)
        return self.now

    def founded(self) -> int:
        """Turn until a copy of the store is there; return the moment of the last turn."""
        archiver = self.archiver or self.begin()

        def there() -> bool:
            self.turn()
            return archiver.founded and not archiver.copying

        wait_until(there)
        return self.now

    def end(self) -> None:
        """Stop, and let a copy that is being made end."""
        if self.archiver:
            self.archiver.close()
            for thread in threading.enumerate():
                if thread.name == "copy":
                    thread.join(20)
        self.archiver = None

    def at(self, moment: int, target: Path) -> Rows:
        """Return all rows of the store as it was at *moment*."""
        target.unlink(missing_ok=True)
        rewind.rewind(self.folder, archive.as_moment(moment), target)
        return everything(target)
