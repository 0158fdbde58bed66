"""Who is who from picture to picture: a constant-velocity Kalman filter each, paired by the Hungarian method.

Times are seconds of the camera. A track survives a short loss, and is forgotten after a long one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.assignment import cheapest
from edge.sightings import Box, Detection, Place, Track

ANGLED_MEMORY_S: Final = 3.0
"""At an angle people hide each other: a confirmed track that is not seen for so long is forgotten."""
OVERHEAD_MEMORY_S: Final = 1.5
"""Seen from straight above nobody hides anybody."""
DOUBTED_AFTER_S: Final = 0.35
"""A track seen only once is forgotten sooner."""
SHARED: Final = 0.6
"""A box that has more than this share of itself in a larger one may be an arm or a bag of the same person."""
SURE_SCORE: Final = 0.5
"""A detection below it may continue a track and never begins one."""
REACH: Final = 0.3
"""How far from where they were expected somebody may be found, in their diagonals..."""
REACH_DEVIATIONS: Final = 3.0
"""...and so many standard deviations of that expectation more: the longer unseen, the further..."""
MOST_REACH: Final = 1.1
"""...but never further than this."""
MOST_TRACKS: Final = 64
"""Tracks at a time; beyond it no new one begins."""

ANGLED_PUSH: Final = 1.6
"""Standard deviation of acceleration, in diagonals per second squared: people start, stop and turn."""
OVERHEAD_PUSH: Final = 3.2
"""Seen from straight above somebody is half as long, so the same step is twice as many diagonals."""
_BLUR: Final = 0.07
"""Standard deviation of a measured centre, in diagonals: boxes flicker."""
_FIRST_SPEED: Final = 1.5
"""Standard deviation of the speed of somebody just seen, in diagonals per second."""
_SIZE_SHARE: Final = 0.25
"""Weight of the newest box in a track's size."""
_SIZE_COST: Final = 0.3
"""What a box e times as large costs, in diagonals of distance."""
_NEVER: Final = 1e6


@dataclass(slots=True)
class _Motion:
    """Where somebody is and how fast, with one 2x2 covariance for both axes (the noise is the same on both)."""

    place: Place
    speed: Place = (0.0, 0.0)
    pp: float = 0.0
    pv: float = 0.0
    vv: float = 0.0

    def predict(self, seconds: float, push: float) -> None:
        self.place = (self.place[0] + self.speed[0] * seconds, self.place[1] + self.speed[1] * seconds)
        noise = push * push
        self.pp += seconds * (2 * self.pv + seconds * self.vv) + noise * seconds**4 / 4
        self.pv += seconds * self.vv + noise * seconds**3 / 2
        self.vv += noise * seconds**2

    def correct(self, seen: Place, blur: float) -> None:
        total = self.pp + blur * blur
        gain, gain_speed = self.pp / total, self.pv / total
        dx, dy = seen[0] - self.place[0], seen[1] - self.place[1]
        self.place = (self.place[0] + gain * dx, self.place[1] + gain * dy)
        self.speed = (self.speed[0] + gain_speed * dx, self.speed[1] + gain_speed * dy)
        self.vv -= gain_speed * self.pv
        self.pv *= 1 - gain
        self.pp *= 1 - gain


@dataclass(slots=True)
class _Person:
    number: int
    motion: _Motion
    width: float
    height: float
    began: float
    last_seen: float
    box: Box
    """As last seen."""
    hits: int = 1
    own: int = 1
    """Of the hits, those apart from anybody larger."""
    seen: bool = True
    apart: bool = True
    """The newest box is not within that of anybody larger."""
    looks: int = 1
    """Pictures looked at since the first sighting, this one too."""

    @property
    def diagonal(self) -> float:
        return math.hypot(self.width, self.height)

    def track(self, now: float) -> Track:
        (x, y), w, h = self.motion.place, self.width / 2, self.height / 2
        box, share = Box(x - w, y - h, x + w, y + h), self.hits / self.looks
        return Track(self.number, box, self.own, self.seen, now - self.began, share, self.apart)


