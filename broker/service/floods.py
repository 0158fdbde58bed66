"""How much one device may say: a bucket each, so that one that has gone mad, or was stolen, keeps nobody else waiting.

What is above is passed over before it is read: not taken, not kept in `rejected`, and not acknowledged to the device. A camera
says it again from its spool until it is taken, so nothing of an honest one is lost; of one that floods nothing is left.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

BURST: Final = 20_000
"""Messages that one device may say at once: the spool of a long day, all of which the MQTT broker can hold for us."""
A_SECOND: Final = 200
"""And this many a second from then on; a door of a station has ten."""
REMEMBERED: Final = 1_000
"""Names remembered at a time; they come from outside and could be made up without end."""
_DEVICE_LEVEL: Final = 3


class Floods:
    """Counts what each device says, on a clock of seconds that only goes forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, burst: int = BURST, a_second: float = A_SECOND) -> None:
        """Begin with every bucket full."""
        self._clock, self._burst, self._a_second = clock, float(burst), a_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.passed_over = 0

    def allows(self, topic: str) -> bool:
        """Take note of one message on *topic* and return whether its device may still say it."""
        device, now = device_of(topic), self._clock()
        left, since = self._left.pop(device, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._a_second)
        allowed = left >= 1
        self._left[device] = (left - 1 if allowed else left, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if not allowed:
            self.passed_over += 1
        return allowed


def device_of(topic: str) -> str:
    """Return who speaks on *topic*, or "?" for what is no topic of ours."""
    levels = topic.split("/", _DEVICE_LEVEL + 2)
    return levels[_DEVICE_LEVEL][:32] if len(levels) == _DEVICE_LEVEL + 2 else "?"
