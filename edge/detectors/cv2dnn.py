"""People seen at an angle: a YOLOX model on OpenCV's own network engine, where there is no onnxruntime.

The same answers as edge/detectors/onnx.py, at twice its cost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from edge.detectors import BadDetector, onnxfile
from edge.detectors.yolox import Floats, Yolox
from edge.sightings import Detection, Picture

_CELL: Final = 32


class Cv2Dnn:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        content = model.read_bytes()
        self._yolox = Yolox(*_size(model, content))
        try:
            self._net: Any = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
            self._net.setInput(self._yolox.blank())
            said: Any = self._net.forward(self._net.getUnconnectedOutLayersNames())
        except cv2.error as wrong:
            raise BadDetector(f"model: {model} is not a model that can be loaded: {_short(wrong)}") from None
        self._yolox.check(model, said)

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        self._net.setInput(self._yolox.fit(picture))
        said: Floats = self._net.forward()
        return self._yolox.people(said[0], picture)


def _size(model: Path, content: bytes) -> tuple[int, int]:
    """Return height and width of the input in pixels. Raises BadDetector."""
    try:
        shape = onnxfile.input_shape(content)
    except onnxfile.NotOnnx:
        raise BadDetector(
            f"model: {model} is not a model that can be loaded: it is no ONNX file. Fetch or copy it again."
        ) from None
    if len(shape) != 4 or shape[1] != 3 or not all(side > 0 and side % _CELL == 0 for side in shape[2:]):
        raise BadDetector(
            f"model {model.name} takes {list(shape)}; expected [1, 3, height, width] in multiples of {_CELL}. "
            "Set `model` to a YOLOX model such as yolox-nano or lwpd."
        )
    return shape[2], shape[3]


def _short(wrong: cv2.error) -> str:
    return str(wrong.err or wrong).splitlines()[0][:160]
