"""The gate: is there anything to look at? A running average of a small gray picture, for a quarter of a millisecond.

A closed gate says "not looked", which is not "looked and saw nobody": nothing moved, so everybody stays where they are.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sightings import Picture

SMALL_WIDTH_PX: Final = 320
"""Width of the small picture that the gate and the blobs look at."""
MOVED_LEVELS: Final = 14
"""A pixel has moved when it differs so much (of 255) from the running average."""
MOVED_SHARE: Final = 0.0015
"""So much of the picture must have moved to open the gate: a hand is enough, noise is not."""
HOLD_S: Final = 0.6
"""The gate stays open so long after the last motion, so that people are seen coming to rest."""
LOOK_AGAIN_S: Final = 1.0
"""And opens at least so often, so that a detector follows the daylight."""

_FOLLOW: Final = 0.1
"""Weight of the newest picture in the running average."""


def shrink(picture: Picture) -> Picture:
    """Return *picture* with its longer side at most SMALL_WIDTH_PX, in its own proportions.

    The longer side, so that people in a picture on end are as large as in the same picture lying.
    """
    height, width = picture.shape[:2]
    scale = SMALL_WIDTH_PX / max(width, height)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


class Gate:
    """Opens when something moves. `share` is how many of the pictures were let through."""

    def __init__(self) -> None:
        self._average: NDArray[np.float32] | None = None
        self._open_until = 0.0
        self._again_at = 0.0
        self._shown = 0
        self._passed = 0

    @property
    def share(self) -> float:
        """Share of the pictures that were looked at, 0 to 1."""
        return self._passed / self._shown if self._shown else 1.0

    def open(self, gray: Picture, at: float) -> bool:
        """Whether the picture of second *at* is worth a look."""
        if self._moved(gray):
            self._open_until = at + HOLD_S
        passes = at <= self._open_until or at >= self._again_at
        if passes:
            self._again_at = at + LOOK_AGAIN_S
        self._shown += 1
        self._passed += passes
        return passes

    def _moved(self, gray: Picture) -> bool:
        if self._average is None or self._average.shape != gray.shape:
            self._average = gray.astype(np.float32)
            return True
        difference = cv2.absdiff(gray, cv2.convertScaleAbs(self._average))
        _, moved = cv2.threshold(difference, MOVED_LEVELS, 255, cv2.THRESH_BINARY)
        cv2.accumulateWeighted(gray, self._average, _FOLLOW)
        return cv2.countNonZero(moved) >= MOVED_SHARE * gray.size
