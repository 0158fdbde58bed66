"""The ways people took through the picture in the last hour, for trying out where a line belongs.

They are in memory only, never on a disk and never on the wire: a number, a second and a box, no look of anybody. What
leaves the process is what a plan would have counted over them (edge/trial.py).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.sightings import Place, Track

KEPT_S: Final = 3600.0
"""So far back paths reach."""
MAX_POINTS: Final = 100_000
"""Points kept, 3.4 MB: five people at a time all hour. Beyond it the oldest go, and the paths reach less far back."""
EVERY_S: Final = 0.19
"""Of somebody who moves slowly a point is kept so often, every second frame of ten a second..."""
STEP: Final = 0.1
"""...and of somebody who walks, each time they have come so far, in diagonals: a fast crossing must not fall between."""

SET_BACK_S: Final = 1.0
"""A clock that goes back by more was set; by less, it was corrected."""

POINT: Final = np.dtype(
    [
        ("at", "f8"), ("number", "i4"), ("left", "f4"), ("top", "f4"), ("right", "f4"), ("bottom", "f4"),
        ("hits", "u1"), ("share", "f4"), ("staff", "?"),
    ]
)  # fmt: skip
Points = NDArray[np.void]

_MOST_HITS: Final = 255
_Point = tuple[float, int, float, float, float, float, int, float, bool]


@dataclass(frozen=True, slots=True)
class Recent:
    """A copy of the paths: `points` in pixels of a picture of `size`, reaching back `seconds` from `now`.

    The points of one person are in order of time.
    """

    points: Points
    size: tuple[int, int]
    seconds: float
    now: float


@dataclass(slots=True)
class _Way:
    """The last point kept of somebody, and the one since then that was not."""

    at: float
    place: Place
    passed_over: _Point | None = None


class Paths:
    """The paths of one camera: sightings only, no guesses of where somebody might be."""

    def __init__(self, *, most: int = MAX_POINTS) -> None:
        self._ring: Points = np.zeros(most, POINT)
        self._next = self._count = 0
        self._size = (0, 0)
        self._now = float("-inf")
        self._began: float | None = None
        self._ways: dict[int, _Way] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of memory, however many people come."""
        return self._ring.nbytes

    def note(self, tracks: Sequence[Track], size: tuple[int, int], at: float, staff: Container[int] = ()) -> None:
        """Take note of where everybody is at second *at* in a picture of *size*; *staff* are the numbers of who works here.

        Another size of picture makes everybody new, and so does a clock that was set back.
        """
        if size != self._size or at < self._now - SET_BACK_S:
            self._size = size
            self._clear()
        self._began, self._now = at if self._began is None else self._began, at
        for number in self._ways.keys() - {track.number for track in tracks}:
            # Where somebody was seen last may be what makes a crossing of it.
            self._keep(self._ways.pop(number).passed_over)
        for track in tracks:
            if track.seen:
                self._note(track, at, staff=track.number in staff)

    def recent(self) -> Recent:
        """Return a copy of the last hour."""
        last = [way.passed_over for way in self._ways.values() if way.passed_over]
        points = np.concatenate([self._in_order(), np.array(last, POINT)])
        points = points[points["at"] >= self._now - KEPT_S]
        full = self._count == len(self._ring)
        began = float(points["at"][0]) if full and len(points) else self._began
        seconds = 0.0 if began is None else min(KEPT_S, self._now - began)
        return Recent(points, self._size, seconds, self._now)

    def _note(self, track: Track, at: float, *, staff: bool) -> None:
        box, (x, y) = track.box, track.box.centre
        point = (at, track.number, box.left, box.top, box.right, box.bottom, min(track.hits, _MOST_HITS), track.share, staff)
        way = self._ways.get(track.number)
        if way and at - way.at < EVERY_S and max(abs(x - way.place[0]), abs(y - way.place[1])) < STEP * box.diagonal:
            way.passed_over = point
            return
        self._keep(point)
        self._ways[track.number] = _Way(at, (x, y))

    def _keep(self, point: _Point | None) -> None:
        if point is None:
            return
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
        self._ways = {}
