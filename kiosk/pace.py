"""How many tickets one screen gives in a minute: somebody who plays with it must not fill the queue."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import Final

WINDOW_SECONDS: Final = 60.0
MOST_SCREENS: Final = 1_000
"""Screens that are remembered; more are never paired."""


class Pace:
    """Counts what each screen asked for in the last minute. One of a web process."""

    def __init__(self, most: int) -> None:
        """Allow *most* in a minute."""
        self.most = most
        self._asked: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allows(self, screen: str) -> bool:
        """Take note of one more of *screen*'s and return whether it is not too many."""
        now = monotonic()
        with self._lock:
            if len(self._asked) >= MOST_SCREENS:
                self._asked.clear()
            asked = self._asked.setdefault(screen, deque(maxlen=self.most))
            while asked and now - asked[0] > WINDOW_SECONDS:
                asked.popleft()
            if len(asked) >= self.most:
                return False
            asked.append(now)
            return True
