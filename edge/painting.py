"""How the rendered door looks: a shop floor seen from straight above, and people by their heads and shoulders."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.badges import NUMBERS, squares
from edge.sightings import Picture, Place

Colour = tuple[int, int, int]
"""Blue, green, red."""

SHOULDERS_PX: Final = 33
"""Half the width of somebody's shoulders."""
CHEST_PX: Final = 17
"""Half the depth of somebody's chest."""
STEP_PX: Final = 84.0
"""Way between two steps of the same foot."""

_CLOTHES: Final[tuple[Colour, ...]] = (
    (96, 58, 34), (52, 44, 160), (58, 96, 42), (40, 38, 40), (132, 92, 46), (70, 52, 108),
    (38, 98, 168), (120, 60, 96), (72, 70, 64), (48, 120, 132), (88, 36, 44), (60, 66, 128),
)  # fmt: skip
UNIFORM: Final[Colour] = (170, 150, 20)
"""What those who work in the rendered shop wear, and nobody else: turquoise."""
CAP_PX: Final = 19
"""Half the width of their white cap..."""
BADGE_PX: Final = 22
"""...and a side of the badge on it."""
_HAIR: Final[tuple[Colour, ...]] = ((22, 26, 34), (30, 44, 74), (44, 78, 118), (70, 120, 172), (118, 120, 124), (20, 20, 22))
_TROUSERS: Final[tuple[Colour, ...]] = ((64, 48, 38), (40, 40, 44), (92, 74, 52))
_BAGS: Final[tuple[Colour, ...]] = ((40, 60, 96), (36, 36, 120), (92, 84, 40))


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody to be painted: where, how fast (pixels a second), and a number from which their looks follow.

    `staff` wear a uniform, and a cap with a badge.
    """

    place: Place
    velocity: Place
    looks: int
    staff: bool = False


def paint(size: tuple[int, int], people: Sequence[Figure], seconds: float, *, line_y: float) -> Picture:
    """Return the picture of *size* (width, height) at *seconds*: floor, shadows, people, light and the camera's noise."""
    canvas = _floor(size, round(line_y)).copy()
    _shade(canvas, people)
    for person in people:
        _draw(canvas, person)
    light = 1.0 + 0.035 * math.sin(2 * math.pi * seconds / 37) + 0.01 * math.sin(2 * math.pi * seconds / 5.3)
    noise = _noise(size)[int(seconds * 1000) % 7]
    return cv2.addWeighted(canvas, light, noise, 1.0, -12.0)  # type: ignore[return-value]


@lru_cache(maxsize=2)
def _floor(size: tuple[int, int], line_y: int) -> Picture:
    """Return the empty shop: oak boards inside, stone outside, the mat and the door's rail between them."""
    width, height = size
    grain = np.random.default_rng(7)
    door_y = line_y + 44
    floor = np.empty((height, width, 3), np.uint8)
    floor[:] = (176, 201, 219)
    for number, x in enumerate(range(0, width, 26)):
        tone = grain.integers(-9, 9)
        floor[:door_y, x : x + 26] = np.clip(np.array([170, 198, 217]) + tone, 0, 255)
        cv2.line(floor, (x, 0), (x, door_y), (150, 178, 198), 1)
        for y in range((number * 97) % 180, door_y, 180):
            cv2.line(floor, (x, y), (x + 25, y), (150, 178, 198), 1)
    floor[door_y:] = (196, 199, 200)
    for x in range(0, width, 80):
        cv2.line(floor, (x, door_y), (x, height), (180, 183, 184), 1)
    for y in range(door_y, height, 60):
        cv2.line(floor, (0, y), (width, y), (180, 183, 184), 1)
    _furnish(floor, door_y)
    return _lit(floor)


def _furnish(floor: Picture, door_y: int) -> None:
    height, width = floor.shape[:2]
    mat = (int(0.24 * width), door_y - 30, int(0.76 * width), door_y - 4)
    cv2.rectangle(floor, mat[:2], mat[2:], (150, 150, 146), -1)
    for x in range(mat[0], mat[2], 6):
        cv2.line(floor, (x, mat[1]), (x, mat[3]), (140, 140, 136), 1)
    cv2.rectangle(floor, (0, door_y), (int(0.12 * width), door_y + 9), (122, 112, 96), -1)
    cv2.rectangle(floor, (int(0.88 * width), door_y), (width, door_y + 9), (122, 112, 96), -1)
    cv2.line(floor, (int(0.12 * width), door_y + 4), (int(0.88 * width), door_y + 4), (158, 152, 140), 3)
    for left in (14, width - 62):
        cv2.rectangle(floor, (left, 24), (left + 48, 150), (128, 148, 166), -1)
        cv2.rectangle(floor, (left + 4, 28), (left + 44, 146), (148, 170, 188), -1)
        for shelf, colour in enumerate(((96, 128, 170), (130, 150, 110), (150, 120, 120), (110, 160, 190))):
            cv2.rectangle(floor, (left + 9, 34 + shelf * 28), (left + 39, 54 + shelf * 28), colour, -1)
    for x in (46, width - 46):
        cv2.circle(floor, (x, height - 50), 19, (110, 120, 132), -1, cv2.LINE_AA)
        cv2.circle(floor, (x, height - 50), 14, (74, 124, 82), -1, cv2.LINE_AA)
        cv2.circle(floor, (x - 4, height - 54), 6, (96, 150, 104), -1, cv2.LINE_AA)


