"""Keeps the write-ahead log from being begun anew before all of it was read, and lets it be when it was.

Whoever reads the store keeps others from writing over the log. Two connections read in turn: the next one begins before the one
before ends. A connection that begins when all of the log is in the store needs nothing of it, so the log may be
begun anew under it: once, and only from just there, since under it no further page goes from the log into the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

TURN_SECONDS: Final = 2.0
"""How long we wait for the write lock; then the log is left to grow until the next try."""


class Busy(Exception):
    """Somebody else writes and does not end."""


class LogHold:
    """Holds the log of the store at *path*. Not for several threads but `let_go`, which any may call."""

    def __init__(self, path: Path) -> None:
        """Open the store, which must be there; nothing is held yet. Raises sqlite3.Error."""
        self._reads, self._spare, self._writes = (self._opened(path) for _ in range(3))
        self._let_go = False

    @property
    def lost(self) -> bool:
        """Whether the log is held no longer, or was let go of by somebody who could not wait: what came since may be gone."""
        return self._let_go or not self._reads.in_transaction

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        # No checkpoint when we are the last to leave would be better, but that can only be said from Python 3.12 on.
        return sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=TURN_SECONDS, check_same_thread=False
        )

    @property
    def page_bytes(self) -> int:
        """Bytes of a page of the store."""
        return int(self._writes.execute("PRAGMA page_size").fetchone()[0])

    def take(self) -> None:
        """Hold the log as it stands now, too."""
        self._reads, self._spare = self._spare, self._reads
        _begin(self._reads)

    def leave(self) -> None:
        """Hold it no longer as it stood before the last `take`."""
        _end(self._spare)

    def give_back(self) -> None:
        """Undo the last `take`: hold the log as it stood before."""
        _end(self._reads)
        self._reads, self._spare = self._spare, self._reads

    def let_go(self) -> None:
        """Hold nothing: from now on the log may be written over."""
        self._let_go = True
        for connection in (self._reads, self._spare):
            with suppress(sqlite3.Error):
                _end(connection)

    def copy_into_store(self) -> int:
        """Bring the pages of the log into the store, as far as nobody is in the way; nobody has to wait for it.

        Return how many frames of the log everybody knows of: whoever commits writes to the log first and says so afterwards.
        """
        return int(self._spare.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody write while the block runs. Raises Busy."""
        try:
            self._writes.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as wrong:
            raise Busy(str(wrong)) from None
        try:
            yield
        finally:
            self._writes.execute("ROLLBACK")

    def renew(self) -> None:
        """Bring all of the log into the store, and hold it such that it may be begun anew. Only while `alone`."""
        _end(self._reads)
        self._reads.execute("PRAGMA wal_checkpoint(PASSIVE)")
        _begin(self._reads)

    def close(self) -> None:
        """Hold nothing and close the store."""
        for connection in (self._reads, self._spare, self._writes):
            connection.close()


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()


def _end(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
