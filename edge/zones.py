"""Who stands in a polygon, for how long, and how many they are.

Entering and leaving are debounced, the number of people is the median of two seconds, and a stay goes on when the
tracker loses somebody for a moment and finds them again as somebody new.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from edge.geometry import within
from edge.sightings import Place, Track

ENTER_S: Final = 0.8
"""Somebody inside for so long has entered; the stay is counted from the first moment."""
LEAVE_S: Final = 0.8
"""Somebody outside for so long has left; the stay is counted to the last moment inside."""
LOST_S: Final = 2.0
"""Somebody lost inside is waited for; a new track near the place continues their stay."""
MEDIAN_S: Final = 2.0
"""The number of people is the median over this time."""
NEAR: Final = 1.0
"""How near, in diagonals, a new track must appear to continue a lost stay."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody has left: from second `entered` to second `left`. `number` is the last one the tracker gave them."""

    entered: float
    left: float
    number: int = 0


@dataclass(slots=True)
class _Presence:
    entered: float
    last_inside: float
    place: Place
    size: float
    known: bool = True
    """Whether the tracker still has them."""

    def stayed(self) -> bool:
        return self.last_inside - self.entered >= ENTER_S


class Zone:
    """One polygon. `people` is how many stand in it."""

    def __init__(self, corners: Sequence[Place], *, feet: bool) -> None:
        self._corners = tuple(corners)
        self._feet = feet
        self._present: dict[int, _Presence] = {}
        self._counts: deque[tuple[float, int]] = deque()
        self.people = 0

    @property
    def inside(self) -> dict[int, float]:
        """Everybody who has entered and not left, by the number of the track, and since which second."""
        return {number: presence.entered for number, presence in self._present.items() if presence.stayed()}

    def place(self, track: Track) -> Place:
        """Return where somebody stands."""
        return track.box.feet if self._feet else track.box.centre

    def holds(self, track: Track) -> bool:
        """Whether somebody stands in it."""
        return within(self._corners, self.place(track))

    def update(self, tracks: Sequence[Track], at: float) -> list[Stay]:
        """Take everybody who is remembered at second *at*; return the stays that have ended."""
        confirmed = [track for track in tracks if track.hits > 1]
        for presence in self._present.values():
            presence.known = False
        for track in confirmed:
            self._follow(track, at)
        ended = self._end(at)
        self._count(at)
        return ended

    def forget(self, numbers: Collection[int]) -> None:
        """Let these tracks never have been here: they are found to be staff."""
        self._present = {number: presence for number, presence in self._present.items() if number not in numbers}

    def _follow(self, track: Track, at: float) -> None:
        place = self.place(track)
        presence = self._present.get(track.number)
        if not self.holds(track):
            if presence:
                presence.known = True
            return
        if presence is None:
            presence = self._continue(track, place, at) or _Presence(at, at, place, track.box.diagonal)
            self._present[track.number] = presence
        presence.known, presence.last_inside, presence.place = True, at, place

    def _continue(self, track: Track, place: Place, at: float) -> _Presence | None:
        """Return the stay of somebody who was lost near *place*, taken from their old number."""
        for number, lost in self._present.items():
            dx, dy = place[0] - lost.place[0], place[1] - lost.place[1]
            if not lost.known and at > lost.last_inside and (dx * dx + dy * dy) ** 0.5 <= NEAR * lost.size:
                return self._present.pop(number)
        return None

    def _end(self, at: float) -> list[Stay]:
        gone = [
            number
            for number, presence in self._present.items()
            if at - presence.last_inside > (LEAVE_S if presence.known else LOST_S)
        ]
        stays = [(number, self._present.pop(number)) for number in gone]
        return [Stay(stay.entered, stay.last_inside, number) for number, stay in stays if stay.stayed()]

    def _count(self, at: float) -> None:
        present = sum(presence.stayed() for presence in self._present.values())
        self._counts.append((at, present))
        while at - self._counts[0][0] > MEDIAN_S:
            self._counts.popleft()
        self.people = statistics.median_high(count for _, count in self._counts)
