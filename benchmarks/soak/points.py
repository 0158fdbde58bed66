"""At which named point a part is ended next: where it was least, so that every point is reached and not only by luck."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

from benchmarks.soak.premises import CAMERAS
from broker.failpoints import POINTS

WRITES: Final = {
    "service": ("inbox", "arrivals", "change", "journal", "visits", "alerts", "outbox", "webhook"),
    "dashboard": ("ticket", "change", "journal", "audit"), "archive": ("archive",),
    **dict.fromkeys(CAMERAS, ("spool", "publisher")),
}  # fmt: skip
"""Of which kinds of points each part passes some."""
PASSAGES: Final = 25
"""A point ends its process at one of its first so many passages; one that is passed seldom at the first of all."""
SELDOM: Final = frozenset({"outbox", "audit", "archive"})
FOUNDING: Final = frozenset({"archive.rotated", "archive.copied", "archive.named"})
"""Those that are passed only where the archive begins anew."""


class Points:
    """Remembers which points were tried, and which were reached."""

    def __init__(self, dice: random.Random) -> None:
        """Begin with none."""
        self._dice = dice
        self._tried: Counter[tuple[str, str]] = Counter()
        self.reached: Counter[str] = Counter()

    def next(self, part: str) -> str:
        """Return a point of *part* that was tried there and reached anywhere least, any of those."""
        points = [point for point in POINTS if point.split(".")[0] in WRITES[part]]
        often = {point: self._tried[part, point] + self.reached[point] for point in points}
        chosen = self._dice.choice([point for point in points if often[point] == min(often.values())])
        self._tried[part, chosen] += 1
        return chosen

    def armed(self, point: str) -> str:
        """Return *point* with the passage at which it ends its process."""
        return f"{point}:{1 if point.split('.')[0] in SELDOM else self._dice.randint(1, PASSAGES)}"

    @property
    def tries(self) -> int:
        """How often a part was to end at a point."""
        return self._tried.total()

    @property
    def missed(self) -> list[str]:
        """The points that no part has reached."""
        return sorted(set(POINTS) - self.reached.keys())
