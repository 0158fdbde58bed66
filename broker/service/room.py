"""Keeps an eye on the room for the store, so that the floor hears of a full disk while it can still be put right."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from broker.desk.devices import SERVICE
from broker.shop import Shop
from broker.store import devices, room
from broker.store.room import RoomState

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
MEGABYTE: Final = 1024 * 1024
_PRIMARY: Final = 0xFF
"""An extended result code carries the primary one in its lowest byte."""


class RoomWatch:
    """Says in the mark beside the store how much room there is, since when."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = time.monotonic) -> None:
        """Watch the directory of *shop*'s store; the mark is made at once, while there is room for it."""
        self._shop = shop
        self._ticks = ticks
        self._next_look = ticks()
        self._data = shop.settings.store.data
        self._state: RoomState | None = None
        self._marked = False
        self._failed_at: datetime | None = None
        self.turn()

    def turn(self) -> None:
        """Look, if it is time to."""
        if self._ticks() < self._next_look:
            return
        self._next_look = self._ticks() + LOOK_SECONDS
        if self._failed_at is not None:
            # Where the clock was set back nothing would be written after that moment for as long.
            self._failed_at = min(self._failed_at, self._shop.clock())
        if self._failed_at is not None and not self._written_since(self._failed_at):
            return
        if self._failed_at is not None:
            self._failed_at = None
            self._say(RoomState.ENOUGH)
        self._say(room.measured(self._data, self._shop.settings.health.free_megabytes * MEGABYTE).state)

    def failed(self, wrong: BaseException) -> None:
        """Hear of a write that failed: when it was for want of room, everybody is told until one has worked."""
        code: int | None = getattr(wrong, "sqlite_errorcode", None)
        if code is not None and code & _PRIMARY in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            self._failed_at = self._shop.clock()
            self._say(RoomState.FULL)

    def _written_since(self, at: datetime) -> bool:
        # The service writes every two seconds that it runs: nothing else shows that the store takes rows again.
        try:
            beat = devices.find(self._shop.db, SERVICE)
        except sqlite3.Error:
            return False
        return beat is not None and beat.heard_at > at

    def _say(self, state: RoomState) -> None:
        if state is self._state:
            if not self._marked:
                self._marked = room.mark(self._data, state, self._shop.clock())
            return
        if state is not RoomState.ENOUGH:
            log.error("room for the store is %s; make room beside %s", state, self._data)
        elif self._state not in (None, RoomState.ENOUGH):
            log.warning("there is room for the store again")
        self._state = state
        self._marked = room.mark(self._data, state, self._shop.clock())
