"""One way to open the store and one way to change it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import sqlite_utils

from broker.failpoints import passing
from broker.store.schema import migrations

BUSY_MILLISECONDS: Final = 10_000
"""How long a writer waits for another one; four processes write the same file."""

CACHED_KILOBYTES: Final = 256
"""Pages of the file that a connection keeps to itself; a web process has eight or so. The kernel has the file in memory anyway:
twice as much and eight times as much made no difference to the reports of a year, and larger caches took an hour to fill."""

ASKED_AT_ONCE: Final = 500
"""Values bound in one question."""


class StoreError(Exception):
    """The store cannot be opened. `hint` says what to do."""

    def __init__(self, text: str, *, hint: str) -> None:
        super().__init__(f"{text} {hint}")
        self.hint = hint


def open_store(path: Path | str, *, create: bool = True, migrate: bool = True) -> sqlite_utils.Database:
    """Open the store file at *path*, bring its schema up to date, and return it.

    Without *migrate* an earlier schema stays as it is: such a store can be copied, and nothing else be done with it.
    Write-ahead log and synchronous=FULL: what is committed survives a power cut. Raises StoreError for a file that is
    not a store, is damaged or was made by a later Greetline.
    """
    if not create and not Path(path).exists():
        raise StoreError(f"{path}: there is no store here.", hint="Start the shop once with `greetline up`.")
    try:
        connection = sqlite3.connect(str(path), isolation_level=None, timeout=BUSY_MILLISECONDS / 1000, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHED_KILOBYTES}")
        db = sqlite_utils.Database(connection)
        if _older(db, path) and migrate:
            # Two programs may start at once: the second waits for the write lock and then finds nothing to do.
            with change(db):
                migrations.apply(db)
    except (sqlite3.Error, OSError, ValueError) as wrong:  # A damaged page may hold what is no text.
        raise StoreError(
            f"{path}: the store cannot be opened: {wrong}.",
            hint="Check the path, the permissions and the free disk space; `greetline broker check` tells more.",
        ) from wrong
    return db


def _older(db: sqlite_utils.Database, path: Path | str) -> bool:
    applied = schema_of(db)
    later = applied - NAMES
    if later:
        raise StoreError(
            f"{path}: was written by a later Greetline ({', '.join(sorted(later))}).", hint="Install that version again."
        )
    return applied != NAMES


def is_older(path: Path) -> bool:
    """Return whether the store at *path* has rows in a schema before this one. Raises StoreError."""
    db = open_store(path, create=False, migrate=False)
    try:
        return bool(schema_of(db)) and schema_of(db) != NAMES
    finally:
        db.conn.close()


def schema_of(db: sqlite_utils.Database) -> frozenset[str]:
    """Return the names of the migrations that *db* has been through; none when it was just made."""
    return frozenset(done.name for done in migrations.applied(db))


NAMES: Final = frozenset(migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True)))
"""The migrations this version knows."""


_TURN: Final = threading.RLock()
"""Threads of one process wait for each other here, woken as soon as it is their turn. SQLite would let each of them sleep up
to 100 ms between two tries: with eight of them the slowest of a hundred tickets took four times as long."""


@contextmanager
def change(db: sqlite_utils.Database) -> Iterator[None]:
    """Run the block as one transaction that holds the write lock from its first line.

    We read before we write, so the lock comes first: without it two counters call the same ticket, and `db.atomic()`
    alone meets "database is locked".
    """
    connection = db.conn
    with _TURN:
        connection.execute("BEGIN IMMEDIATE")
        try:
            passing("change.begun")
            yield
            passing("change.written")
            connection.execute("COMMIT")
            passing("change.committed")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def parts(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield *names* in lists that fit one question: SQLite binds only so many values at once."""
    for begin in range(0, len(names), ASKED_AT_ONCE):
        yield list(names[begin : begin + ASKED_AT_ONCE])


def text(moment: datetime | None) -> str | None:
    """Return *moment* as the store writes it: UTC, fixed width, milliseconds, so that text order is time order."""
    return None if moment is None else _written(moment)


@lru_cache(maxsize=256)
def _written(moment: datetime) -> str:
    # Remembered, because one crossing writes the same few moments a dozen times, into rows, indexes and facts. Only the newest:
    # each that is remembered takes a quarter of a kilobyte, in every program.
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def moment(written: str | None) -> datetime | None:
    """Return the aware UTC moment that the store wrote as *written*."""
    return None if written is None else datetime.fromisoformat(written)
