"""The zones as lights of others read them: retained messages that follow the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from broker.contract.messages import Light
from broker.desk import lights as desk
from broker.desk.lights import Lit
from broker.shop import Shop
from broker.store import journal

LOOK_SECONDS: Final = 0.2
"""A light is this much late at most."""
AGAIN_SECONDS: Final = 10.0
"""While somebody waits it is said anew so often, for those that show for how long."""


class Lights:
    """Follows one shop and says of each zone how it is, when that has changed."""

    def __init__(self, shop: Shop, ticks: Callable[[], float] = time.monotonic) -> None:
        """Follow *shop*, from now on."""
        self._shop = shop
        self._ticks = ticks
        self._next_look = self._next_again = ticks()
        self._seen = -1
        self._connection = 0
        self._said: dict[str, Lit] = {}

    def turn(self, connection: int, say: Callable[[str, Light], bool]) -> None:
        """Say what has changed, if it is time, on the *connection* of that number; *say* returns whether it was taken."""
        now = self._ticks()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        again = now >= self._next_again
        newest = journal.last_id(self._shop.db)
        if connection != self._connection:
            # An MQTT broker that was started afresh has kept nothing.
            self._connection, self._said = connection, {}
        elif newest == self._seen and not again:
            return
        self._seen = newest
        if again:
            self._next_again = now + AGAIN_SECONDS
        for zone, lit in desk.lit(self._shop).items():
            if self._said.get(zone) == lit and not (again and lit.waiting):
                continue
            if say(zone, self._light(lit)):
                self._said[zone] = replace(lit)
            else:
                self._seen = -1

    def _light(self, lit: Lit) -> Light:
        ago = 0 if lit.since is None else max(0, int((self._shop.clock() - lit.since).total_seconds()))
        return Light.model_validate({"state": lit.state, "waiting": lit.waiting, "since": lit.since, "longest": ago})
