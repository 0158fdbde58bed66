"""The journal as it grows: one thread that notices a commit of any process within milliseconds and hands the facts on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlite_utils import Database

from broker.domain.facts import Fact
from broker.store import journal

LOOK_SECONDS: Final = 0.02
"""How often the tail looks whether somebody has committed: a counter in shared memory, not a query."""
RETRY_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class Tail:
    """Watches the journal on a connection and a thread of its own.

    *opened* makes the connection, in the thread and again after trouble; *tell* gets each batch of new facts, in order.
    """

    def __init__(self, opened: Callable[[], Database], tell: Callable[[list[Fact]], None]) -> None:
        self._opened = opened
        self._tell = tell
        self._ended = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)
        self._last: int | None = None

    def start(self) -> None:
        """Begin, with what is committed from now on."""
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """End the thread and wait for it, at most two seconds."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def behind(self, db: Database) -> int:
        """Return how many ids of the journal, as *db* sees it, were not told yet."""
        return 0 if self._last is None else max(0, journal.last_id(db) - self._last)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._watch(self._opened())
            except Exception:
                log.exception("the journal cannot be read; trying again in %.0f s", RETRY_SECONDS)
                self._ended.wait(RETRY_SECONDS)

    def _watch(self, db: Database) -> None:
        try:
            if self._last is None:
                self._last = journal.last_id(db)
            self._ready.set()
            seen = None
            while not self._ended.is_set():
                version = db.conn.execute("PRAGMA data_version").fetchone()[0]
                if version == seen:
                    self._ended.wait(LOOK_SECONDS)
                    continue
                self._read(db)
                seen = version
        finally:
            db.conn.close()

    def _read(self, db: Database) -> None:
        while facts := journal.after(db, self._last or 0):
            self._tell(facts)
            # Only what was told counts as read: after trouble the same facts come again, and a screen can bear that.
            self._last = facts[-1].id
