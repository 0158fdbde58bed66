"""People seen at an angle: a YOLOX model on onnxruntime, one thread (more threads cost more and help nobody else).

Understood: one input [1, 3, height, width], blue-green-red 0-255, padded with 114; one output [1, cells, 5 + classes]
with x, y, width, height on the grids of stride 8, 16 and 32, then whether there is anything, then the classes, of which
the first is "person". yolox-nano and lwpd are of this kind.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.detectors import BadDetector
from edge.sightings import Box, Detection, Picture

LEAST_SCORE: Final = 0.2
"""What is less sure is not said at all."""
SURE_FROM: Final = 0.4
"""The model's own score that is worth tracker.SURE_SCORE: only such a detection begins a track."""
OVERLAP: Final = 0.55
"""Two boxes that overlap by more (intersection over union) are one person."""

_STRIDES: Final = (8, 16, 32)
_PADDING: Final = 114

Floats = NDArray[np.float32]


class Onnx:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        self._session = _session(model)
        shown = self._session.get_inputs()[0]
        self._input = shown.name
        self._height, self._width = _size(model, shown.shape)
        self._cells, self._strides = _grid(self._height, self._width)
        said = self._session.run(None, {self._input: np.full((1, 3, self._height, self._width), _PADDING, np.float32)})
        if len(said) != 1 or said[0].ndim != 3 or said[0].shape[1] != len(self._cells) or said[0].shape[2] < 6:
            shapes = ", ".join(str(list(one.shape)) for one in said)
            raise BadDetector(
                f"model {model.name} answers {shapes}; a YOLOX model answers one table [1, {len(self._cells)}, 5 + classes]. "
                "Set `model` to a YOLOX model such as yolox-nano or lwpd."
            )

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        scale = min(self._width / picture.shape[1], self._height / picture.shape[0])
        said = self._session.run(None, {self._input: self._fit(picture, scale)})[0][0]
        scores = said[:, 4] * said[:, 5]
        likely = scores >= LEAST_SCORE
        boxes = self._boxes(said[likely], likely) / scale
        return _without_doubles(boxes, scores[likely])

    def _fit(self, picture: Picture, scale: float) -> Floats:
        width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        fitted = np.full((self._height, self._width, 3), _PADDING, np.uint8)
        fitted[:height, :width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(fitted.transpose(2, 0, 1)[None], dtype=np.float32)

    def _boxes(self, said: Floats, likely: NDArray[np.bool_]) -> Floats:
        """Return left, top, width, height in pixels of the input."""
        strides = self._strides[likely]
        centres = (said[:, :2] + self._cells[likely]) * strides
        sizes = np.exp(said[:, 2:4]) * strides
        return np.concatenate([centres - sizes / 2, sizes], axis=1)


def _session(model: Path) -> onnxruntime.InferenceSession:
    if not model.is_file():
        raise BadDetector(f"model: there is no file {model}. Set `model` of the camera (--model FILE) to one that exists.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning thread would eat the core that another camera needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as wrong:  # noqa: BLE001 - onnxruntime's errors have no common base of their own.
        raise BadDetector(f"model: {model} is not a model that can be loaded: {str(wrong).splitlines()[0][:160]}") from None


def _size(model: Path, shape: list[int | str]) -> tuple[int, int]:
    if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) and side % 32 == 0 for side in shape[2:]):
        raise BadDetector(
            f"model {model.name} takes {shape}; expected [1, 3, height, width] in multiples of 32. "
            "Set `model` to a YOLOX model such as yolox-nano or lwpd."
        )
    return int(shape[2]), int(shape[3])


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
