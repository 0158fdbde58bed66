"""People seen at an angle: a person detector of the SSD kind on OpenVINO, one thread. Needs the extra `openvino`.

Understood: a network (.xml, with its weights in the .bin beside it) with one input [1, 3, height, width], blue-green-red
0-255, the picture stretched to it; and one output [1, 1, boxes, 7]: picture, label (1 is a person), score, then left,
top, right, bottom in fractions. person-detection-retail-0013 is of this kind.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.detectors import BadDetector
from edge.sightings import Box, Detection, Picture

LEAST_SCORE: Final = 0.4
"""What is less sure is not said at all: below it are mostly bags, trolleys and shadows."""
SURE_FROM: Final = 0.8
"""The model's own score that is worth tracker.SURE_SCORE: only such a detection begins a track.

This family is sure of people (nine of ten above it at an angle) and half sure of things (up to 0.79).
"""

_PERSON: Final = 1
_ONE_THREAD: Final = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}


class OpenVino:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*, an .xml. Raises BadDetector when something is missing, unreadable, or of another kind."""
        network = _network(model)
        self._height, self._width = _size(model, network)
        self._request = _core().compile_model(network, "CPU", _ONE_THREAD).create_infer_request()
        self._said(np.zeros((self._height, self._width, 3), np.uint8))

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        height, width = picture.shape[:2]
        return people(self._said(picture), width, height)

    def _said(self, picture: Picture) -> NDArray[np.float32]:
        fitted = cv2.resize(picture, (self._width, self._height), interpolation=cv2.INTER_LINEAR)
        given = np.ascontiguousarray(fitted.transpose(2, 0, 1)[None], dtype=np.float32)
        self._request.infer([given], share_inputs=True)
        said: NDArray[np.float32] = self._request.get_output_tensor(0).data[0, 0]
        return said


def people(said: NDArray[np.float32], width: int, height: int) -> list[Detection]:
    """Return everybody in *said*, [boxes, 7], in pixels of a picture of *width* by *height*."""
    found = []
    likely = said[(said[:, 2] >= LEAST_SCORE) & np.isfinite(said).all(axis=1)]
    for _, label, score, left, top, right, bottom in likely.tolist():
        box = Box(max(0.0, left) * width, max(0.0, top) * height, min(1.0, right) * width, min(1.0, bottom) * height)
        if label == _PERSON and box.width > 1 and box.height > 1:
            found.append(Detection(box, min(1.0, score * 0.5 / SURE_FROM)))
    return found


def _core() -> Any:
    # Its makers' statistics package is never to speak: where it cannot be imported, OpenVINO goes without.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError:
        raise BadDetector(
            "detector \"openvino\" needs OpenVINO, which is not installed: pip install 'greetline[openvino]', "
            "or set `model` to an .onnx model such as yolox-nano."
        ) from None
    return openvino.Core()


def _network(model: Path) -> Any:
    core = _core()
    weights = model.with_suffix(".bin")
    if not weights.is_file() or not weights.stat().st_size:
        raise BadDetector(f"model {model.name} lacks its weights: there is nothing in {weights}. Put the .bin beside the .xml.")
    try:
        return core.read_model(model, weights)
    except RuntimeError as wrong:
        said = str(wrong).strip().splitlines()[-1][:160]
        raise BadDetector(
            f"model: {model} is not a model that can be loaded, or {weights.name} belongs to another: {said}"
        ) from None


def _size(model: Path, network: Any) -> tuple[int, int]:
    """Return height and width of the input in pixels. Raises BadDetector for a network of another kind."""
    taken = [str(one.partial_shape) for one in network.inputs]
    answered = [str(one.partial_shape) for one in network.outputs]
    if len(taken) == len(answered) == 1 and network.inputs[0].partial_shape.is_static:
        shape, answer = list(network.inputs[0].shape), network.outputs[0].partial_shape
        if len(shape) == 4 and shape[1] == 3 and len(answer) == 4 and str(answer[3]) == "7":
            return int(shape[2]), int(shape[3])
    raise BadDetector(
        f"model {model.name} takes {', '.join(taken)} and answers {', '.join(answered)}; expected one picture "
        "[1,3,height,width] and boxes [1,1,boxes,7]. Set `model` to one such as person-detection-retail-0013."
    )
