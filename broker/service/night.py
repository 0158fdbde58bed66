"""Once a day, while the shop is closed, what is old goes: in a thread and on a connection of its own, in small steps.

Where a machine is switched off whenever the shop is closed there is no such night: then it is done while the shop is open.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from broker.desk import keeping
from broker.desk.keeping import Pruned
from broker.shop import Shop, open_shop
from broker.store import journal
from broker.store import keeping as stored
from broker.store.database import StoreError

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 20.0
QUIET_HOUR: Final = 4
"""The local hour for a shop that never closes."""
REST_SECONDS: Final = 0.02
"""Between two steps; and at least REST_TIMES as long as the step held the write lock."""
REST_TIMES: Final = 4
RAN: Final = "night"
"""The row of `kept_since` that says when this ran last, and up to what moment days were counted then."""
MOST_AT_ONCE: Final = timedelta(days=7)
"""Days are counted from no later than so long after the moment of the night before: a clock that was set a year ahead would take a
year of the shop away for good in one night, and so somebody has days to see it. A shop that was closed for longer catches up."""
LATE: Final = timedelta(days=2)
"""After so long without a night that came to its end it is done at any time of the day."""
LATE_SECONDS: Final = 3600.0
"""So long it must have been late: a clock that jumps makes everything late at once. And so often it is tried by day."""
STOP_SECONDS: Final = 5.0


class Night:
    """Starts retention when its time has come, and stops it when the shop opens before it is done."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = time.monotonic) -> None:
        """Look after *shop*; the first look is taken at once."""
        self._shop = shop
        self._ticks = ticks
        self._next_look = ticks()
        self._late_from: float | None = None
        self._ended = threading.Event()
        self._work: threading.Thread | None = None

    def turn(self) -> None:
        """Start what is due, if it is time to look."""
        ticks = self._ticks()
        if ticks < self._next_look or (self._work and self._work.is_alive()):
            return
        self._next_look = ticks + LOOK_SECONDS
        now = self._shop.clock()
        ran = stored.marks(self._shop.db).get(RAN)
        by_day = self._has_been_late(ticks, late(self._shop, now, ran))
        if ran is not None and self._shop.hours.business_day(ran.at) == self._shop.hours.business_day(now):
            return
        if by_day or quiet(self._shop, now):
            self._late_from = None
            self._work = threading.Thread(target=self._run, args=[by_day], name="night", daemon=True)
            self._work.start()

    def _has_been_late(self, ticks: float, is_late: bool) -> bool:
        self._late_from = None if not is_late else ticks if self._late_from is None else self._late_from
        return self._late_from is not None and ticks - self._late_from >= LATE_SECONDS

    def stop(self) -> None:
        """Let the step that runs end, and no other begin."""
        self._ended.set()
        if self._work:
            self._work.join(STOP_SECONDS)

    def wait(self, seconds: float) -> None:
        """Wait until what was started is done, at most so long."""
        if self._work:
            self._work.join(seconds)

    def _run(self, by_day: bool) -> None:
        try:
            shop = open_shop(self._shop.settings, create=False, clock=self._shop.clock)
        except StoreError as wrong:
            log.warning("what is old stays for now: %s", wrong)
            return
        try:
            self._prune(shop, by_day)
        except sqlite3.Error as wrong:
            log.warning("what is old stays for now: %s", wrong)
        finally:
            shop.db.conn.close()

    def _prune(self, shop: Shop, by_day: bool) -> None:
        def may() -> bool:
            return not self._ended.is_set() and (by_day or quiet(shop, shop.clock()))

        counted = _counted(shop)
        done = keeping.prune(shop, rest=lambda lock: self._rest(lock) or not may(), now=counted)
        if may():
            stored.mark(shop.db, RAN, counted, shop.hours.business_day(counted), shop.clock())
        log.info("%s", told(done))

    def _rest(self, lock: float) -> bool:
        return self._ended.wait(max(REST_SECONDS, REST_TIMES * lock))


def _counted(shop: Shop) -> datetime:
    """Return up to which moment days are counted now: a jump of the clock takes MOST_AT_ONCE of the shop, the first time too."""
    now, ran = shop.clock(), stored.marks(shop.db).get(RAN)
    first = _first(shop) if ran is None else None
    since = ran.since if ran else first or now
    if now <= since + MOST_AT_ONCE:
        return now
    log.warning(
        "the last night was that of %s: only what is too old by %d days after it goes. Is the clock right?",
        f"{shop.hours.business_day(since):%d %B %Y}", MOST_AT_ONCE.days,
    )  # fmt: skip
    return since + MOST_AT_ONCE


def _first(shop: Shop) -> datetime | None:
    """Return the moment of the first fact of the store, before which there was nothing."""
    return next((fact.at for fact in journal.after(shop.db, 0, limit=1)), None)


def late(shop: Shop, now: datetime, ran: stored.Mark | None) -> bool:
    """Return whether no night came to its end for LATE."""
    since = ran.at if ran else _first(shop)
    return since is not None and now - since > LATE


def quiet(shop: Shop, now: datetime) -> bool:
    """Return whether the shop is closed at *now*; one that never closes is quiet for an hour of the night."""
    if shop.hours.spans is None:
        return now.astimezone(shop.hours.zone).hour == QUIET_HOUR
    return not shop.hours.open_at(now)


def told(done: Pruned) -> str:
    """Return in words what went."""
    rows = ", ".join(f"{what} {gone:,}" for what, gone in done.gone.items() if gone)
    if not rows:
        return "retention: nothing was too old"
    return f"retention: took away {rows}; the longest step held the store for {done.longest_lock * 1000:.1f} ms"
