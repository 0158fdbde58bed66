"""Lines and polygons in a picture. Settings give fractions of the picture, the stages work in its pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.sightings import Place

SHORTEST_LINE_PX: Final = 4.0
"""A line shorter than this is a slip of the mouse."""

_TOWARDS: Final[dict[str, Place]] = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
_LEAST_ACROSS: Final = 0.17
"""Cosine of about 80 degrees: `inside` must point across the line, not along it."""


class BadGeometry(ValueError):
    """A line or polygon that cannot be used. The text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A line with two ends and an inner side, in pixels."""

    start: Place
    end: Place
    normal: Place
    """Length 1, at a right angle to the line, pointing inside."""

    def depth(self, place: Place) -> float:
        """Return how far inside *place* is, in pixels; negative is outside."""
        return (place[0] - self.start[0]) * self.normal[0] + (place[1] - self.start[1]) * self.normal[1]

    def along(self, place: Place) -> float:
        """Return where *place* lies along the line: 0 at its start, 1 at its end."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        return ((place[0] - self.start[0]) * dx + (place[1] - self.start[1]) * dy) / (dx * dx + dy * dy)


def segment(points: Sequence[Place], inside: str, size: tuple[int, int], *, name: str = "line") -> Segment:
    """Return the line through two *points* (fractions) in a picture of *size* (width, height).

    Raises BadGeometry when it has no length, or when *inside* points along it.
    """
    start, end = (scaled(point, size) for point in points)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < SHORTEST_LINE_PX:
        raise BadGeometry(f"line {name!r} has no length: both ends are at {points[0]}. Give two different places.")
    towards = _TOWARDS[inside]
    normal = (-dy / length, dx / length)
    across = normal[0] * towards[0] + normal[1] * towards[1]
    if abs(across) < _LEAST_ACROSS:
        other = "left or right" if inside in ("up", "down") else "up or down"
        raise BadGeometry(f"line {name!r} runs {inside}: its inside must lie across it. Say {other}.")
    sign = math.copysign(1.0, across)
    return Segment(start, end, (normal[0] * sign, normal[1] * sign))


def scaled(point: Place, size: tuple[int, int]) -> Place:
    """Return *point* (fractions) in pixels of a picture of *size* (width, height)."""
    return point[0] * size[0], point[1] * size[1]


def polygon(points: Sequence[Place], size: tuple[int, int], *, name: str = "area") -> tuple[Place, ...]:
    """Return the corners in pixels. Raises BadGeometry when they enclose nothing."""
    corners = tuple(scaled(point, size) for point in points)
    if len(corners) < 3 or abs(_area(corners)) < 1:
        raise BadGeometry(
            f"area {name!r} encloses nothing. Give at least three corners, one after the other around it and not on one line."
        )
    return corners


def _area(corners: Sequence[Place]) -> float:
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def within(corners: Sequence[Place], place: Place) -> bool:
    """Whether *place* lies in the polygon (even-odd rule)."""
    x, y = place
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def depth(corners: Sequence[Place], place: Place) -> float:
    """Return how far inside a polygon *place* is, in pixels; negative is outside."""
    x, y = place
    nearest, inside = math.inf, False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        dx, dy = x2 - x1, y2 - y1
        length = dx * dx + dy * dy
        share = min(1.0, max(0.0, ((x - x1) * dx + (y - y1) * dy) / length)) if length else 0.0
        nearest = min(nearest, math.hypot(x - x1 - share * dx, y - y1 - share * dy))
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / dy * dx:
            inside = not inside
    return nearest if inside else -nearest
