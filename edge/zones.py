"""Who stands in a polygon, for how long, and how many they are.

Entering and leaving are debounced, the number of people is the median of 1.2 s, and a stay goes on when somebody is
not seen for a while: hidden by others, dark before a dark wall, or found again by the tracker as somebody new. Only who is
seen outside has left at once; who was walking when last seen is waited for shortly, who was standing for longer.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from broker.contract.plan import Area
from edge.geometry import depth
from edge.sightings import Place, Track

ENTER_S: Final = 0.8
"""Somebody inside for so long has entered; the stay is counted from the first moment."""
LEAVE_S: Final = 0.8
"""Somebody seen outside for so long has left; the stay is counted to the last moment inside."""
LOST_S: Final = 2.0
"""Somebody lost inside by the tracker is waited for; a new track near the place continues their stay."""
STANDING_S: Final = 8.0
"""Somebody who was standing when they were last seen is waited for longer: nobody leaves without walking."""
STEP: Final = 0.3
"""Who has moved less, in diagonals, within a second was standing."""
MEDIAN_S: Final = 1.2
"""The number of people is the median over this time: it is said 0.6 s after it changed."""
NEAR: Final = 1.0
"""How near, in diagonals, a new track must appear to continue a lost stay."""
FIRST_S: Final = 0.35
"""Whoever is seen so soon after the camera was switched on was there before."""
EDGE: Final = 0.08
"""Who is inside stays inside until so far out, in diagonals: a box flickers."""

_INSTANT_S: Final = 1e-6


def by_feet(area: Area, *, usual: bool) -> bool:
    """Whether somebody is in *area* when their feet are, rather than their centre; *usual* is what "auto" means here."""
    return usual if area.anchor == "auto" else area.anchor == "feet"


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
    since: float
    """How long they have been about where they are: when they last made a step, and from where."""
    stood: Place
    here: bool = True
    """Inside when last seen."""
    seen: bool = True
    """Whether the newest picture shows them."""
    known: bool = True
    """Whether the tracker still has them, apart from anybody larger..."""
    doubted: bool = False
    """...or only as what may be a part of somebody larger."""

    def stayed(self) -> bool:
        return self.last_inside - self.entered >= ENTER_S

    def see(self, place: Place, at: float, *, beyond: bool) -> None:
        """They are inside, at *place*, which may be *beyond* the border by a box's flicker."""
        self.here = self.seen = self.known = True
        self.place = place
        if not beyond:
            self.last_inside = at
        if math.dist(place, self.stood) > STEP * self.size:
            self.since, self.stood = at, place

    def is_over(self, at: float) -> bool:
        """Whether they have left by now."""
        if not self.here:
            return at - self.last_inside > LEAVE_S
        standing = self.last_inside - self.since >= 1.0 and not self.doubted
        return not self.known and at - self.last_inside > (STANDING_S if standing else LOST_S)


