"""A YOLOX model at the proportions of the pictures it is shown, whatever runs it.

These models are convolutional: the file says 416 x 416, and the same weights answer for 416 x 256. A square around a
picture of 16:9 is two fifths padding, which is paid for like the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edge.detectors import BadDetector, onnxfile
from edge.detectors.yolox import CELL_PX, Floats, Yolox
from edge.sightings import Detection, Picture

log = logging.getLogger(__name__)

LEAST_SIDE_PX: Final = 256
"""The longer side is the model's own, and at least so long: lwpd's 192 is too few for a whole picture."""
OPEN_SIDE_PX: Final = 416
"""The longer side of a model that leaves it open."""
MOST_SHAPES: Final = 4
"""So many proportions are kept ready, at about 15 MB each; more cameras than that of different shapes share them."""

TRIED_SIDE_PX: Final = 64
"""A model is tried on a picture of this size when it is loaded."""
Run = Callable[[Floats], Sequence[Floats]]
"""Takes an input, returns all outputs."""
Load = Callable[[Path, bytes], Run]
"""Takes the file's name and content. Raises BadDetector."""
Size = tuple[int, int]
"""Height and width in pixels."""


class Fitted:
    """One model in memory."""

    def __init__(self, model: Path, load: Load) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        if not model.is_file():
            raise BadDetector(f"model: there is no file {model}. Set `model` of the camera (--model FILE) to one that exists.")
        self._model, self._load, self._content = model, load, model.read_bytes()
        shape = _shape(model, self._content)
        self._own: Size = shape[2] or shape[3] or OPEN_SIDE_PX, shape[3] or shape[2] or OPEN_SIDE_PX
        if not all(shape[2:]):
            self._content = onnxfile.resized(self._content, *self._own)
        self._longest = max(LEAST_SIDE_PX, *self._own)
        # Tried now, because a wrong model must end the start; on a tiny picture, because the heap keeps its high-water mark.
        self._at((TRIED_SIDE_PX, TRIED_SIDE_PX))
        self._fitted: dict[Size, tuple[Yolox, Run]] = {}

    def find(self, picture: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        yolox, run = self._for(picture)
        return yolox.people(run(yolox.fit(picture))[0][0], picture)

    def _for(self, picture: Picture) -> tuple[Yolox, Run]:
        size = _size(picture, self._longest)
        if size not in self._fitted:
            if len(self._fitted) >= MOST_SHAPES:
                del self._fitted[next(iter(self._fitted))]
            self._fitted[size] = self._at(size)
        return self._fitted[size]

    def _at(self, size: Size) -> tuple[Yolox, Run]:
        try:
            return self._ready(size, onnxfile.resized(self._content, *size))
        except (BadDetector, onnxfile.NotOnnx):
            log.info("model %s answers only for its own size of picture, not for %d x %d", self._model.name, size[1], size[0])
            return self._ready(self._own, self._content)

    def _ready(self, size: Size, content: bytes) -> tuple[Yolox, Run]:
        yolox, run = Yolox(*size), self._load(self._model, content)
        yolox.check(self._model, run(yolox.blank()))
        return yolox, run


def _size(picture: Picture, longest: int) -> Size:
    """Return the size of the input for *picture*: no more than a cell's worth of padding."""
    share = longest / max(picture.shape[:2])
    return _cells(picture.shape[0] * share), _cells(picture.shape[1] * share)


def _cells(side: float) -> int:
    return max(1, -(-round(side) // CELL_PX)) * CELL_PX


def _shape(model: Path, content: bytes) -> tuple[int, ...]:
    """Return what the model takes, 0 for what it leaves open. Raises BadDetector."""
    try:
        shape = onnxfile.input_shape(content)
    except onnxfile.NotOnnx:
        raise BadDetector(
            f"model: {model} is not a model that can be loaded: it is no ONNX file. Fetch or copy it again."
        ) from None
    if len(shape) != 4 or shape[0] > 1 or shape[1] not in (0, 3) or any(side < 0 or side % CELL_PX for side in shape[2:]):
        raise BadDetector(
            f"model {model.name} takes {list(shape)}; expected [1, 3, height, width] in multiples of {CELL_PX}. "
            "Set `model` to a YOLOX model such as yolox-nano or lwpd."
        )
    return shape
