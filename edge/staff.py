"""Who works here, by the colours of a uniform or by an ArUco badge. Of a person nothing is kept but a few votes.

A uniform is a histogram of UNIFORM_SHADES numbers, in this order:

    0 to 47   coloured pixels: 16 hues, each in 3 tones (light, as most of the picture, dark), hue by hue
    48 to 63  gray pixels, from white to black

Each number is 255 times the square root of the share of such pixels: small shares count, and a byte holds them.

A pixel is judged by the logarithms of its channels beside those of the picture's white (its 95th percentile), in
units of how dark the picture's middle is. A lamp's colour, the exposure and the camera's gamma drop out of that:
von Kries' correction in logarithms, where a power becomes a factor.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.contract.plan import UNIFORM_SHADES, StaffSigns
from edge.badges import number_on
from edge.sightings import Box, Picture, Track

log = logging.getLogger(__name__)

HUES: Final = 16
TONES: Final = (1.0, 2.2)
"""A coloured pixel is light up to the first, dark from the second (1 is the middle of the picture)."""
GRAYS: Final = UNIFORM_SHADES - HUES * (len(TONES) + 1)
DARKEST_GRAY: Final = 4.0
"""The last gray step."""
COLOURED_FROM: Final = 0.3
"""A pixel is coloured when its chroma is so much of its darkness, and LEAST_CHROMA."""
LEAST_CHROMA: Final = 0.15
WHITE_PERCENTILE: Final = 95
LEAST_MIDDLE: Final = 0.3
"""The middle of a picture is taken to be at least so much darker than its white (logarithm)."""
DARK_LEVELS: Final = 8.0
"""Added to every channel (of 255): the noise of dark pixels is no colour."""
LOOKED_AT_PX: Final = 32
"""Clothes are looked at in at most so many pixels a side."""

LEAST_COLOUR: Final = 0.6
"""Share of a uniform that must be coloured: black, gray and brown are worn by everybody."""
COMMON: Final = 0.25
"""A colour belongs to a uniform wholly when it has so much of its commonest one, and in part below."""
WORN: Final = 0.25
"""Share of what is seen of somebody that must have the uniform's colours: hair, hands and the floor have others."""
LEAST_LOOKS: Final = 4
MAJORITY: Final = 2 / 3
"""Somebody is staff when so many of all the looks say so, after LEAST_LOOKS at least."""
LOOK_S: Final = 0.1
"""Time between two looks at somebody's clothes..."""
EAGER_LOOKS: Final = 12
"""...and after so many it is SELDOM times as long..."""
SELDOM: Final = 5
MOST_LOOKS: Final = 40
"""...until so many; then whoever is undecided stays a customer."""
LOOKS_A_PICTURE: Final = 4
"""People looked at in one picture, the least looked at first."""
BADGE_LOOK_S: Final = 0.1
"""Time between two looks for somebody's badge, SELDOM times as long after EAGER_LOOKS, until MOST_LOOKS."""

Floats = NDArray[np.float32]


