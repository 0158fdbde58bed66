"""Notices that the machine's clock was set, by a person or by the network, and not merely that time has passed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from broker.desk.clock_set import clock_set
from broker.shop import Shop

log = logging.getLogger(__name__)

JUMP_SECONDS: Final = 2.0
"""A clock that is put right bit by bit, as network time does it, moves by less between two looks."""


def since_boot() -> float:
    """Return seconds that no setting of the clock changes; those in which the machine slept count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Jumps:
    """Compares the shop's clock with one that cannot be set."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = since_boot) -> None:
        """Begin with the clock as it is now."""
        self._shop = shop
        self._ticks = ticks
        self._apart = self._look()

    def turn(self) -> bool:
        """Move what is going on along with a clock that was set; return whether it was. Look before anything is due."""
        apart = self._look()
        by = timedelta(milliseconds=round((apart - self._apart) * 1000))
        if jumped := abs(by.total_seconds()) > JUMP_SECONDS:
            moved = clock_set(self._shop, by)
            log.error("the clock of this machine was set by %+.1f s; %d who wait were moved along", by.total_seconds(), moved)
        self._apart = apart
        return jumped

    def _look(self) -> float:
        return self._shop.clock().timestamp() - self._ticks()
