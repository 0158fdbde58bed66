"""People seen at an angle: a YOLOX model on OpenCV's own network engine, where there is no onnxruntime.

The same answers as edge/detectors/onnx.py, at twice its cost.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.detectors import BadDetector
from edge.detectors.fitted import Fitted, Run
from edge.detectors.yolox import Floats
from edge.sightings import Detection, Picture


class Cv2Dnn:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        self._model = Fitted(model, _load)

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        return self._model.find(picture)


def _load(model: Path, content: bytes) -> Run:
    try:
        net: Any = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as wrong:
        raise BadDetector(f"model: {model} is not a model that can be loaded: {_short(wrong)}") from None
    return partial(_run, model, net)


def _run(model: Path, net: Any, shown: Floats) -> list[Floats]:
    try:
        net.setInput(shown)
        return list(net.forward(net.getUnconnectedOutLayersNames()))
    except cv2.error as wrong:
        raise BadDetector(f"model: {model} is not a model that can be loaded: {_short(wrong)}") from None


def _short(wrong: cv2.error) -> str:
    return str(wrong.err or wrong).splitlines()[0][:160]
