"""What the clock owes: visits that turn amber and red, alerts that climb, pauses that end, devices that fell silent.

The moments stand in the store, so a restart forgets none; every look at them is a question to an index.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import counters, devices, finished, holds, own_page, prospects, queues, tickets, visits, zones
from broker.shop import Shop
from broker.store import alerts as stored_alerts
from broker.store import areas as stored_areas

LOOK_SECONDS: Final = 0.1
"""Screens change the store too, so the next moment is looked up this often; a tablet is red this much late at most."""
SLOW_LOOK_SECONDS: Final = 1.0
"""For what is promised by the minute: pauses, silent devices, closing time."""


class Deadlines:
    """Runs what is due, as often as it must and no oftener."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = time.monotonic) -> None:
        """Run the deadlines of *shop*, the first time at once."""
        self._shop = shop
        self._ticks = ticks
        self._next_look = self._next_slow_look = ticks()

    def wait_seconds(self) -> float:
        """Return how long nothing need be looked at."""
        return max(0.0, self._next_look - self._ticks())

    def turn(self) -> int:
        """Run what is due if it is time to look. Return how many moves were made."""
        now = self._ticks()
        if now < self._next_look:
            return 0
        # The next look is set when this one is done: a deadline that cannot be kept is tried again at once, not passed over.
        made = self._quick()
        if now >= self._next_slow_look:
            made += self._slow()
            self._next_slow_look = now + SLOW_LOOK_SECONDS
        self._next_look = now + LOOK_SECONDS
        return made

    def _quick(self) -> int:
        shop, now, made = self._shop, self._shop.clock(), 0
        # Looking needs no write lock; four other processes want it too.
        due = visits.next_due(shop)
        if due is not None and due <= now:
            made += visits.run_due(shop)
        due = stored_alerts.next_due(shop.db)
        if due is not None and due <= now:
            made += desk_alerts.run_due(shop)
        due = tickets.next_due(shop)
        if due is not None and due <= now:
            made += tickets.run_due(shop)
        due = stored_areas.next_due(shop.db)
        if due is not None and due <= now:
            made += queues.run_due(shop)
        return made

    def _slow(self) -> int:
        shop = self._shop
        made = zones.run_due(shop) + devices.run_silent(shop) + visits.run_closing(shop) + queues.look(shop)
        if shop.settings.services:
            made += tickets.run_closing(shop) + counters.run_pauses(shop) + counters.run_closing(shop) + holds.run_due(shop)
            own_page.forget_pages(shop)
            prospects.learn(shop)
        finished.finish(shop)
        return made
