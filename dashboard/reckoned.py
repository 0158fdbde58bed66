"""The figures of the day, reckoned once for all the tablets that ask for them at the same moment."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import screens
from broker.shop import Shop
from broker.store.database import text

EXTENSION: Final = "greetline-reckoned"
"""Where an application keeps its own."""
SHARED_FOR: Final = timedelta(seconds=0.5)
"""A tablet asks 0.8 s and more after each visit that begins or ends (`floor/main.js`): the last it is given has that visit in."""


class Reckoned:
    """What `screens.today` said last: it looks at every visit of the day, some 10 ms for a thousand of them."""

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self._alone = threading.Lock()
        self._last: tuple[datetime, dict[str, Any]] | None = None

    def today(self, shop: Shop) -> dict[str, Any]:
        """Return `screens.today` of *shop*, as it was at most SHARED_FOR ago."""
        with self._alone:
            now = shop.clock()
            if self._last is None or abs(now - self._last[0]) > SHARED_FOR:
                self._last = now, screens.today(shop)
            return self._last[1] | {"now": text(now)}
