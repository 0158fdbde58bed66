"""What goes into a YOLOX model and what its answer means, whatever runs it.

One input [1, 3, height, width], blue-green-red 0-255, padded with 114; one output [1, cells, 5 + classes] with x, y,
width, height on the grids of stride 8, 16 and 32, then whether there is anything, then the classes, of which the first
is "person". yolox-nano and lwpd are of this kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detectors import BadDetector
from edge.sightings import Box, Detection, Picture

LEAST_SCORE: Final = 0.2
"""What is less sure is not said at all."""
SURE_FROM: Final = 0.4
"""The model's own score that is worth tracker.SURE_SCORE: only such a detection begins a track."""
OVERLAP: Final = 0.55
"""Two boxes that overlap by more (intersection over union) are one person."""
CELL_PX: Final = 32
"""The sides of an input are multiples of it: the coarsest grid."""

_STRIDES: Final = (8, 16, CELL_PX)
_PADDING: Final = 114

Floats = NDArray[np.float32]


class Yolox:
    """A YOLOX model's language, for one size of input."""

    def __init__(self, height: int, width: int) -> None:
        """*height* and *width* of the input in pixels, multiples of 32."""
        self._height, self._width = height, width
        self._cells, self._strides = _grid(height, width)

    def blank(self) -> Floats:
        """Return an input with nothing in it."""
        return np.full((1, 3, self._height, self._width), _PADDING, np.float32)

    def fit(self, picture: Picture) -> Floats:
        """Return *picture* as an input: as large as it goes in, in the upper left corner."""
        scale = self._scale(picture)
        width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        fitted = np.full((self._height, self._width, 3), _PADDING, np.uint8)
        fitted[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(fitted.transpose(2, 0, 1)[None], dtype=np.float32)

    def people(self, said: Floats, picture: Picture) -> list[Detection]:
        """Return everybody in *picture*, to whose input the model answered *said*, [cells, 5 + classes]."""
        scores = said[:, 4] * said[:, 5]
        likely = scores >= LEAST_SCORE
        boxes = self._boxes(said[likely], likely) / self._scale(picture)
        return _without_doubles(boxes, scores[likely])

    def check(self, model: Path, said: Sequence[Floats]) -> None:
        """Raise BadDetector when *said*, all outputs of *model* for one input, is not a YOLOX model's answer."""
        if len(said) == 1 and said[0].ndim == 3 and said[0].shape[1] == len(self._cells) and said[0].shape[2] >= 6:
            return
        shapes = ", ".join(str(list(one.shape)) for one in said)
        raise BadDetector(
            f"model {model.name} answers {shapes}; a YOLOX model answers one table [1, {len(self._cells)}, 5 + classes]. "
            "Set `model` to a YOLOX model such as yolox-nano or lwpd."
        )

    def _scale(self, picture: Picture) -> float:
        return float(min(self._width / picture.shape[1], self._height / picture.shape[0]))

    def _boxes(self, said: Floats, likely: NDArray[np.bool_]) -> Floats:
        """Return left, top, width, height in pixels of the input."""
        strides = self._strides[likely]
        centres = (said[:, :2] + self._cells[likely]) * strides
        sizes = np.exp(said[:, 2:4]) * strides
        return np.concatenate([centres - sizes / 2, sizes], axis=1)


def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    """Return for each row of the answer its cell (x, y) and its stride."""
    cells, strides = [], []
    for stride in _STRIDES:
        ys, xs = np.mgrid[0 : height // stride, 0 : width // stride]
        cells.append(np.stack([xs.ravel(), ys.ravel()], axis=1))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _without_doubles(boxes: Floats, scores: Floats) -> list[Detection]:
    if not len(boxes):
        return []
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), LEAST_SCORE, OVERLAP)
    found = []
    for index in np.asarray(kept).ravel().tolist():
        left, top, width, height = (float(value) for value in boxes[index])
        if all(map(math.isfinite, (left, top, width, height))) and min(width, height) > 1:
            score = min(1.0, float(scores[index]) * 0.5 / SURE_FROM)
            found.append(Detection(Box(left, top, left + width, top + height), score))
    return found
