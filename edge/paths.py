"""The ways people took through the picture in the last hour, for trying out where a line belongs.

They are in memory only, never on a disk and never on the wire: a number, a second and a box, no look of anybody. What
leaves the process is what a plan would have counted over them (edge/trial.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.sightings import Track

KEPT_S: Final = 3600.0
"""So far back paths reach."""
MAX_POINTS: Final = 100_000
"""Points kept, 2.8 MB: five people at a time all hour. Beyond it the oldest go, and the paths reach less far back."""
EVERY_S: Final = 0.2
"""Of somebody who moves slowly a point is kept so often..."""
STEP: Final = 0.1
"""...and of somebody who walks, each time they have come so far, in diagonals: a fast crossing must not fall between."""

SET_BACK_S: Final = 1.0
"""A clock that goes back by more was set; by less, it was corrected."""

POINT: Final = np.dtype(
    [("at", "f8"), ("number", "i4"), ("left", "f4"), ("top", "f4"), ("right", "f4"), ("bottom", "f4")], align=False
)
Points = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Recent:
    """A copy of the paths: `points` in order of time, in pixels of a picture of `size`, reaching back `seconds` from `now`."""

    points: Points
    size: tuple[int, int]
    seconds: float
    now: float


class Paths:
    """The paths of one camera. Only who was seen twice has one, and only sightings are in it, no guesses."""

    def __init__(self, *, most: int = MAX_POINTS) -> None:
        self._ring: Points = np.zeros(most, POINT)
        self._next = self._count = 0
        self._size = (0, 0)
        self._now = float("-inf")
        self._began: float | None = None
        self._first: dict[int, tuple[float, ...]] = {}
        self._newest: dict[int, tuple[float, float, float]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of memory, however many people come."""
        return self._ring.nbytes

    def note(self, tracks: Sequence[Track], size: tuple[int, int], at: float) -> None:
        """Take note of where everybody is at second *at* in a picture of *size*.

        Another size of picture makes everybody new, and so does a clock that was set back.
        """
        if size != self._size or at < self._now - SET_BACK_S:
            self._size = size
            self._clear()
        self._began, self._now = self._began if self._began is not None else at, at
        here = {track.number for track in tracks}
        self._newest = {number: point for number, point in self._newest.items() if number in here}
        self._first = {number: point for number, point in self._first.items() if number in here}
        for track in tracks:
            if track.seen:
                self._note(track, at)

    def recent(self) -> Recent:
        """Return a copy of the last hour."""
        points = self._in_order()
        points = points[points["at"] >= self._now - KEPT_S]
        full = self._count == len(self._ring)
        began = float(points["at"][0]) if full and len(points) else self._began
        seconds = 0.0 if began is None else min(KEPT_S, self._now - began)
        return Recent(points, self._size, seconds, self._now)

    def _note(self, track: Track, at: float) -> None:
        box = track.box
        point = (at, track.number, box.left, box.top, box.right, box.bottom)
        if track.hits < 2:
            self._first[track.number] = point
            return
        if first := self._first.pop(track.number, None):
            self._keep(first)
        elif last := self._newest.get(track.number):
            x, y = box.centre
            moved = max(abs(x - last[1]), abs(y - last[2]))
            if at - last[0] < EVERY_S and moved < STEP * box.diagonal:
                return
        self._keep(point)
        self._newest[track.number] = (at, *box.centre)

    def _keep(self, point: tuple[float, ...]) -> None:
        self._ring[self._next] = point
        self._next = (self._next + 1) % len(self._ring)
        self._count = min(self._count + 1, len(self._ring))

    def _in_order(self) -> Points:
        if self._count < len(self._ring):
            return self._ring[: self._count].copy()
        return np.roll(self._ring, -self._next)

    def _clear(self) -> None:
        self._next = self._count = 0
        self._began = None
        self._first, self._newest = {}, {}