class BadUniform(ValueError):
    """What is inside the box cannot be a uniform. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Light:
    """What the pixels of a picture are judged beside: logarithms of its white, and how much darker its middle is."""

    white: Floats
    middle: float


def light_of(picture: Picture) -> Light:
    """Return the light in *picture*."""
    step = max(1, picture.shape[1] // 64)
    logs = np.log(picture[::step, ::step].reshape(-1, 3).astype(np.float32) + DARK_LEVELS)
    white = np.percentile(logs, WHITE_PERCENTILE, axis=0).astype(np.float32)
    return Light(white, max(LEAST_MIDDLE, -float(np.median((logs - white).mean(axis=1)))))


def uniform_of(picture: Picture, box: Box) -> tuple[int, ...]:
    """Return the colours inside *box*, drawn on somebody's clothes, as `StaffSigns.uniform` carries them.

    Raises BadUniform when the box holds nothing, or too little colour to tell anybody from a customer.
    """
    uniform = histogram(picture, box)
    if colour(uniform) < LEAST_COLOUR:
        raise BadUniform(
            "these clothes have too little colour of their own: black, gray and brown are what customers wear. "
            "Draw the box on the coloured part, or let staff wear badges (greetline edge badge)."
        )
    return uniform


def histogram(picture: Picture, box: Box, light: Light | None = None) -> tuple[int, ...]:
    """Return the UNIFORM_SHADES numbers of what is inside *box* of *picture*, seen in *light* (default: the picture's).

    Raises BadUniform when the box holds no pixel.
    """
    clothes = _cut(picture, box)
    if clothes is None:
        raise BadUniform("the box lies outside the picture or has no size. Draw it on somebody's clothes.")
    return tuple(round(255 * math.sqrt(share)) for share in _shares(clothes, light or light_of(picture)))


def colour(uniform: Sequence[int]) -> float:
    """Return the share of coloured pixels in a histogram."""
    return float(_colours(uniform).sum())


def worn(uniform: Sequence[int], seen: Sequence[int]) -> float:
    """Return the share of *seen* that has the colours of *uniform*; both are histograms. Gray is no sign of anybody."""
    colours = _colours(uniform)
    return float(_colours(seen) @ np.minimum(1.0, colours / max(COMMON * float(colours.max()), 1e-9)))


def _colours(numbers: Sequence[int]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = (np.array(numbers[: UNIFORM_SHADES - GRAYS]) / 255) ** 2
    return shares


def torso(box: Box, view: str) -> Box:
    """Return where clothes are: from straight above around the head in the middle, at an angle in the upper middle."""
    (x, y), width, height = box.centre, box.width, box.height
    if view == "overhead":
        return Box(x - 0.35 * width, y - 0.35 * height, x + 0.35 * width, y + 0.35 * height)
    return Box(x - width / 5, box.top + height / 5, x + width / 5, box.top + height / 2)


@dataclass(slots=True)
class _Votes:
    looks: int = 0
    uniform: int = 0
    next_look: float = -math.inf
    badge_looks: int = 0
    next_badge_look: float = -math.inf


class Staff:
    """Decides of each track of one camera whether it is staff. `numbers` are those who are, for as long as they are tracked."""

    def __init__(self, signs: StaffSigns, view: str) -> None:
        self.numbers: frozenset[int] = frozenset()
        self._votes: dict[int, _Votes] = {}
        self.replan(signs, view)

    def replan(self, signs: StaffSigns, view: str) -> None:
        """Look for these signs from now on. Whoever was found to be staff stays so."""
        self._badges, self._uniform, self._view = signs.badges, signs.uniform, view
        self._votes.clear()
        if signs.uniform and colour(signs.uniform) < LEAST_COLOUR:
            log.warning("the uniform has too little colour to tell staff from customers, and is passed over")
            self._uniform = ()

    def look(self, picture: Picture, tracks: Sequence[Track], at: float) -> set[int]:
        """Look at those of *tracks* who are not decided, in the picture of second *at*; return who is now found to be staff."""
        if not (self._badges or self._uniform):
            return set()
        there = {track.number for track in tracks}
        self._votes = {number: votes for number, votes in self._votes.items() if number in there}
        undecided = [track for track in tracks if track.seen and track.number not in self.numbers]
        found = {*self._by_uniform(picture, undecided, at), *self._by_badge(picture, undecided, at)}
        if found or not self.numbers <= there:
            self.numbers = frozenset((self.numbers & there) | found)
        return found

    def _of(self, track: Track) -> _Votes:
        return self._votes.setdefault(track.number, _Votes())

    def _by_uniform(self, picture: Picture, undecided: Sequence[Track], at: float) -> list[int]:
        due = [t for t in undecided if self._uniform and (v := self._of(t)).looks < MOST_LOOKS and v.next_look <= at]
        due = sorted(due, key=lambda track: self._of(track).looks)[:LOOKS_A_PICTURE]
        light = light_of(picture) if due else None
        found = []
        for track in due:
            votes = self._of(track)
            votes.next_look = at + _pause(LOOK_S, votes.looks)
            clothes = torso(track.box, self._view)
            if _cut(picture, clothes) is None:
                continue
            votes.looks += 1
            votes.uniform += worn(self._uniform, histogram(picture, clothes, light)) >= WORN
            if votes.looks >= LEAST_LOOKS and votes.uniform >= MAJORITY * votes.looks:
                found.append(track.number)
        return found

    def _by_badge(self, picture: Picture, undecided: Sequence[Track], at: float) -> list[int]:
        due = [t for t in undecided if self._badges and (v := self._of(t)).badge_looks < MOST_LOOKS and v.next_badge_look <= at]
        if not due:
            return []
        # One look a picture: reading a badge costs more than finding somebody from above does.
        track = min(due, key=lambda track: self._of(track).badge_looks)
        votes = self._of(track)
        votes.next_badge_look = at + _pause(BADGE_LOOK_S, votes.badge_looks)
        votes.badge_looks += 1
        return [track.number] if number_on(picture, track.box) is not None else []


def _pause(seconds: float, looks: int) -> float:
    # A little less than the time itself: pictures come a little early as often as late.
    return 0.9 * seconds * (1 if looks < EAGER_LOOKS else SELDOM)


def _cut(picture: Picture, box: Box) -> Picture | None:
    """Return what is inside *box*, at most LOOKED_AT_PX a side."""
    height, width = picture.shape[:2]
    left, right = max(0, round(box.left)), min(width, round(box.right))
    top, bottom = max(0, round(box.top)), min(height, round(box.bottom))
    if left >= right or top >= bottom:
        return None
    size = min(LOOKED_AT_PX, right - left), min(LOOKED_AT_PX, bottom - top)
    return cv2.resize(picture[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _shares(clothes: Picture, light: Light) -> NDArray[np.float64]:
    logs = np.log(clothes.reshape(-1, 3).astype(np.float32) + DARK_LEVELS) - light.white
    blue, green, red = (logs / light.middle).T
    tone = -(blue + green + red) / 3
    # Two axes at right angles across the gray one: the direction in their plane is the hue.
    across, along = (red - blue) / math.sqrt(2), (2 * green - red - blue) / math.sqrt(6)
    chroma = np.hypot(across, along)
    coloured = (chroma >= LEAST_CHROMA) & (chroma >= COLOURED_FROM * (np.maximum(tone, 0) + COLOURED_FROM))
    hue = (np.arctan2(along, across)[coloured] / (2 * math.pi) * HUES) % HUES
    colours = np.zeros((HUES, len(TONES) + 1))
    step = np.digitize(tone[coloured], TONES)
    for neighbour, weight in _softly(hue):
        np.add.at(colours, (neighbour % HUES, step), weight)
    grays = np.zeros(GRAYS)
    for neighbour, weight in _softly(np.clip(tone[~coloured] / DARKEST_GRAY, 0, 1) * (GRAYS - 1)):
        np.add.at(grays, np.minimum(neighbour, GRAYS - 1), weight)
    return np.concatenate([colours.ravel(), grays]) / len(tone)


def _softly(place: Floats) -> tuple[tuple[NDArray[np.int64], Floats], ...]:
    """Share each pixel between the two nearest bins: the edge between two bins must not decide."""
    low = np.floor(place).astype(np.int64)
    high = place - low
    return (low, 1 - high), (low + 1, high)
