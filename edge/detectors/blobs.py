"""People seen from straight above: whatever moves before a background that is learned (MOG2), in one piece each.

Nothing to download and next to nothing to compute. Shadows are taken off. What is foreign but does not move (a patch of
sun, a door left open, a lamp) is no person, and a picture that moves as a whole (a knocked camera, a light switched on)
is recognised and not counted.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from edge.sightings import Box, Detection, Picture

HISTORY_PICTURES: Final = 300
"""How far back the background remembers: half a minute at ten pictures a second."""
BACKGROUND_RATIO: Final = 0.85
"""Somebody who stands still becomes background after five seconds (OpenCV's 0.9: after three)."""
FOREIGN: Final = 40.0
"""Squared distance, in variances of the background, from which a pixel is foreign to it (OpenCV's varThreshold)."""
LEAST_SHARE: Final = 0.004
"""A person takes at least this share of the picture; what is smaller is a foot, a bag, a flicker."""
MOST_SHARE: Final = 0.45
"""And at most this much, however low the ceiling."""
LONGEST_TO_WIDTH: Final = 2.6
"""Nobody seen from above is longer than this against their width; a door's edge is."""
MOVING_SHARE: Final = 0.1
"""So much of a person has changed since the last picture; of a patch of light, less."""
MOVING_LEVELS: Final = 12
"""A pixel has changed when it differs so much (of 255) from the last picture."""
OPEN_PX: Final = 5
"""Bridges thinner than this, in the small picture, do not join two people: a foot, a strip of shadow."""
CLOSE_PX: Final = 7
"""Gaps narrower than this do not part one person: a belt, a bag's strap."""
STILL_SCORE: Final = 0.3
"""What does not move is too unsure to begin a track, and goes on with one: somebody has come to a halt."""
WHOLE_SHARE: Final = 0.6
"""When more than this share is foreign, the picture moved, not people."""
RELEARN_PICTURES: Final = 5
"""After so many pictures in a row that moved as a whole, the background is learned anew."""

_FOREGROUND: Final = 255
"""MOG2's mark of the foreground; shadows are 127."""


class Blobs:
    """Remembers the background of one camera."""

    def __init__(self) -> None:
        self._background = _fresh()
        self._last: Picture | None = None
        self._moved_whole = 0
        self._close = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSE_PX, CLOSE_PX))
        self._open = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (OPEN_PX, OPEN_PX))

    def find(self, picture: Picture, small: Picture) -> list[Detection] | None:
        """Return one detection for each piece of foreground, unsure if it is still; None when the whole picture moved."""
        mask = self._foreign(small)
        changed = self._changed(small)
        if changed is None or self._whole_picture_moved(mask):
            return None
        return _people(mask, changed, picture.shape[1] / small.shape[1])

    def _foreign(self, small: Picture) -> Picture:
        _, mask = cv2.threshold(self._background.apply(small), _FOREGROUND - 1, 255, cv2.THRESH_BINARY)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, self._open)
        return cv2.morphologyEx(mask, cv2.MORPH_CLOSE, self._close)  # type: ignore[return-value]

    def _changed(self, small: Picture) -> Picture | None:
        """Return which pixels differ from the last picture; None for the first."""
        gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        last, self._last = self._last, gray  # type: ignore[assignment]
        if last is None or last.shape != gray.shape:
            return None
        _, changed = cv2.threshold(cv2.absdiff(gray, last), MOVING_LEVELS, 255, cv2.THRESH_BINARY)
        return changed  # type: ignore[return-value]

    def _whole_picture_moved(self, mask: Picture) -> bool:
        if cv2.countNonZero(mask) < WHOLE_SHARE * mask.size:
            self._moved_whole = 0
            return False
        self._moved_whole += 1
        if self._moved_whole >= RELEARN_PICTURES:
            self._background, self._moved_whole = _fresh(), 0
        return True


def _fresh() -> cv2.BackgroundSubtractorMOG2:
    background = cv2.createBackgroundSubtractorMOG2(HISTORY_PICTURES, FOREIGN, detectShadows=True)
    background.setBackgroundRatio(BACKGROUND_RATIO)
    return background


def _people(mask: Picture, changed: Picture, scale: float) -> list[Detection]:
    """Return a box, in pixels of the whole picture, for each piece of *mask* that may be somebody."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        left, top, width, height = cv2.boundingRect(outline)
        here = np.s_[top : top + height, left : left + width]
        # The bounding box first: it is cheap, and most pieces are crumbs.
        if width * height < LEAST_SHARE * mask.size or max(width, height) > LONGEST_TO_WIDTH * min(width, height):
            continue
        area = cv2.countNonZero(mask[here])
        if not LEAST_SHARE <= area / mask.size <= MOST_SHARE:
            continue
        moving = cv2.countNonZero(cv2.bitwise_and(changed[here], mask[here])) >= MOVING_SHARE * area
        box = Box(left * scale, top * scale, (left + width) * scale, (top + height) * scale)
        found.append(Detection(box, 1.0 if moving else STILL_SCORE))
    return found
