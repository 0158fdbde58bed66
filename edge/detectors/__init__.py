"""Who is in the picture. One kind of detector is one file; a new one is made by copying the nearest."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, Protocol

from broker.settings import CameraSettings
from edge import models
from edge.sightings import Detection, Picture


class BadDetector(Exception):
    """The detector that the settings ask for cannot be had. The text names the setting and the remedy."""


class Detector(Protocol):
    """Finds people in one picture."""

    def find(self, picture: Picture, small: Picture) -> list[Detection] | None:
        """Return everybody in *picture*; *small* is the same, at most motion.SMALL_WIDTH_PX wide.

        None means that nothing can be said about this picture, which is not the same as nobody.
        """


MAX_LOADED: Final = 4
"""Models that are kept in memory at a time, for whoever asks for them again."""

Kind = Literal["auto", "onnx", "openvino", "cv2dnn"]
"""Who runs a model file; auto: told from the file."""

_RUNS: Final = {"onnx": ".onnx", "cv2dnn": ".onnx", "openvino": ".xml"}


def choose(camera: CameraSettings) -> Detector:
    """Return the detector for *camera*. Raises BadDetector when it needs a model that is missing or unusable."""
    kind = camera.detector
    if kind == "blobs" or (kind == "auto" and camera.view == "overhead"):
        from edge.detectors.blobs import Blobs

        return Blobs()
    if camera.model is None:
        raise BadDetector(
            f"camera {camera.id}: view {camera.view!r} with detector {camera.detector!r} needs a model. "
            'Set `model` of the camera (--model FILE), or view = "overhead" if it looks straight down.'
        )
    try:
        return load(camera.model, kind)
    except BadDetector as wrong:
        raise BadDetector(f"camera {camera.id}: {wrong}") from None


def load(model: Path, kind: Kind = "auto") -> Detector:
    """Return the detector that runs *model*, a file or a folder and the name of a model in it. Raises BadDetector.

    Whoever asks for the same file gets the same detector: it remembers nothing of a picture, and is in memory once
    however many cameras use it. One thread at a time may ask it.
    """
    file = _file(model)
    kind = _kind_of(file) if kind == "auto" else kind
    if file.suffix.lower() != _RUNS[kind]:
        raise BadDetector(f'detector "{kind}" runs {_RUNS[kind]} files, and `model` is {file.name}. Set detector = "auto".')
    return _loaded(file.resolve(), kind, file.stat().st_mtime_ns)


@lru_cache(maxsize=MAX_LOADED)
def _loaded(file: Path, kind: Kind, changed_at: int) -> Detector:
    """Load *file* as it was at *changed_at*: one that was replaced is loaded anew."""
    if kind == "openvino":
        from edge.detectors.openvino import OpenVino

        return OpenVino(file)
    if kind == "cv2dnn":
        from edge.detectors.cv2dnn import Cv2Dnn

        return Cv2Dnn(file)
    if not find_spec("onnxruntime"):
        raise BadDetector('detector "onnx" needs onnxruntime: pip install \'greetline[edge]\', or set detector = "auto".')
    # onnxruntime alone is 40 MB: a camera that looks straight down never loads it.
    from edge.detectors.onnx import Onnx

    return Onnx(file)


def _file(model: Path) -> Path:
    found = model if model.is_file() else models.find(model.parent, model.name)
    if found is None:
        known = models.named(model.name)
        fetch = f"`greetline models fetch {known.name}` brings it; or set" if known else "Set"
        raise BadDetector(f"model: there is no file {model}. {fetch} `model` of the camera (--model FILE) to one that exists.")
    if not found.stat().st_size:
        raise BadDetector(f"model: {found} is empty. Copy it again, or delete it and run `greetline models fetch`.")
    return found


def _kind_of(file: Path) -> Literal["onnx", "openvino", "cv2dnn"]:
    suffix = file.suffix.lower()
    if suffix == ".xml":
        return "openvino"
    if suffix == ".onnx":
        return "onnx" if find_spec("onnxruntime") else "cv2dnn"
    hint = f"the {file.stem}.xml beside it" if suffix == ".bin" else "a file that ends in .onnx or .xml"
    raise BadDetector(f"model: {file} is not a model that can be loaded. Set `model` to {hint}.")
