"""Say the same thing seldom: a device that sends nonsense must not fill the log with it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

REMEMBERED_KEYS: Final = 1_000
"""Keys remembered at a time; names come from outside and could be made up without end."""


class Seldom:
    """For each key, lets one through every *seconds* and counts the rest."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing said."""
        self._seconds = seconds
        self._clock = clock
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def due(self, key: str) -> int:
        """Return 0 when *key* was let through lately, else 1 + the number held back since."""
        now = self._clock()
        at, held_back = self._said.pop(key, (None, 0))
        if at is not None and now - at < self._seconds:
            self._said[key] = (at, held_back + 1)
            return 0
        self._said[key] = (now, 0)
        if len(self._said) > REMEMBERED_KEYS:
            self._said.popitem(last=False)
        return 1 + held_back
