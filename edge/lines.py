"""Who crosses a door's line, once and in which direction.

A person has a side of the line once they are clear of it: outside a band on both sides that is as wide as a box may
flicker. A change of side is a crossing if the way led between the ends of the line; it takes two sightings at least.
Whoever is first seen beyond the line has not crossed it, and whoever turns back within the band has not either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.contract.messages import Direction
from edge.geometry import Segment
from edge.sightings import Place, Track

BAND: Final = 0.08
"""Half the width of the band, in diagonals of the person."""
LEAST_WAY: Final = 0.22
"""Somebody first seen within the band must have come so far, in diagonals, straight across the line."""
LEAST_HITS: Final = 2
"""So often must somebody have been seen, apart from anybody larger."""
OVERHEAD_SHARE: Final = 0.4
"""Seen from straight above nobody hides anybody: who is in fewer of the pictures is patches of light, taken for one person."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A track crossed a line at second `at`."""

    track: Track
    direction: Direction
    at: float


@dataclass(slots=True)
class _Way:
    """What one line remembers of one track."""

    first: float
    depth: float
    place: Place
    second: float
    side: int = 0
    """-1 outside, 1 inside, 0 not clear of the line yet."""
    met: tuple[float, float] | None = None
    """When and where along the line the centre last changed sides."""


class DoorLine:
    """One line across a door. Anchors are the centre or the feet of a box."""

    def __init__(self, segment: Segment, *, anchor: str = "centre", least_share: float = 0.0) -> None:
        """Whoever is seen in a smaller share of the pictures than *least_share* does not cross."""
        self._segment = segment
        self._least_share = least_share
        self._feet = anchor == "feet"
        self._ways: dict[int, _Way] = {}

    def update(self, tracks: Sequence[Track], at: float) -> list[Passage]:
        """Take everybody who is remembered at second *at*; return who has crossed, each once per change of side."""
        self._ways = {number: way for number, way in self._ways.items() if any(t.number == number for t in tracks)}
        return [passage for track in tracks if track.seen and (passage := self._follow(track, at))]

    def _follow(self, track: Track, at: float) -> Passage | None:
        place = track.box.feet if self._feet else track.box.centre
        depth = self._segment.depth(place)
        way = self._ways.get(track.number)
        if way is None:
            way = self._ways[track.number] = _Way(depth, depth, place, at)
        self._note_meeting(way, depth, place, at)
        way.depth, way.place, way.second = depth, place, at
        return self._decide(way, track)

    def _note_meeting(self, way: _Way, depth: float, place: Place, at: float) -> None:
        if (depth > 0) == (way.depth > 0):
            return
        share = way.depth / (way.depth - depth)
        where = tuple(before + share * (now - before) for before, now in zip(way.place, place, strict=True))
        way.met = (way.second + share * (at - way.second), self._segment.along((where[0], where[1])))

    def _decide(self, way: _Way, track: Track) -> Passage | None:
        size = track.box.diagonal
        if abs(way.depth) < BAND * size:
            return None
        before = way.side or self._first_side(way, size)
        if before is None:
            return None
        way.side = 1 if way.depth > 0 else -1
        if before == way.side or way.met is None:
            return None
        met, way.met = way.met, None
        if not 0 <= met[1] <= 1 or track.hits < LEAST_HITS or track.share < self._least_share:
            return None
        return Passage(track, Direction.IN if way.side > 0 else Direction.OUT, met[0])

    def _first_side(self, way: _Way, size: float) -> int | None:
        """Return the side on which somebody began, or None while a box that flickers could have come as far."""
        if way.met and abs(way.depth - way.first) < LEAST_WAY * size:
            return None
        return 1 if way.first > 0 else -1