class Tracker:
    """Remembers people between pictures."""

    def __init__(self, memory_s: float = OVERHEAD_MEMORY_S, push: float = OVERHEAD_PUSH) -> None:
        """*memory_s* is for how long somebody who is hidden is still expected, *push* how suddenly people move."""
        self.memory_s, self.push = memory_s, push
        self._people: list[_Person] = []
        self._now: float | None = None
        self._number = 0

    def update(self, detections: Sequence[Detection], at: float) -> list[Track]:
        """Take what the picture of second *at* shows; return everybody who is remembered, oldest first."""
        self._predict(at)
        sure = [found.box for found in detections if found.score >= SURE_SCORE]
        unsure = [found.box for found in detections if found.score < SURE_SCORE]
        missing, new = self._pair(self._people, sure, at)
        self._pair(missing, unsure, at)
        self._forget(at)
        seen = [person.box for person in self._people if person.seen]
        fresh = [box for box in new if not any(_shared(box, other) > SHARED for other in seen)]
        for box in fresh[: max(0, MOST_TRACKS - len(self._people))]:
            self._begin(box, at)
        self._take_note_of_own()
        return [person.track(at) for person in self._people]

    def rest(self, at: float) -> list[Track]:
        """Take note that second *at* was not looked at because nothing moved: everybody stays where they are."""
        passed = 0.0 if self._now is None else max(0.0, at - self._now)
        self._now = at
        for person in self._people:
            person.last_seen += passed
            person.motion.speed = (0.0, 0.0)
        return [person.track(at) for person in self._people]

    def _predict(self, at: float) -> None:
        passed = 0.0 if self._now is None else max(0.0, at - self._now)
        self._now = at
        for person in self._people:
            person.seen = False
            person.looks += 1
            person.motion.predict(passed, self.push * person.diagonal)

    def _pair(self, people: Sequence[_Person], boxes: Sequence[Box], at: float) -> tuple[list[_Person], list[Box]]:
        """Give *boxes* to *people*; return who got none and which boxes are left."""
        costs = [[_cost(person, box) for box in boxes] for person in people]
        pairs = [(row, column) for row, column in cheapest(costs) if costs[row][column] < _NEVER]
        for row, column in pairs:
            _see(people[row], boxes[column], at)
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        missing = [person for row, person in enumerate(people) if row not in rows]
        return missing, [box for column, box in enumerate(boxes) if column not in columns]

    def _begin(self, box: Box, at: float) -> None:
        self._number += 1
        motion = _Motion(box.centre, pp=(_BLUR * box.diagonal) ** 2, vv=(_FIRST_SPEED * box.diagonal) ** 2)
        self._people.append(_Person(self._number, motion, box.width, box.height, began=at, last_seen=at, box=box))

    def _take_note_of_own(self) -> None:
        seen = [person for person in self._people if person.seen and person.hits > 1]
        for person in seen:
            larger = (other.box for other in seen if _area(other.box) > _area(person.box))
            person.apart = not any(_shared(person.box, box) > SHARED for box in larger)
            person.own += person.apart

    def _forget(self, at: float) -> None:
        self._people = [
            person for person in self._people if at - person.last_seen <= (self.memory_s if person.hits > 1 else DOUBTED_AFTER_S)
        ]


def _cost(person: _Person, box: Box) -> float:
    """Return the distance in diagonals, more for a box of another size; _NEVER beyond reach."""
    x, y = box.centre
    size = person.diagonal
    distance = math.hypot(x - person.motion.place[0], y - person.motion.place[1]) / size
    if distance > min(MOST_REACH, REACH + REACH_DEVIATIONS * math.sqrt(person.motion.pp) / size):
        return _NEVER
    return distance + _SIZE_COST * abs(math.log(box.diagonal / size))


def _see(person: _Person, box: Box, at: float) -> None:
    person.motion.correct(box.centre, _BLUR * box.diagonal)
    person.width += _SIZE_SHARE * (box.width - person.width)
    person.height += _SIZE_SHARE * (box.height - person.height)
    person.last_seen, person.seen = at, True
    person.hits += 1
    person.box = box


def _area(box: Box) -> float:
    return box.width * box.height


def _shared(one: Box, other: Box) -> float:
    """Return the part of the smaller box that lies in the larger."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return width * height / min(_area(one), _area(other)) if min(width, height) > 0 else 0.0
