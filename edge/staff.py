"""Who works here: the colours of a uniform, or an ArUco badge. Nothing about a person is kept, only a vote for each track.

A uniform is a histogram of UNIFORM_SHADES numbers. Each pixel is judged beside the median of the whole picture (in
logarithms, channel by channel), so that a brighter lamp, warmer light or another gamma of the camera shifts it little:

    0 to 47   coloured pixels: 16 hues x 3 tones (darker than the picture, about the same, lighter), hue by hue
    48 to 63  gray pixels: 16 steps from dark to light

Each number is 255 times the square root of the share of such pixels, so that the Bhattacharyya coefficient of two
histograms is the sum of the products of their numbers, divided by 255 squared.
"""

from __future__ import annotations

import math
from operator import mul
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from broker.contract.plan import UNIFORM_SHADES
from edge.sightings import Box, Picture

HUES: Final = 16
TONES: Final = 3
GRAYS: Final = UNIFORM_SHADES - HUES * TONES
COLOURED_FROM: Final = 0.16
"""A pixel is coloured from this chroma on (logarithms of its channels, apart)."""
TONE_STEP: Final = 0.5
"""A coloured pixel is darker or lighter than the picture when its logarithm differs by more."""
GRAY_SPAN: Final = 1.8
"""Gray steps reach from so much below the picture's median to so much above it."""
DARK_LEVELS: Final = 10.0
"""Added to every channel (of 255): the noise of dark pixels is no colour."""
LOOKED_AT_PX: Final = 32
"""Clothes are looked at in at most so many pixels a side."""

Shares = NDArray[np.float64]
Light = NDArray[np.float32]


class NoClothes(ValueError):
    """There is nothing in the box. The text says what to draw."""


def uniform_of(picture: Picture, box: Box) -> tuple[int, ...]:
    """Return the colours inside *box*, drawn on somebody's clothes, as `StaffSigns.uniform` carries them.

    Raises NoClothes when the box holds no pixel of *picture*.
    """
    return histogram(picture, box)


def histogram(picture: Picture, box: Box) -> tuple[int, ...]:
    """Return the UNIFORM_SHADES numbers of what is inside *box*. Raises NoClothes when that is nothing."""
    clothes = _cut(picture, box)
    if clothes is None:
        raise NoClothes("the box lies outside the picture or has no size. Draw it on somebody's clothes.")
    return tuple(round(255 * math.sqrt(share)) for share in _shares(clothes, light_of(picture)))


def light_of(picture: Picture) -> Light:
    """Return what pixels of *picture* are judged beside: the logarithm of the median of each channel."""
    step = max(1, picture.shape[1] // 64)
    return np.log(np.median(picture[::step, ::step].reshape(-1, 3), axis=0) + DARK_LEVELS).astype(np.float32)  # type: ignore[no-any-return]


def alike(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the Bhattacharyya coefficient of two histograms: 0 nothing in common, 1 the same."""
    return float(sum(map(mul, one, other))) / 255**2


def _cut(picture: Picture, box: Box) -> Picture | None:
    """Return what is inside *box*, at most LOOKED_AT_PX a side."""
    height, width = picture.shape[:2]
    left, right = max(0, round(box.left)), min(width, round(box.right))
    top, bottom = max(0, round(box.top)), min(height, round(box.bottom))
    if left >= right or top >= bottom:
        return None
    cut = picture[top:bottom, left:right]
    size = min(LOOKED_AT_PX, right - left), min(LOOKED_AT_PX, bottom - top)
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _shares(clothes: Picture, light: Light) -> Shares:
    blue, green, red = (np.log(clothes.reshape(-1, 3) + np.float32(DARK_LEVELS)) - light).T
    tone = (blue + green + red) / 3
    # Two axes across the gray one, both of the same scale: atan2 of them is the hue, whatever gamma stretched them by.
    across, along = (red - blue) / math.sqrt(2), (2 * green - red - blue) / math.sqrt(6)
    hue = (np.arctan2(along, across) / (2 * math.pi) * HUES) % HUES
    chroma = np.hypot(across, along)
    coloured = chroma >= COLOURED_FROM
    coarse = np.digitize(tone, (-TONE_STEP, TONE_STEP))
    colours = np.zeros((HUES, TONES))
    for neighbour, weight in _softly(hue[coloured]):
        np.add.at(colours, (neighbour % HUES, coarse[coloured]), weight)
    grays = np.zeros(GRAYS)
    step = np.clip((tone[~coloured] + GRAY_SPAN) / (2 * GRAY_SPAN) * (GRAYS - 1), 0, GRAYS - 1)
    for neighbour, weight in _softly(step):
        np.add.at(grays, np.minimum(neighbour, GRAYS - 1), weight)
    shares: Shares = np.concatenate([colours.ravel(), grays]) / len(tone)
    return shares


def _softly(place: NDArray[np.float32]) -> tuple[tuple[NDArray[np.int64], NDArray[np.float32]], ...]:
    """Share each pixel between the two nearest bins: the edge between two bins must not decide."""
    low = np.floor(place).astype(np.int64)
    high = place - low
    return (low, 1 - high), (low + 1, high)
