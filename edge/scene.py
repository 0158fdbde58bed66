"""A shop door that needs no camera: people come in and go out at times that are known exactly.

`scene:door?seed=3&seconds=60&busy=2&fps=10` names one. Everything is a pure function of that name and of the time, so
two programs that know the name agree on every picture and on every crossing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal
from urllib.parse import parse_qsl

from broker.contract.messages import Direction
from edge import painting
from edge.sightings import Picture, Place

WIDTH_PX: Final = 640
HEIGHT_PX: Final = 360
BLOCK_S: Final = 60.0
"""People come in blocks of a minute, so that a scene without an end needs no memory."""
BEGIN_S: Final = 2.0
"""The floor is empty so long at the beginning of a block."""
CLEAR_S: Final = 2.0
"""And at the end of a block, or of the scene."""
APART_PX: Final = 118.0
"""Strangers keep at least so far apart, middle to middle."""
STRANGERS_PX: Final = 210.0
"""Strangers who cross the line the same way are so far apart, or STRANGERS_S."""
STRANGERS_S: Final = 2.8
TOGETHER_PX: Final = 90.0
"""Two of a party walk so far apart, middle to middle."""
WALKS_A_MINUTE: Final = 14
"""Parties that try to come or go in a minute with busy=1; who finds no room stays away."""

_MARGIN_PX: Final = 60.0
"""So far outside the picture people appear and disappear."""


class BadScene(ValueError):
    """There is no such scene. The text says what there is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of scene, and where a camera's line belongs in it (fractions of the picture)."""

    points: tuple[Place, Place]
    inside: Literal["up", "down", "left", "right"]


_DOOR: Final = Kind(points=((0.08, 0.56), (0.92, 0.56)), inside="up")
STAFF: Final = "staff"
SCENES: Final[dict[str, Kind]] = {"door": _DOOR, STAFF: _DOOR}
"""Every scene there is: a door, and the same door where some people work in the shop (a uniform, and a cap with a badge)."""
STAFF_SHARE: Final = 0.45
"""So many of those who come alone work there, and so many parties have a colleague in them."""

_LINE_Y: Final = 0.56 * HEIGHT_PX


@dataclass(frozen=True, slots=True)
class TrueCrossing:
    """Somebody's middle is on the line, `seconds` after the start of the scene. `party` numbers those who walk together."""

    seconds: float
    direction: Direction
    party: int
    staff: bool = False


@dataclass(frozen=True, slots=True)
class _Walker:
    """One person and their way: places at times, straight lines between them."""

    party: int
    looks: int
    way: tuple[tuple[float, float, float], ...]
    """(seconds, x, y), at least two, in order of time."""
    staff: bool = False

    @property
    def begin(self) -> float:
        return self.way[0][0]

    @property
    def end(self) -> float:
        return self.way[-1][0]

    def at(self, seconds: float) -> tuple[Place, Place] | None:
        """Return place and velocity in pixels a second, or None when they are not there."""
        for (t1, x1, y1), (t2, x2, y2) in pairwise(self.way):
            if t1 <= seconds < t2:
                share = (seconds - t1) / (t2 - t1)
                place = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
                return place, ((x2 - x1) / (t2 - t1), (y2 - y1) / (t2 - t1))
        return None

    def crossings(self) -> Iterator[TrueCrossing]:
        for (t1, _, y1), (t2, _, y2) in pairwise(self.way):
            if (y1 > _LINE_Y) != (y2 > _LINE_Y):
                seconds = t1 + (y1 - _LINE_Y) / (y1 - y2) * (t2 - t1)
                yield TrueCrossing(seconds, Direction.IN if y2 < y1 else Direction.OUT, self.party, self.staff)


