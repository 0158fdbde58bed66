"""People seen at an angle: a YOLOX model on onnxruntime, one thread (more threads cost more and help nobody else)."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from edge.detectors import BadDetector
from edge.detectors.yolox import Yolox
from edge.sightings import Detection, Picture


class Onnx:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        self._session = _session(model)
        shown = self._session.get_inputs()[0]
        self._input = shown.name
        self._yolox = Yolox(*_size(model, shown.shape))
        self._yolox.check(model, self._session.run(None, {self._input: self._yolox.blank()}))

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        said = self._session.run(None, {self._input: self._yolox.fit(picture)})[0][0]
        return self._yolox.people(said, picture)


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
