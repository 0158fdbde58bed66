"""A model takes the proportions of the pictures it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.detectors import BadDetector, onnxfile
from edge.detectors.fitted import MOST_SHAPES, Fitted, Run
from edge.detectors.onnx import Onnx
from edge.detectors.yolox import Floats
from edge.sightings import Detection, Picture
from tests.edge import builders, tiny_models


class Runtime:
    """Answers like a YOLOX model that sees nobody, for any size of input, and remembers which sizes it was asked for."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def load(self, model: Path, content: bytes) -> Run:
        expected = onnxfile.input_shape(content)

        def run(shown: Floats) -> list[Floats]:
            assert shown.shape == expected
            self.shown.append(shown.shape[2:])
            cells = sum((shown.shape[2] // stride) * (shown.shape[3] // stride) for stride in (8, 16, 32))
            return [np.zeros((1, cells, 6), np.float32)]

        return run


def blank(width: int, height: int) -> Picture:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("side", "picture", "expected"),
    [
        pytest.param(416, (1280, 720), (256, 416), id="16:9 is no square"),
        pytest.param(416, (640, 480), (320, 416), id="4:3"),
        pytest.param(416, (480, 640), (416, 320), id="a camera on its side"),
        pytest.param(416, (500, 500), (416, 416), id="a square"),
        pytest.param(416, (2000, 50), (32, 416), id="a strip"),
        pytest.param(192, (768, 432), (160, 256), id="a small model sees as much as for a square of its own size"),
        pytest.param(0, (1280, 720), (256, 416), id="a model that leaves the size open"),
    ],
)
def test_the_input_has_the_proportions_of_the_picture(
    side: int, picture: tuple[int, int], expected: tuple[int, int], tmp_path: Path
) -> None:
    runtime = Runtime()
    model = tiny_models.onnx(tmp_path / "tiny.onnx")
    model.write_bytes(onnxfile.resized(model.read_bytes(), side, side))
    fitted = Fitted(model, runtime.load)
    assert fitted.find(blank(*picture)) == []
    assert runtime.shown[-1] == expected


def test_pictures_of_many_shapes_do_not_fill_the_memory(tmp_path: Path) -> None:
    fitted = Fitted(tiny_models.onnx(tmp_path / "tiny.onnx"), Runtime().load)
    for height in range(40, 1000, 40):
        fitted.find(blank(800, height))
    assert len(fitted._fitted) <= MOST_SHAPES


def test_a_model_that_answers_only_for_its_own_size_is_shown_that(tmp_path: Path) -> None:
    found = Onnx(tiny_models.onnx(tmp_path / "tiny.onnx")).find(np.full((90, 160, 3), 255, np.uint8), blank(1, 1))
    assert len(found) == 1


@pytest.mark.parametrize("shape", [(4, 3, 32, 32), (1, 1, 32, 32), (1, 3, 32, 30), (1, 3, 32), (1, 32, 32, 3)])
def test_an_input_of_another_kind_is_refused_with_the_remedy(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(BadDetector, match="Set `model` to a YOLOX model"):
        Fitted(tiny_models.onnx(tmp_path / "tiny.onnx", shape=shape), Runtime().load)


def test_a_rewritten_file_says_its_new_size_and_nothing_else_is_lost(tmp_path: Path) -> None:
    content = tiny_models.onnx(tmp_path / "tiny.onnx").read_bytes()
    assert onnxfile.input_shape(onnxfile.resized(content, 96, 160)) == (1, 3, 96, 160)
    again = onnxfile.resized(onnxfile.resized(content, 96, 160), tiny_models.SIDE, tiny_models.SIDE)
    assert onnxfile.resized(content, tiny_models.SIDE, tiny_models.SIDE) == again


def test_a_real_model_sees_the_same_people_in_a_fitted_picture_as_in_a_square_one() -> None:
    capture = cv2.VideoCapture(str(builders.footage("stairs_up.mp4")))
    picture: Any = capture.read()[1]
    square = np.full((picture.shape[1], picture.shape[1], 3), 114, np.uint8)
    square[: picture.shape[0]] = picture
    model = Onnx(builders.model("yolox_nano_416.onnx"))
    fitted, padded = (_sure(model.find(shown, shown)) for shown in (picture, square))
    assert len(fitted) == len(padded) > 0
    for one, other in zip(fitted, padded, strict=True):
        assert one == pytest.approx(other, abs=0.1 * one[3])


def _sure(found: list[Detection]) -> list[tuple[float, float, float, float]]:
    boxes = (one.box for one in found if one.score >= 0.7)
    return sorted((*box.centre, box.width, box.height) for box in boxes)


@pytest.mark.footage
@pytest.mark.parametrize("name", ["fastestdet_352.onnx", "nanodet_m_320.onnx"])
def test_a_real_model_of_another_kind_is_refused_in_one_sentence_and_nothing_else_is_said(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    model = builders.model(name)
    with pytest.raises(BadDetector, match=r"a YOLOX model answers one table.*Set `model`"):
        Onnx(model)
    assert capfd.readouterr() == ("", "")