@dataclass(frozen=True, slots=True)
class Scene:
    """One rendered scene. `seconds` is None for one that never ends; `busy` scales how many people come."""

    name: str = "door"
    seed: int = 1
    seconds: float | None = None
    busy: float = 1.0
    fps: float = 10.0

    @classmethod
    def parse(cls, source: str) -> Scene:
        """Read `scene:NAME?seed=&seconds=&busy=&fps=`. Raises BadScene, which says what is allowed."""
        name, _, query = source.removeprefix("scene:").partition("?")
        if name not in SCENES:
            raise BadScene(f"there is no scene {name!r}. There is: {', '.join(f'scene:{known}' for known in SCENES)}.")
        given = dict(parse_qsl(query, keep_blank_values=True))
        if unknown := sorted(given.keys() - _OPTIONS.keys()):
            raise BadScene(f"a scene has no option {unknown[0]!r}. Allowed: {', '.join(_OPTIONS)}.")
        try:
            values = {key: float(text) for key, text in given.items()}
        except ValueError as wrong:
            raise BadScene(f"{source}: {wrong}") from None
        for key, value in values.items():
            low, high = _OPTIONS[key]
            if not low <= value <= high:
                raise BadScene(f"{source}: {key} must be {low:g} to {high:g}")
        seed = int(values.pop("seed", 1))
        return cls(name=name, seed=seed, **values)

    def picture(self, seconds: float) -> Picture:
        """Return the picture *seconds* after the start: HEIGHT_PX x WIDTH_PX, blue-green-red."""
        people = [
            painting.Figure(place, velocity, walker.looks, walker.staff)
            for walker in self._walkers(seconds)
            if (now := walker.at(seconds)) is not None
            for place, velocity in [now]
        ]
        return painting.paint((WIDTH_PX, HEIGHT_PX), people, seconds, line_y=_LINE_Y)

    def crossings(self, until: float | None = None) -> list[TrueCrossing]:
        """Return every crossing up to second *until* (default: the end), earliest first.

        Raises ValueError for a scene without an end when *until* is not given.
        """
        end = until if self.seconds is None else min(self.seconds, until or self.seconds)
        if end is None:
            raise ValueError("this scene has no end: say until when")
        blocks = range(math.ceil(end / BLOCK_S))
        everybody = [walker for block in blocks for walker in _block(self, block)]
        crossed = [crossing for walker in everybody for crossing in walker.crossings() if crossing.seconds <= end]
        return sorted(crossed, key=lambda crossing: crossing.seconds)

    def _walkers(self, seconds: float) -> tuple[_Walker, ...]:
        return _block(self, int(seconds // BLOCK_S))


_OPTIONS: Final = {"seed": (0, 2**31), "seconds": (5, 86400), "busy": (0, 5), "fps": (1, 60)}


def crossings(scene: Scene, until: float | None = None) -> list[TrueCrossing]:
    """Return the exact truth of *scene*, see Scene.crossings."""
    return scene.crossings(until)


@lru_cache(maxsize=8)
def _block(scene: Scene, number: int) -> tuple[_Walker, ...]:
    """Return everybody who is there in one block. All of them have left before it ends."""
    begin = number * BLOCK_S
    end = begin + BLOCK_S if scene.seconds is None else min(begin + BLOCK_S, scene.seconds)
    chance = random.Random(f"{scene.name} {scene.seed} {number}")  # noqa: S311 - a scene, not a secret.
    there: list[_Walker] = []
    for attempt in range(round(WALKS_A_MINUTE * scene.busy * (end - begin) / BLOCK_S)):
        party = _party(chance, begin + BEGIN_S, end - CLEAR_S, number * 1000 + attempt)
        if all(walker.end <= end - CLEAR_S for walker in party) and _has_room(party, there):
            there.extend(_employed(party) if scene.name == STAFF else party)
    return tuple(there)


def _party(chance: random.Random, earliest: float, latest: float, number: int) -> list[_Walker]:
    """Return one party that comes in, goes out, or turns back before the line."""
    start = chance.uniform(earliest, max(earliest, latest))
    inward = chance.random() < 0.55
    turns_back = chance.random() < 0.15
    size = 1 if turns_back else chance.choices((1, 2, 3), (64, 26, 10))[0]
    speed = chance.uniform(115, 185)
    half = (size - 1) * TOGETHER_PX / 2
    x = chance.uniform(0.24 * WIDTH_PX + half, 0.76 * WIDTH_PX - half)
    drift = chance.uniform(-50, 50)
    walkers = []
    for place in range(size):
        offset = place * TOGETHER_PX - half
        late = 0.0 if place % 2 == 0 else chance.uniform(0, 0.18)
        way = (
            _turning(start, x, drift, speed, inward, chance)
            if turns_back
            else _through(start + late, x + offset, drift, speed, inward)
        )
        walkers.append(_Walker(number, chance.randrange(1 << 30), way))
    return walkers


def _employed(party: list[_Walker]) -> list[_Walker]:
    """Return the party with one of them in uniform, or as it is. Who it is follows from their looks."""
    if random.Random(party[0].looks).random() >= STAFF_SHARE:  # noqa: S311 - a scene, not a secret.
        return party
    return [replace(party[0], staff=True), *party[1:]]


def _through(start: float, x: float, drift: float, speed: float, inward: bool) -> tuple[tuple[float, float, float], ...]:
    length = HEIGHT_PX + 2 * _MARGIN_PX
    low, high = (start, x, HEIGHT_PX + _MARGIN_PX), (start + length / speed, x + drift, -_MARGIN_PX)
    if inward:
        return low, high
    return (start, x + drift, -_MARGIN_PX), (start + length / speed, x, HEIGHT_PX + _MARGIN_PX)


def _turning(
    start: float, x: float, drift: float, speed: float, inward: bool, chance: random.Random
) -> tuple[tuple[float, float, float], ...]:
    """Return the way of somebody who looks in, or out, and thinks better of it, well clear of the line."""
    begin = HEIGHT_PX + _MARGIN_PX if inward else -_MARGIN_PX
    turn = chance.uniform(_LINE_Y + 85, HEIGHT_PX - 50) if inward else chance.uniform(50, _LINE_Y - 85)
    walking = abs(begin - turn) / speed
    stays = chance.uniform(0.5, 1.5)
    there, back = start + walking, start + walking + stays
    return (start, x, begin), (there, x + drift / 2, turn), (back, x + drift / 2 + 4, turn), (back + walking, x + drift, begin)


def _has_room(party: list[_Walker], there: list[_Walker]) -> bool:
    return all(_strangers(one, other) for one in party for other in there)


def _strangers(one: _Walker, other: _Walker) -> bool:
    """Whether nobody could take these two for one person, or for one party."""
    begin, end = max(one.begin, other.begin), min(one.end, other.end)
    for step in range(max(0, math.ceil((end - begin) * 10))):
        if _apart(one, other, begin + step / 10) < APART_PX:
            return False
    return all(
        mine.direction is not yours.direction
        or abs(mine.seconds - yours.seconds) > STRANGERS_S
        or _apart(one, other, max(mine.seconds, yours.seconds)) > STRANGERS_PX
        for mine in one.crossings()
        for yours in other.crossings()
    )


def _apart(one: _Walker, other: _Walker, seconds: float) -> float:
    here, there = one.at(seconds), other.at(seconds)
    return math.inf if here is None or there is None else math.dist(here[0], there[0])
