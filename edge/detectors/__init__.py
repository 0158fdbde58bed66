"""Who is in the picture. One kind of detector is one file; a new one is made by copying the nearest."""

from __future__ import annotations

from typing import Protocol

from broker.settings import CameraSettings
from edge.sightings import Detection, Picture


class BadDetector(Exception):
    """The detector that the settings ask for cannot be had. The text names the setting and the remedy."""


class Detector(Protocol):
    """Finds people in one picture."""

    def find(self, picture: Picture, small: Picture) -> list[Detection] | None:
        """Return everybody in *picture*; *small* is the same, at most motion.SMALL_WIDTH_PX wide.

        None means that nothing can be said about this picture, which is not the same as nobody.
        """


def choose(camera: CameraSettings) -> Detector:
    """Return the detector for *camera*. Raises BadDetector when it needs a model that is missing or unusable."""
    kind = camera.detector
    if kind == "auto":
        kind = "blobs" if camera.view == "overhead" else "onnx"
    if kind == "blobs":
        from edge.detectors.blobs import Blobs

        return Blobs()
    if camera.model is None:
        raise BadDetector(
            f"camera {camera.id}: view {camera.view!r} with detector {camera.detector!r} needs a model. "
            'Set `model` of the camera (--model FILE), or view = "overhead" if it looks straight down.'
        )
    # onnxruntime alone is 40 MB: a camera that looks straight down never loads it.
    from edge.detectors.onnx import Onnx

    return Onnx(camera.model)
