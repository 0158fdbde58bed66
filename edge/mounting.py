"""Whether a camera still looks where it looked when its lines were drawn, or was turned away or knocked.

What stays where it is in a shop are edges: shelves, door frames, tiles. Light changes their strength and people stand
before some of them, but the direction in which an edge runs stays. So a background without the people who walk (the
median of some seconds) is turned into directions, and those are laid over the reference's: orientation correlation
(Fitch et al., British Machine Vision Conference 2002), with doubled angles so that an edge whose bright side changes
with the light stays the same edge. The reference is only in memory; a restart begins with a new one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.sightings import Picture

WIDTH_PX: Final = 160
"""Width at which edges are compared."""
EVERY: Final = timedelta(seconds=2)
"""A picture is taken into the background, and the camera judged, so often."""
PICTURES: Final = 7
"""Of so many pictures the background is the median: whoever passes within half of them is not in it."""
EDGE_LEVELS: Final = 16.0
"""A slope below this (of Sobel, 3 x 3, on 255 levels) is no edge but noise."""
LEAST_EDGES: Final = 0.02
"""A picture with fewer edges than this share shows too little to judge by: a white wall, the dark."""
SHIFTED_PX: Final = 3
"""From here on, of WIDTH_PX, a line is no longer where it was drawn: a fiftieth of the picture."""
SHIFTED_LEAST: Final = 0.3
"""Shifted or turned, the edges lie at least so well over the reference's (1: all of them, 0: by chance)..."""
SHIFTED_BY: Final = 1.5
"""...and so much better than where they are."""
DOUBTFUL: Final = 0.55
"""When the edges agree at least so well where they are, nothing else is looked into."""
ANGLES_DEG: Final = (-12, -8, -4, 4, 8, 12)
"""A camera that hangs askew is sought at these angles; half a step beside them the edges still agree."""
ELSEWHERE: Final = 0.15
"""When the edges agree less than this with the reference, and the blocks as well, it may be another view."""
BLOCKS: Final = (4, 6)
"""Rows and columns in which the picture is looked at piece by piece: a crowd hides some of them, a turn all."""
BLOCK_AGREES: Final = 0.35
MOVED_AFTER: Final = 5
"""So many judgements in a row make a camera moved, or moved back."""
ELSEWHERE_AFTER: Final = 15
"""And so many when its edges are found nowhere: a crowd that fills the picture leaves sooner."""
FOLLOW: Final = 1 / 1800
"""The reference follows the background by so much at each judgement: seasons and shelves change, within hours."""

Gray = NDArray[np.uint8]
Directions = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well edges lie over the reference's: where they are, and at best, so many pixels away."""

    here: float
    best: float
    away_px: int


class Mounting:
    """Remembers where one camera looked. `moved` is whether it looks elsewhere now."""

    def __init__(self) -> None:
        self.moved = False
        self._pictures: deque[Gray] = deque(maxlen=PICTURES)
        self._taken_at: datetime | None = None
        self._reference: Directions | None = None
        self._against = 0.0

    def frame(self, small: Picture, at: datetime) -> None:
        """Take note of the small gray picture of the moment *at*."""
        if self._taken_at is not None and timedelta(0) <= at - self._taken_at < EVERY:
            return
        self._taken_at = at
        height = max(8, round(small.shape[0] * WIDTH_PX / small.shape[1]))
        picture = cv2.resize(small, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        if self._pictures and self._pictures[-1].shape != picture.shape:
            # Another resolution: nothing can be compared with what was before.
            self._pictures.clear()
            self._reference, self.moved, self._against = None, False, 0.0
        self._pictures.append(picture)  # type: ignore[arg-type]
        if len(self._pictures) == PICTURES:
            self._judge(np.median(np.stack(self._pictures), axis=0).astype(np.uint8))

    def _judge(self, background: Gray) -> None:
        seen = _directions(background)
        if np.count_nonzero(seen) < LEAST_EDGES * seen.size:
            return
        if self._reference is None:
            self._reference = seen
            return
        weight = _elsewhere(self._reference, seen, background)
        if (weight > 0) is self.moved:
            self._against = 0.0
        else:
            self._against += weight or 1 / MOVED_AFTER
            if self._against >= 1 - 1e-6:
                self.moved, self._against = not self.moved, 0.0
        if not weight:
            self._reference += np.complex64(FOLLOW) * (seen - self._reference)


def _elsewhere(reference: Directions, seen: Directions, background: Gray) -> float:
    """Return 0 when *seen* is the view of *reference*, else how much this one judgement weighs: 1 is enough."""
    fit = _fit(reference, seen)
    if fit.away_px >= SHIFTED_PX and _better(fit.best, fit.here):
        return 1 / MOVED_AFTER
    if fit.here >= DOUBTFUL:
        return 0.0
    if any(_better(_fit(reference, _directions(askew)).best, max(fit.here, fit.best)) for askew in _askew(background)):
        return 1 / MOVED_AFTER
    if fit.here < ELSEWHERE and _agreeing_blocks(reference, seen) <= ELSEWHERE:
        return 1 / ELSEWHERE_AFTER
    return 0.0


def _better(other: float, here: float) -> bool:
    return other >= SHIFTED_LEAST and other >= SHIFTED_BY * here


def _directions(gray: Gray) -> Directions:
    """Return for each place its edge's doubled direction as a complex number of length 1; 0 where there is no edge.

    The common direction of all edges is taken off: stairs and shelves agree with themselves however they are shifted.
    """
    smooth = cv2.GaussianBlur(gray, (5, 5), 0).astype(np.float32)
    slope = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = np.abs(slope)
    edge = strength >= EDGE_LEVELS
    doubled = np.where(edge, (slope / np.maximum(strength, 1e-6)) ** 2, 0)
    common = doubled.sum() / max(1, int(edge.sum()))
    off: Directions = np.where(edge, doubled - common, 0).astype(np.complex64)
    return off


def _fit(reference: Directions, seen: Directions) -> _Fit:
    lies = np.fft.ifft2(np.fft.fft2(seen) * np.conj(np.fft.fft2(reference))).real / _most(reference, seen)
    y, x = (int(place) for place in np.unravel_index(int(lies.argmax()), lies.shape))
    away = max(min(y, lies.shape[0] - y), min(x, lies.shape[1] - x))
    return _Fit(float(lies[0, 0]), float(lies[y, x]), away)


def _most(one: Directions, other: Directions) -> float:
    """Return what two sets of edges agree at most."""
    return max(1e-6, math.sqrt(float((np.abs(one) ** 2).sum()) * float((np.abs(other) ** 2).sum())))


def _agreeing_blocks(reference: Directions, seen: Directions) -> float:
    """Return the share of the blocks with edges in which they agree where they are."""
    rows, columns = BLOCKS
    pairs = [
        (mine, yours)
        for above, below in zip(np.array_split(reference, rows, 0), np.array_split(seen, rows, 0), strict=True)
        for mine, yours in zip(np.array_split(above, columns, 1), np.array_split(below, columns, 1), strict=True)
        if np.count_nonzero(mine) >= LEAST_EDGES * mine.size
    ]
    agreeing = sum(float((mine.conj() * yours).real.sum()) / _most(mine, yours) >= BLOCK_AGREES for mine, yours in pairs)
    return agreeing / max(1, len(pairs))


def _askew(background: Gray) -> Iterator[Gray]:
    """Yield the picture as it would be if the camera had been turned back by each of ANGLES_DEG."""
    height, width = background.shape
    for angle in ANGLES_DEG:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        yield cv2.warpAffine(background, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[misc]
