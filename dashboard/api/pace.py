"""How often one key may ask: a bucket of requests that fills evenly over a minute."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

MOST_ASKERS: Final = 1_000
"""Keys and screens that are remembered; there are never so many at once."""
SECONDS: Final = 60.0


class Pace:
    """Counts what each asks for. One of a web process; a bucket holds what may be asked in a minute."""

    def __init__(self) -> None:
        """Begin with every bucket full."""
        self._left: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def wait(self, asker: str, a_minute: int, now: datetime) -> float:
        """Note one request of *asker* at *now* and return 0.0, or in how many seconds it may be made."""
        with self._lock:
            left, since = self._left.get(asker, (float(a_minute), now))
            left = min(float(a_minute), left + max(0.0, (now - since).total_seconds()) * a_minute / SECONDS)
            if len(self._left) >= MOST_ASKERS and asker not in self._left:
                self._left.clear()
            self._left[asker] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) * SECONDS / a_minute
