"""Connections to the store for the threads of a web process: few, used again, one request at a time on each."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import Final

from flask import current_app, g

from broker.settings import Settings
from broker.shop import Shop, now, open_shop
from broker.store.database import StoreError

KEPT_CONNECTIONS: Final = 8
"""Connections kept open between requests. Live screens hold none; more than these are closed after use."""


class Stores:
    """Lends out shops, each with a connection of its own; the one that has rested longest goes out first.

    All that are kept are there from the first request on. Opened one by one as requests happen to meet, they would make the
    program larger for days: each keeps half a megabyte or more.
    """

    def __init__(self, settings: Settings, like: Shop | None = None) -> None:
        """Lend shops of *settings*, with the clock of *like* if given."""
        self.settings = settings
        self._like = like
        self.clock = like.clock if like else now
        self._free: deque[Shop] = deque()
        self._begun = False
        self._lock = threading.Lock()

    def open(self) -> Shop:
        """Open a shop on a new connection, which belongs to the caller. Raises StoreError."""
        fresh = open_shop(self.settings, create=self._like is None)
        return replace(fresh, clock=self._like.clock) if self._like else fresh

    def borrow(self) -> Shop:
        """Return a shop that nobody else uses until it is given back. Raises StoreError."""
        with self._lock:
            if self._free:
                return self._free.popleft()
        lent = self.open()
        with self._lock:
            begins, self._begun = not self._begun, True
        # Those that cannot be opened now are opened when they are needed.
        with suppress(StoreError):
            for _ in range(KEPT_CONNECTIONS - 1 if begins else 0):
                self.give_back(self.open())
        return lent

    def give_back(self, shop: Shop) -> None:
        """Take a borrowed shop back."""
        with self._lock:
            if len(self._free) < KEPT_CONNECTIONS and not shop.db.conn.in_transaction:
                self._free.append(shop)
                return
        shop.db.conn.close()

    def close(self) -> None:
        """Close the connections that are not lent out."""
        with self._lock:
            free, self._free = self._free, deque()
        for shop in free:
            shop.db.conn.close()


def stores() -> Stores:
    """Return the connections of this web process."""
    found: Stores = current_app.extensions["greetline-stores"]
    return found


def current_shop() -> Shop:
    """Return the shop for this request, on a connection that is this request's alone until it ends."""
    if "shop" not in g:
        g.shop = stores().borrow()
    shop: Shop = g.shop
    return shop


def give_back_current(_: BaseException | None = None) -> None:
    """End of a request: take its connection back."""
    shop = g.pop("shop", None)
    if shop is not None:
        stores().give_back(shop)
