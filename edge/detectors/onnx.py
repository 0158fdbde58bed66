"""People seen at an angle: a YOLOX model on onnxruntime, one thread (more threads cost more and help nobody else)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import onnxruntime

from edge.detectors import BadDetector
from edge.detectors.fitted import Fitted, Run
from edge.detectors.yolox import Floats
from edge.sightings import Detection, Picture


class Onnx:
    """One model in memory."""

    def __init__(self, model: Path) -> None:
        """Load *model*. Raises BadDetector when it is missing, unreadable, or of another kind."""
        self._model = Fitted(model, _load)

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        """Return everybody in *picture*."""
        return self._model.find(picture)


def _load(model: Path, content: bytes) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # It raises what goes wrong, and we say it in a sentence: its own log would only tell it a second time.
    options.log_severity_level = 4
    # Cameras of one shape are all it sees: a plan of its memory made in advance gains nothing and costs some.
    options.enable_mem_pattern = False
    # A spinning thread would eat the core that another camera needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as wrong:  # noqa: BLE001 - onnxruntime's errors have no common base of their own.
        raise BadDetector(f"model: {model} is not a model that can be loaded: {str(wrong).splitlines()[0][:160]}") from None
    return partial(_run, model, session)


def _run(model: Path, session: onnxruntime.InferenceSession, shown: Floats) -> list[Floats]:
    try:
        said: list[Floats] = session.run(None, {session.get_inputs()[0].name: shown})
    except Exception as wrong:  # noqa: BLE001 - as above.
        raise BadDetector(f"model {model.name} cannot take a picture: {str(wrong).splitlines()[0][:160]}") from None
    return said