def _lit(floor: Picture) -> Picture:
    """Return *floor* under a lamp in the middle and daylight from the door."""
    height, width = floor.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot((xs - width / 2) / width, (ys - height * 0.42) / height)
    light = 1.06 - 0.30 * far**1.6 + 0.05 * np.clip((ys - 0.75 * height) / (0.25 * height), 0, 1)
    lit: Picture = np.clip(floor * light[..., None], 0, 255).astype(np.uint8)
    return lit


@lru_cache(maxsize=2)
def _noise(size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return seven fields of camera noise around 12."""
    chance = np.random.default_rng(11)
    return [np.clip(chance.normal(12, 2.2, (size[1], size[0], 3)), 0, 24).astype(np.uint8) for _ in range(7)]


def _shade(canvas: Picture, people: Sequence[Figure]) -> None:
    """Darken the floor a little beside everybody, softly."""
    if not people:
        return
    half = np.full((canvas.shape[0] // 2, canvas.shape[1] // 2), 255, np.uint8)
    for person in people:
        x, y = person.place
        cv2.ellipse(half, (round((x + 7) / 2), round((y + 9) / 2)), (17, 13), 0, 0, 360, 205, -1)
    half = cv2.blur(half, (9, 9))
    whole = cv2.resize(half, (canvas.shape[1], canvas.shape[0]))
    cv2.multiply(canvas, cv2.merge([whole, whole, whole]), canvas, scale=1 / 255)


@dataclass(frozen=True, slots=True)
class _Looks:
    clothes: Colour
    hair: Colour
    trousers: Colour
    size: float
    bag: Colour | None


@lru_cache(maxsize=256)
def _looks(number: int) -> _Looks:
    chance = random.Random(number)  # noqa: S311 - clothes, not a secret.
    bag = chance.choice(_BAGS) if chance.random() < 0.3 else None
    return _Looks(chance.choice(_CLOTHES), chance.choice(_HAIR), chance.choice(_TROUSERS), chance.uniform(0.94, 1.06), bag)


def _draw(canvas: Picture, person: Figure) -> None:
    looks = _looks(person.looks)
    vx, vy = person.velocity
    heading = math.atan2(vy, vx) if math.hypot(vx, vy) > 8 else -math.pi / 2
    swing = math.sin(2 * math.pi * (person.place[0] + person.place[1]) / STEP_PX)
    if person.staff:
        looks = replace(looks, clothes=UNIFORM, bag=None)
    brush = _Brush(canvas, person.place, heading, looks.size)
    for side in (-1, 1):
        brush.oval((side * swing * 17, side * 9), (12, 6), looks.trousers)
    for side in (-1, 1):
        brush.oval((-side * swing * 9, side * 27), (11, 6), _shift(looks.clothes, -12))
    brush.oval((0, 0), (CHEST_PX, SHOULDERS_PX), looks.clothes)
    brush.oval((2, 0), (CHEST_PX - 7, SHOULDERS_PX - 8), _shift(looks.clothes, 16))
    if looks.bag:
        brush.oval((-13, 0), (9, 15), looks.bag)
    if person.staff:
        brush.oval((3, 0), (CAP_PX, CAP_PX), (244, 246, 246))
        brush.badge((3, 0), person.looks % NUMBERS)
        return
    brush.oval((5, 0), (13, 12), looks.hair)
    brush.oval((7, -2), (6, 5), _shift(looks.hair, 22))


def _shift(colour: Colour, by: int) -> Colour:
    blue, green, red = (max(0, min(255, part + by)) for part in colour)
    return blue, green, red


@dataclass(frozen=True, slots=True)
class _Brush:
    """Paints in somebody's own directions: forward and to their right."""

    canvas: Picture
    place: Place
    heading: float
    size: float

    def oval(self, offset: Place, half: Place, colour: Colour) -> None:
        """Fill an oval; *offset* and *half* are (forward, right) in pixels of an average person."""
        x, y = self._at(offset)
        axes = (max(1, round(half[0] * self.size * 8)), max(1, round(half[1] * self.size * 8)))
        # Coordinates in eighths of a pixel: people glide instead of jumping.
        cv2.ellipse(self.canvas, (round(x * 8), round(y * 8)), axes, math.degrees(self.heading), 0, 360, colour, -1, cv2.LINE_AA, 3)

    def badge(self, offset: Place, number: int) -> None:
        """Paint badge *number* around *offset*, as (forward, right)."""
        rows = squares(number)
        module, middle = BADGE_PX / len(rows), len(rows) / 2
        self._square(offset, middle * module, (28, 28, 28))
        for row, line in enumerate(rows):
            for column, black in enumerate(line):
                place = offset[0] + (middle - row - 0.5) * module, offset[1] + (column + 0.5 - middle) * module
                if not black:
                    self._square(place, module / 2, (244, 246, 246))

    def _square(self, offset: Place, half: float, colour: Colour) -> None:
        corners = [self._at((offset[0] + a * half, offset[1] + r * half)) for a, r in ((1, -1), (1, 1), (-1, 1), (-1, -1))]
        cv2.fillConvexPoly(self.canvas, np.array([(round(x * 8), round(y * 8)) for x, y in corners]), colour, cv2.LINE_AA, 3)

    def _at(self, offset: Place) -> Place:
        """Return the place in the picture that is *offset* (forward, right) from the person's middle."""
        ahead, right = offset[0] * self.size, offset[1] * self.size
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return self.place[0] + ahead * cos - right * sin, self.place[1] + ahead * sin + right * cos