class Zone:
    """One polygon. `people` is how many stand in it."""

    def __init__(self, corners: Sequence[Place], *, feet: bool, size: tuple[int, int] | None = None) -> None:
        """*corners* in pixels of a picture of *size* (width, height): whose feet are cut off stands at its edge."""
        self._corners = tuple(corners)
        self._feet = feet
        self._limit = (size[0] - 1, size[1] - 1) if size else (math.inf, math.inf)
        self._present: dict[int, _Presence] = {}
        self._counts: deque[tuple[float, int]] = deque()
        self._began: float | None = None
        self._at = 0.0
        self._taken: dict[int, tuple[int, float]] = {}
        """Whose stay went on under which new number, and since when."""
        self.people = 0

    @property
    def inside(self) -> dict[int, float]:
        """Everybody who has entered and not left, by the number of the track, and since which second."""
        return {number: presence.entered for number, presence in self._present.items() if presence.stayed()}

    def place(self, track: Track) -> Place:
        """Return where somebody stands."""
        x, y = track.box.feet if self._feet else track.box.centre
        return min(max(x, 0.0), self._limit[0]), min(max(y, 0.0), self._limit[1])

    def holds(self, track: Track) -> bool:
        """Whether somebody stands in it."""
        presence = self._present.get(track.number)
        margin = EDGE * track.box.diagonal if presence and presence.here else 0.0
        return depth(self._corners, self.place(track)) > -margin

    def update(self, tracks: Sequence[Track], at: float) -> list[Stay]:
        """Take everybody who is remembered at second *at*; return the stays that have ended."""
        numbers = {track.number for track in tracks if track.apart}
        parts = {track.number for track in tracks if not track.apart}
        for number, presence in self._present.items():
            presence.known, presence.seen = number in numbers, False
            presence.doubted = number in parts
        # Those who are known first: whom they leave over may be somebody new, or somebody found again.
        for track in sorted(tracks, key=lambda one: one.number not in self._present):
            if track.seen and track.apart and track.hits > 1:
                self._follow(track, at)
        ended = self._end(at)
        self._count(at)
        self._at = at
        return ended

    def finish(self) -> list[Stay]:
        """Return the stays of those who were seen no more inside when the last picture came: a film is over."""
        gone = [stay for stay in self._present.values() if stay.stayed() and self._at - stay.last_inside > LEAVE_S]
        return [Stay(stay.entered, stay.last_inside) for stay in gone]

    def forget(self, numbers: Collection[int]) -> None:
        """Let these tracks never have been here: they are found to be staff."""
        self._present = {number: presence for number, presence in self._present.items() if number not in numbers}

    def _follow(self, track: Track, at: float) -> None:
        place = self.place(track)
        presence = self._present.get(track.number)
        if not self.holds(track):
            if presence:
                presence.here, presence.seen = False, True
            return
        if presence is None:
            presence = self._back(track) or self._continue(track, place, at) or _begun(track, place, at)
            self._present[track.number] = presence
        presence.see(place, at, beyond=depth(self._corners, place) < 0)

    def _continue(self, track: Track, place: Place, at: float) -> _Presence | None:
        """Return the stay of somebody who was last seen near *place* and is not seen now, taken from their old number."""
        near = [
            (apart, number)
            for number, lost in self._present.items()
            if lost.here and not lost.seen and (apart := math.dist(place, lost.place)) <= NEAR * lost.size
        ]
        if not near:
            return None
        number = min(near)[1]
        self._taken[number] = track.number, at
        return self._present.pop(number)

    def _back(self, track: Track) -> _Presence | None:
        """Return the stay of somebody who was lost and is seen again, so that whoever went on with it was somebody else."""
        other, since = self._taken.pop(track.number, (0, 0.0))
        stay = self._present.get(other)
        if stay is None:
            return None
        self._present[other] = replace(stay, entered=since)
        return stay

    def _end(self, at: float) -> list[Stay]:
        gone = [number for number, presence in self._present.items() if presence.is_over(at)]
        stays = [(number, self._present.pop(number)) for number in gone]
        self._taken = {old: new for old, new in self._taken.items() if new[0] in self._present}
        return [
            Stay(stay.entered, stay.last_inside, number)
            for number, stay in stays
            if stay.stayed() and not (stay.here and self._goes_on(stay))
        ]

    def _goes_on(self, lost: _Presence) -> bool:
        """Whether somebody who began beside *lost* just before is the same person, whose stay then goes on."""
        for other in self._present.values():
            if other.entered >= lost.last_inside - LOST_S and math.dist(other.place, lost.place) <= NEAR * lost.size:
                other.entered = lost.entered
                return True
        return False

    def _count(self, at: float) -> None:
        present = sum(presence.here for presence in self._present.values())
        self._began = at if self._began is None else self._began
        if at - self._began <= FIRST_S:
            self._counts = deque([(at - MEDIAN_S, present)])
        self._counts.append((at, present))
        while self._counts[1][0] < at - MEDIAN_S:
            self._counts.popleft()
        least, most = _medians(self._counts, at - MEDIAN_S)
        self.people = min(max(self.people, least), most)


def _begun(track: Track, place: Place, at: float) -> _Presence:
    return _Presence(at, at, place, track.box.diagonal, at, place)


def _medians(counts: Sequence[tuple[float, int]], begin: float) -> tuple[int, int]:
    """Return the least and the most of the counts that stood for half of the time since *begin*; they differ at a tie.

    Each count stands for the time before it.
    """
    lengths = sorted((count, at - max(before, begin)) for (before, _), (at, count) in pairwise(counts))
    half, passed, least = sum(length for _, length in lengths) / 2, 0.0, None
    for count, length in lengths:
        passed += length
        if least is None and passed > half - _INSTANT_S:
            least = count
        if least is not None and passed > half + _INSTANT_S:
            return least, count
    return lengths[-1][0], lengths[-1][0]
